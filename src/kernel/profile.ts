/**
 * Every behaviour that differs between kernels, as one table of named switches. A preset is a row;
 * a workload or the command line may override any switch by name. Nothing else asks for a version.
 */
import { SWITCH_DOCS } from './switch_docs.js';

/** How kernels report a kill: each value is a kernel with which something changed, oldest first. */
const LOG_FORMATS = ['4.15', '4.19', '5.0', '5.2', '5.4', '5.9', '6.14'] as const;
type LogFormat = (typeof LOG_FORMATS)[number];

/** Whether a `log_format` has what came with another one. */
export function logs_since(format: LogFormat, since: LogFormat): boolean {
  return LOG_FORMATS.indexOf(format) >= LOG_FORMATS.indexOf(since);
}

/** The switches; SWITCH_DOCS says what each does and where that was seen. */
export interface Profile {
  root_bonus: boolean;
  child_sacrifice: boolean;
  badness: 'clamped' | 'signed';
  tie: 'first_leader' | 'last';
  scan_tasks: 'threads' | 'processes';
  task_cg_lists: boolean;
  groupoom: boolean;
  oom_sleep_under_lock: boolean;
  reaper_takes_oom_lock: boolean;
  reaper_notifiers: 'any' | 'blockable' | 'nonblock';
  reaper_delay_hz: number;
  reaper_skips_mlocked: boolean;
  exit_mmap_reaps: boolean;
  process_mrelease: boolean;
  mmu_gather_resched: boolean;
  memcg_oom: 'fault_end' | 'charge';
  memcg_oom_failed: 'force' | 'enomem';
  memcg_oom_needs_fs: boolean;
  memcg_oom_killable: boolean;
  memcg_oom_recheck: boolean;
  memcg_oom_members: boolean;
  dying_force_charge: boolean;
  memcg_reclaim_retries: number;
  memcg_charge_batch: number;
  oom_group: boolean;
  oom_group_kill_event: boolean;
  memory_min: boolean;
  low_protection: 'all' | 'shared' | 'proportional';
  high_throttle: boolean;
  high_retries: number;
  memory_reclaim: boolean;
  cgroup_kill: boolean;
  events_hierarchical: boolean;
  pagefault_global_oom: boolean;
  sysrq_ignores_notifiers: boolean;
  log_format: LogFormat;
  no_killable: 'panic' | 'warn_then_deadlocked';
  lru_cost_model: boolean;
  scan_in_proportion: boolean;
  split_rss_counting: boolean;
  psi: 'none' | '4.20' | '6.1';
}

type Preset = { name: string; doc: string; switches: Partial<Profile> };

const V4_15: Profile = {
  root_bonus: true,
  child_sacrifice: true,
  badness: 'clamped',
  tie: 'first_leader',
  scan_tasks: 'threads',
  task_cg_lists: true,
  groupoom: true,
  oom_sleep_under_lock: true,
  reaper_takes_oom_lock: true,
  reaper_notifiers: 'any',
  reaper_delay_hz: 0,
  reaper_skips_mlocked: true,
  exit_mmap_reaps: false,
  process_mrelease: false,
  mmu_gather_resched: false,
  memcg_oom: 'fault_end',
  memcg_oom_failed: 'force',
  memcg_oom_needs_fs: true,
  memcg_oom_killable: false,
  memcg_oom_recheck: false,
  memcg_oom_members: false,
  dying_force_charge: true,
  memcg_reclaim_retries: 5,
  memcg_charge_batch: 32,
  oom_group: false,
  oom_group_kill_event: false,
  memory_min: false,
  low_protection: 'all',
  high_throttle: false,
  high_retries: 0,
  memory_reclaim: false,
  cgroup_kill: false,
  events_hierarchical: false,
  pagefault_global_oom: true,
  sysrq_ignores_notifiers: false,
  log_format: '4.15',
  no_killable: 'panic',
  lru_cost_model: false,
  scan_in_proportion: true,
  split_rss_counting: true,
  psi: 'none',
};

/** Rows in version order; each lists only what changed since the row before it. */
const HISTORY: readonly Preset[] = [
  { name: '4.14', doc: 'Linux 4.14: as 4.15, in what is modelled', switches: {} },
  { name: '4.15', doc: 'Linux 4.15, the kernel the patch was written for', switches: {} },
  {
    name: '4.17',
    doc: 'Linux 4.17: root is nobody special',
    switches: { root_bonus: false, reaper_notifiers: 'blockable', exit_mmap_reaps: true },
  },
  {
    name: '4.19',
    doc: 'Linux 4.19: memory.oom.group, OOM in the charge path',
    switches: {
      oom_sleep_under_lock: false,
      reaper_takes_oom_lock: false,
      reaper_notifiers: 'nonblock',
      memcg_oom: 'charge',
      oom_group: true,
      memory_min: true,
      low_protection: 'shared',
      log_format: '4.19',
      no_killable: 'warn_then_deadlocked',
    },
  },
  {
    name: '5.0',
    doc: 'Linux 5.0: oom-kill: summary line, PSI',
    switches: { log_format: '5.0', psi: '4.20' },
  },
  {
    name: '5.2',
    doc: 'Linux 5.2: no child sacrifice',
    switches: {
      child_sacrifice: false,
      memcg_oom_killable: true,
      events_hierarchical: true,
      log_format: '5.2',
    },
  },
  {
    name: '5.4',
    doc: 'Linux 5.4: memory.high throttles, proportional protection',
    switches: {
      tie: 'last',
      scan_tasks: 'processes',
      memcg_oom_needs_fs: false,
      memcg_oom_members: true,
      low_protection: 'proportional',
      high_throttle: true,
      log_format: '5.4',
    },
  },
  {
    name: '5.9',
    doc: 'Linux 5.9: signed badness, LRU cost model',
    switches: {
      badness: 'signed',
      memcg_oom_recheck: true,
      memcg_reclaim_retries: 16,
      high_retries: 16,
      log_format: '5.9',
      lru_cost_model: true,
    },
  },
  {
    name: '5.19',
    doc: 'Linux 5.19: reaper waits two seconds',
    switches: {
      reaper_delay_hz: 2,
      reaper_skips_mlocked: false,
      process_mrelease: true,
      mmu_gather_resched: true,
      memcg_oom_failed: 'enomem',
      dying_force_charge: false,
      oom_group_kill_event: true,
      memory_reclaim: true,
      cgroup_kill: true,
      pagefault_global_oom: false,
      sysrq_ignores_notifiers: true,
      psi: '6.1',
    },
  },
  {
    name: '6.1',
    doc: 'Linux 6.1 (Debian 12)',
    switches: { exit_mmap_reaps: false, memcg_charge_batch: 64, scan_in_proportion: false },
  },
  {
    name: '6.14',
    doc: 'Linux 6.14: RSS is exact at any time',
    switches: { log_format: '6.14', split_rss_counting: false },
  },
];

/** The kernels that can be asked for, oldest first. */
export const PROFILES: readonly { name: string; doc: string; profile: Profile }[] = (() => {
  let profile = V4_15;
  return HISTORY.map(({ name, doc, switches }) => {
    profile = { ...profile, ...switches };
    return { name, doc, profile };
  });
})();

export interface Switch {
  readonly name: keyof Profile;
  readonly doc: string;
  /** Where the values come from. */
  readonly source: string;
  /** What it may be set to: every value that a preset has, and both of a boolean. */
  readonly values: readonly string[];
  /** Its value in the oldest preset, and in each in which it changed. */
  readonly history: readonly { preset: string; value: string }[];
}

/** All switches, in the order of the table. */
export const SWITCHES: readonly Switch[] = (Object.keys(V4_15) as (keyof Profile)[]).map((name) => {
  const history: { preset: string; value: string }[] = [];
  for (const { name: preset, profile } of PROFILES) {
    const value = String(profile[name]);
    if (history.at(-1)?.value !== value) history.push({ preset, value });
  }
  const both = typeof V4_15[name] === 'boolean' ? ['true', 'false'] : [];
  const values = [...new Set([...history.map(({ value }) => value), ...both])];
  return { name, ...SWITCH_DOCS[name], values, history };
});

/**
 * The profile of a preset with switches overridden by name.
 * @throws Error naming the unknown preset, switch or value.
 */
export function profileOf(
  preset: string,
  overrides: Readonly<Record<string, string | number | boolean>> = {},
): Profile {
  const row = PROFILES.find(({ name }) => name === preset);
  if (row === undefined) throw new Error(`unknown kernel "${preset}"`);
  const profile: Record<string, unknown> = { ...row.profile };
  for (const [name, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(profile, name)) throw new Error(`unknown kernel switch "${name}"`);
    const expected = switchProblem(name as keyof Profile, value);
    if (expected !== null) {
      throw new Error(`kernel switch ${name}: expected ${expected}, found "${value}"`);
    }
    profile[name] = parsed(typeof profile[name], String(value));
  }
  return profile as unknown as Profile;
}

function parsed(type: string, text: string): unknown {
  if (type === 'boolean') return text === 'true';
  return type === 'number' ? Number(text) : text;
}

/** What a switch must be set to, if that is not it; null if it may be. */
export function switchProblem(
  name: keyof Profile,
  value: string | number | boolean,
): string | null {
  const text = String(value);
  if (typeof V4_15[name] === 'number') {
    const ok = /^[0-9]+$/.test(text) && Number.isSafeInteger(Number(text));
    return ok ? null : 'a non-negative integer';
  }
  const known = SWITCHES.find((s) => s.name === name)!.values;
  return known.includes(text) ? null : known.join(' or ');
}
