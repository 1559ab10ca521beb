/** Random userspace killers. */
import { profileOf } from '../../src/kernel/profile.js';
import type { WorkloadFile } from '../../src/workload/write.js';
import type { Dice } from './dice.js';

type Kernel = Readonly<Record<string, string | number | boolean>>;

/** Whether the kernel has memory.pressure, which some killers cannot do without. */
function has_psi({ version, oom_policy: _, ...switches }: Kernel): boolean {
  return profileOf(String(version), switches).psi !== 'none';
}

export function random_killers(
  dice: Dice,
  kernel: Kernel,
  cgroups: readonly string[],
): NonNullable<WorkloadFile['killers']> {
  const kinds = has_psi(kernel) ? [earlyoom, systemd_oomd, oomd] : [earlyoom];
  const killers = dice.some(kinds).map((kind) => kind(dice, ['/', ...cgroups]));
  return killers as NonNullable<WorkloadFile['killers']>;
}

function daemon(dice: Dice, cgroups: readonly string[]): Record<string, unknown> {
  return {
    cgroup: dice.of(cgroups),
    start: dice.time(0, 500_000),
    memory: `${dice.spread(1, 300)} pages`,
    ...(dice.percent(50) ? { oom_score_adj: dice.int(-1000, 1000) } : {}),
  };
}

const percent = (dice: Dice): string => `${dice.int(0, 100)}%`;

function earlyoom(dice: Dice, cgroups: readonly string[]): unknown {
  const options: Record<string, unknown> = daemon(dice, cgroups);
  if (dice.percent(50)) options.mem_avail = percent(dice);
  if (dice.percent(50)) options.swap_free = percent(dice);
  if (dice.percent(20)) options.prefer = '^p[0-3]';
  if (dice.percent(20)) options.avoid = 'kid';
  if (dice.percent(20)) options.ignore = 'p0';
  if (dice.percent(20)) options.ignore_root_user = true;
  if (dice.percent(10)) options.dryrun = true;
  return { earlyoom: options };
}

function systemd_oomd(dice: Dice, cgroups: readonly string[]): unknown {
  const units = dice.some(cgroups).map((path) => [path, random_unit(dice)]);
  return {
    systemd_oomd: {
      ...daemon(dice, cgroups),
      swap_used_limit: percent(dice),
      limit: percent(dice),
      duration: `${dice.int(1, 3)}s`,
      units: Object.fromEntries(units),
    },
  };
}

function random_unit(dice: Dice): unknown {
  return {
    swap: dice.of(['auto', 'kill']),
    memory_pressure: dice.of(['auto', 'kill']),
    preference: dice.of(['none', 'none', 'avoid', 'omit']),
    ...(dice.percent(50) ? { limit: percent(dice) } : {}),
  };
}

function oomd(dice: Dice, cgroups: readonly string[]): unknown {
  return {
    oomd: {
      ...daemon(dice, cgroups),
      interval: `${dice.int(1, 2)}s`,
      rulesets: Array.from({ length: dice.int(1, 2) }, (_, i) => random_ruleset(dice, `r${i}`)),
      prefer: dice.some(cgroups).slice(0, 2),
      avoid: dice.some(cgroups).slice(0, 2),
    },
  };
}

const PATTERNS = ['*', 'a,c', 'a/*', '*/*'] as const;

function random_ruleset(dice: Dice, name: string): unknown {
  const cgroup = dice.of(PATTERNS);
  const threshold = dice.int(0, 50);
  const duration = dice.time(0, 1_000_000);
  const detectors = [
    { pressure_above: { cgroup, threshold, duration } },
    { pressure_rising_beyond: { cgroup, threshold, duration } },
    { memory_reclaim: { cgroup, duration } },
    { swap_free: { threshold_pct: dice.int(0, 100) } },
    { memory_above: { cgroup, threshold: dice.pages(0, 10_000), duration } },
  ];
  const kill = { cgroup, recursive: dice.percent(50), post_action_delay: dice.time(0, 2_000_000) };
  const actions = [
    { kill_by_memory_size_or_growth: kill },
    { kill_by_swap_usage: kill },
    { kill_by_pressure: kill },
  ];
  return { name, detectors: [[dice.of(detectors)]], actions: [dice.of(actions)] };
}
