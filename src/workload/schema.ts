/**
 * The workload file as written. Its input side becomes the JSON Schema that editors use, its output
 * side is the normalised workload of types.ts: units resolved, defaults filled in. What concerns
 * more than one place of the file is checked in check.ts.
 */

import * as z from 'zod';
import { cgroups } from './cgroupSchema.js';
import { event } from './eventSchema.js';
import { heading, integer, strict, text, time } from './fields.js';
import { shortOrLong } from './keyed.js';
import { killer } from './killerSchema.js';
import { machine } from './machineSchema.js';
import { process } from './processSchema.js';
import { sysctl } from './sysctlSchema.js';

const VERSION_EXPECTED =
  'a kernel version in quotes, such as "4.15" (without quotes, YAML reads 4.20 as the number 4.2)';
const version = z
  .string({ error: VERSION_EXPECTED })
  .regex(/^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$/, { error: VERSION_EXPECTED });

const switchValue = z.union([z.string(), z.number(), z.boolean()], {
  error: 'a string, a number, true or false',
});

interface Kernel {
  readonly version: string;
  readonly policy: string;
  readonly switches: Readonly<Record<string, string | number | boolean>>;
}

/** What the policy is when the file doesn't say: the unpatched kernel's. */
const DEFAULT_POLICY = 'process';

const longKernel = z
  .object({
    version: version.prefault('4.15').describe('A preset; `oomsim list` shows them.'),
    oom_policy: text('the name of a policy', 200)
      .prefault(DEFAULT_POLICY)
      .describe(
        'Who is killed: process, cgroup, … (`oomsim list`), or a policy file beside this one.',
      ),
  })
  .catchall(switchValue)
  .transform(({ version, oom_policy, ...switches }): Kernel => {
    return { version, policy: oom_policy, switches };
  });

const kernel = shortOrLong<Kernel, Kernel>(
  'a kernel version in quotes, or { version: "4.15", oom_policy: cgroup }',
  version.transform((v): Kernel => ({ version: v, policy: DEFAULT_POLICY, switches: {} })),
  longKernel,
).describe('The kernel: a version, or { version, oom_policy, … }; more keys override switches.');

/** The whole file. */
export const workloadSchema = strict({
  ...heading,
  doc: z.string({ error: 'a text' }).prefault('').describe('What this workload shows.'),
  machine,
  kernel: kernel.prefault('4.15'),
  sysctl: sysctl.prefault({}),
  cgroups: cgroups.prefault({}),
  processes: z
    .array(process, { error: 'a list of processes' })
    .max(1_000_000, { error: 'at most 1000000 processes' })
    .prefault([])
    .describe('Processes, in order of creation.'),
  killers: z
    .array(killer, { error: 'a list of userspace killers' })
    .max(100, { error: 'at most 100 userspace killers' })
    .prefault([])
    .describe('Daemons that kill before the kernel does: earlyoom, systemd_oomd, oomd.'),
  events: z
    .array(event, { error: 'a list of events' })
    .max(100_000, { error: 'at most 100000 events' })
    .prefault([])
    .describe('Things that are done to the system from outside.'),
  until: time.prefault('10s').describe('When the run ends.'),
  quiet: time
    .optional()
    .describe('End early once every process has held still for so long. Default: never.'),
  seed: z
    .union(
      [z.string().min(1).max(200), integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)],
      {
        error: 'a string or an integer',
      },
    )
    .transform(String)
    .prefault('1')
    .describe('Where all random draws come from.'),
}).describe('A workload of oomsim: a machine, its cgroups, the processes in them.');

/** What schema.ts makes of a file, before names are filled in and checked. */
export type ParsedFile = z.output<typeof workloadSchema>;
