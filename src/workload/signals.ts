/** Signal names in workload files. */

import * as z from 'zod';

const NAMES = [
  'HUP',
  'INT',
  'QUIT',
  'ABRT',
  'KILL',
  'USR1',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
] as const;

/** A signal by its name, without SIG. */
export const signalName = z.enum(NAMES, {
  error: `a signal: one of ${NAMES.join(', ')}`,
});
