/** Processes: who they are, when they start, what they do, who starts them again. */

import * as z from 'zod';
import {
  cgroupPath,
  flag,
  integer,
  nodes,
  pages,
  strict,
  text,
  time,
  timeVariate,
} from './fields.js';
import { shortOrLong } from './keyed.js';
import { step } from './stepSchema.js';
import type { InitialMemory, ProcessSpec, Step } from './types.js';

/** TASK_COMM_LEN is 16 with the final NUL. */
const COMM_BYTES_MAX = 15;
/** include/linux/threads.h: PID_MAX_LIMIT. */
const PID_MAX = 4_194_303;
/** As systemd's RestartSec=. */
const RESTART_DELAY = '100ms';

const comm = text('a command name', 64).refine(
  (name) => new TextEncoder().encode(name).length <= COMM_BYTES_MAX,
  {
    error: `a command name of at most ${COMM_BYTES_MAX} bytes, which is all that the kernel keeps`,
  },
);

const memory = strict({
  anon: pages.prefault(0).describe('RssAnon.'),
  file: pages.prefault(0).describe('RssFile.'),
  shmem: pages.prefault(0).describe('RssShmem.'),
  swap: pages.prefault(0).describe('VmSwap.'),
  pgtables: pages.prefault(0).describe('Page tables.'),
  total_vm: pages.optional().describe('VmSize. Default: the sum of the others but page tables.'),
})
  .transform(
    (v): InitialMemory => ({
      anonPages: v.anon,
      filePages: v.file,
      shmemPages: v.shmem,
      swapPages: v.swap,
      pgtablesPages: v.pgtables,
      totalVmPages: v.total_vm ?? v.anon + v.file + v.shmem + v.swap,
    }),
  )
  .describe('What the process already has at the start, as a report or a live host shows it.');

type Restart = ProcessSpec['restart'];

const when = z.enum(['never', 'on-kill', 'always'], { error: 'never, on-kill or always' });
const longRestart = strict({
  when: when.prefault('on-kill').describe('After which deaths.'),
  delay: time.prefault(RESTART_DELAY).describe('Between the death and the new start.'),
  max: integer(0, 1_000_000).optional().describe('At most so many times. Default: no limit.'),
}).transform(
  (v): Restart => ({ when: v.when, delayNs: v.delay, max: v.max ?? Number.POSITIVE_INFINITY }),
);

const restart = shortOrLong<Restart, Restart>(
  'never, on-kill, always, or { when: on-kill, delay: 100ms, max: 5 }',
  when.transform((word) => longRestart.parse({ when: word })),
  longRestart,
).describe('Who starts it again when it is gone: nobody, or a service manager.');

const program = z
  .array(step, { error: 'a list of steps' })
  .describe('What it does, step by step; at the end it exits. Default: [ hold ].');

const HOLD: readonly Step[] = [{ op: 'hold', duration: null }];

/** One entry of `processes`. */
export const process = strict({
  name: text('a name', 64).describe('How other parts of the file refer to it. Unique.'),
  comm: comm.optional().describe('Command name, 15 bytes. Default: the beginning of the name.'),
  cgroup: cgroupPath.optional().describe("Where it lives. Default: its parent's; / at the top."),
  count: integer(1, 1_000_000).prefault(1).describe('How many of it.'),
  pid: integer(1, PID_MAX).optional().describe('A fixed pid. Default: the next free one.'),
  uid: integer(0, 2 ** 32 - 2)
    .prefault(0)
    .describe('User id.'),
  oom_score_adj: integer(-1000, 1000).optional().describe("Default: its parent's, 0 at the top."),
  start: timeVariate.prefault(0).describe('When it begins, drawn anew for each of count.'),
  top: flag().prefault(true).describe('false: only another process starts it (spawn, fork, …).'),
  program: program.optional(),
  memory: memory.optional(),
  restart: restart.prefault('never'),
  mempolicy: nodes.optional().describe('Nodes its memory is bound to (MPOL_BIND). Default: any.'),
  cap_sys_admin: flag()
    .prefault(false)
    .describe('Has CAP_SYS_ADMIN, hence the 3 % bonus of kernels up to 4.16.'),
})
  .superRefine((v, ctx) => {
    if (v.pid === undefined || v.count === 1) return;
    ctx.addIssue({
      code: 'custom',
      message: `one pid can't be given to ${v.count} processes: leave out "pid" or "count"`,
      path: ['pid'],
      params: { free: true },
    });
  })
  .transform(
    (v): ProcessSpec => ({
      name: v.name,
      comm: v.comm ?? commOf(v.name),
      cgroup: v.cgroup ?? null,
      count: v.count,
      pid: v.pid ?? null,
      uid: v.uid,
      oomScoreAdj: v.oom_score_adj ?? null,
      start: v.start,
      top: v.top,
      program: v.program ?? HOLD,
      memory: v.memory ?? null,
      restart: v.restart,
      mempolicy: v.mempolicy ?? null,
      capSysAdmin: v.cap_sys_admin,
    }),
  )
  .meta({ id: 'process', description: 'A process, or count of them.' });

/** The name cut to what task->comm can hold, never inside a character. */
function commOf(name: string): string {
  const encoder = new TextEncoder();
  let comm = '';
  let bytes = 0;
  for (const character of name) {
    bytes += encoder.encode(character).length;
    if (bytes > COMM_BYTES_MAX) break;
    comm += character;
  }
  return comm;
}
