/** Userspace killers: earlyoom and its like, with the options and defaults that they ship with. */

import * as z from 'zod';
import { cgroupPath, flag, integer, pages, percent, strict, text, time } from './fields.js';
import { keyed } from './keyed.js';
import type { KillerSpec, TermKill } from './killerTypes.js';
import { DESKTOP_RULESETS, ruleset } from './oomdSchema.js';

/** What all of them take besides their own options: what they are as processes. */
const processOf = (oomScoreAdj: number, memory: string) => ({
  cgroup: cgroupPath.prefault('/').describe('Where the daemon itself lives.'),
  start: time.prefault(0).describe('When it starts.'),
  oom_score_adj: integer(-1000, 1000)
    .prefault(oomScoreAdj)
    .describe(`Of the daemon itself; its unit file says ${oomScoreAdj}.`),
  memory: pages.prefault(memory).describe('Private memory of the daemon.'),
});

interface ProcessOptions {
  readonly cgroup: string;
  readonly start: number;
  readonly oom_score_adj: number;
  readonly memory: number;
}

const asProcess = (v: ProcessOptions) => ({
  cgroup: v.cgroup,
  startNs: v.start,
  oomScoreAdj: v.oom_score_adj,
  anonPages: v.memory,
});

/** The second limit is half of the first where only one is given, as in earlyoom's -m and -s. */
const termKill = z
  .union(
    [
      percent.transform((term): TermKill => ({ term, kill: Math.floor(term / 2) })),
      z
        .tuple([percent, percent], { error: 'two percentages: [SIGTERM, SIGKILL]' })
        .transform(([term, kill]): TermKill => ({ term, kill })),
    ],
    { error: 'a percentage such as 10%, or two: [10%, 5%]' },
  )
  .refine((v) => v.kill <= v.term, {
    error: 'the limit of SIGTERM, then one of SIGKILL that is not above it',
  });

const regex = text('a regular expression', 200).refine(isRegex, {
  error: 'a regular expression that is well formed',
});

function isRegex(pattern: string): boolean {
  try {
    return new RegExp(pattern) !== null;
  } catch {
    return false;
  }
}

const earlyoom = () =>
  strict({
    mem_avail: termKill
      .prefault('10%')
      .describe(
        '-m: act when available memory is at or below this: SIGTERM, or [SIGTERM, SIGKILL].',
      ),
    swap_free: termKill
      .prefault('10%')
      .describe('-s: and when free swap is at or below this too. Default of SIGKILL: half.'),
    prefer: regex.optional().describe('--prefer: 300 more points for commands that match.'),
    avoid: regex.optional().describe('--avoid: 300 fewer points for commands that match.'),
    ignore: regex.optional().describe('--ignore: never kill commands that match.'),
    ignore_root_user: flag().prefault(false).describe('--ignore-root-user: spare uid 0.'),
    dryrun: flag().prefault(false).describe('--dryrun: send no signal.'),
    ...processOf(-100, '220KiB'),
  })
    .transform(
      (v): KillerSpec => ({
        kind: 'earlyoom',
        ...asProcess(v),
        memAvail: v.mem_avail,
        swapFree: v.swap_free,
        prefer: v.prefer ?? null,
        avoid: v.avoid ?? null,
        ignore: v.ignore ?? null,
        ignoreRootUser: v.ignore_root_user,
        dryrun: v.dryrun,
      }),
    )
    .describe('The process with the highest oom_score, when memory is low.');

const managed = (what: string) =>
  z
    .enum(['auto', 'kill'], { error: 'auto or kill' })
    .prefault('auto')
    .describe(`${what}: kill, or auto for not watched.`);

const longEnough = time.refine((ns) => ns >= 1_000_000_000, { error: 'a time of at least 1s' });

const unit = strict({
  swap: managed('ManagedOOMSwap='),
  memory_pressure: managed('ManagedOOMMemoryPressure='),
  limit: percent.optional().describe('ManagedOOMMemoryPressureLimit=. Default: limit above.'),
  duration: longEnough
    .optional()
    .describe('ManagedOOMMemoryPressureDurationSec=. Default: duration above.'),
  preference: z
    .enum(['none', 'avoid', 'omit'], { error: 'none, avoid or omit' })
    .prefault('none')
    .describe('ManagedOOMPreference=: avoid is killed last, omit never.'),
});

const systemdOomd = () =>
  strict({
    swap_used_limit: percent
      .prefault('90%')
      .describe('SwapUsedLimit=: act when more of memory and more of swap is used.'),
    limit: percent
      .prefault('60%')
      .describe('DefaultMemoryPressureLimit=: of full avg10 in memory.pressure.'),
    duration: longEnough
      .prefault('30s')
      .describe('DefaultMemoryPressureDurationSec=: how long it has to be above the limit.'),
    units: z
      .record(cgroupPath, unit, {
        error: 'a map of cgroup paths to options, such as { /a: { memory_pressure: kill } }',
      })
      .prefault({})
      .describe('Cgroups by path: what is watched there, and whom to spare.'),
    ...processOf(-900, '2MiB'),
  })
    .transform(
      (v): KillerSpec => ({
        kind: 'systemd_oomd',
        ...asProcess(v),
        swapUsedLimit: v.swap_used_limit,
        units: Object.entries(v.units).map(([path, u]) => ({
          path,
          swap: u.swap,
          memoryPressure: u.memory_pressure,
          limit: u.limit ?? v.limit,
          durationNs: u.duration ?? v.duration,
          preference: u.preference,
        })),
      }),
    )
    .describe('A whole cgroup, for pressure or for full swap. Needs PSI.');

const oomd = () =>
  strict({
    interval: longEnough.prefault('5s').describe('--interval: between two looks.'),
    rulesets: z
      .array(ruleset, { error: 'a list of rulesets' })
      .min(1, { error: 'at least one ruleset' })
      .max(100, { error: 'at most 100 rulesets' })
      .optional()
      .describe('Default: the desktop configuration that oomd ships with.'),
    prefer: z
      .array(cgroupPath, { error: 'a list of cgroup paths' })
      .prefault([])
      .describe('Cgroups with the xattr trusted.oomd_prefer: killed before all others.'),
    avoid: z
      .array(cgroupPath, { error: 'a list of cgroup paths' })
      .prefault([])
      .describe('Cgroups with the xattr trusted.oomd_avoid: killed after all others.'),
    ...processOf(0, '4MiB'),
  })
    .transform(
      (v): KillerSpec => ({
        kind: 'oomd',
        ...asProcess(v),
        intervalNs: v.interval,
        rulesets: v.rulesets ?? z.array(ruleset).parse(DESKTOP_RULESETS),
        prefer: v.prefer,
        avoid: v.avoid,
      }),
    )
    .describe('Whole cgroups, by rules of detectors and kills. Needs PSI.');

/** One entry of `killers`: a name, or a name with options. */
export const killer = keyed<KillerSpec, KillerSpec>(
  'a killer',
  {
    earlyoom: () => strict({ earlyoom: earlyoom() }).transform((v) => v.earlyoom),
    systemd_oomd: () => strict({ systemd_oomd: systemdOomd() }).transform((v) => v.systemd_oomd),
    oomd: () => strict({ oomd: oomd() }).transform((v) => v.oomd),
  },
  z
    .enum(['earlyoom', 'oomd'], { error: 'earlyoom, oomd, or a killer with options' })
    .transform((name): KillerSpec => (name === 'oomd' ? oomd() : earlyoom()).parse({})),
  ['earlyoom', 'oomd'],
).meta({ id: 'killer', description: 'A userspace killer, with its options if any.' });
