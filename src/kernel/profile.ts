/**
 * Every behaviour that differs between kernels, as one table of named switches. A preset is a row;
 * a workload or the command line may override any switch by name. Nothing else asks for a version.
 * Sources: KERNEL.md 4.10 names the trees in which each value was seen.
 */

export interface Profile {
  /** Tasks with CAP_SYS_ADMIN score 3 % less. In 4.16.13, not in 4.17. */
  root_bonus: boolean;
  /** oom_kill_process() prefers the worst child that has its own mm. ≤ 5.0, gone in 5.2. */
  child_sacrifice: boolean;
  /** `clamped`: badness is at least 1, 0 is ineligible. `signed`: LONG_MIN is (5.9). */
  badness: 'clamped' | 'signed';
  /** `first_leader`: an equal score keeps the first group leader; `last`: the last one wins (5.3). */
  tie: 'first_leader' | 'last';
  /** What mem_cgroup_scan_tasks() visits: threads, or processes from 5.3. */
  scan_tasks: 'threads' | 'processes';
  /**
   * Tasks are linked to their cgroups, so that css_task_iter sees them: in 4.15 only from the first
   * mount of a cgroup file system on. False: none was mounted yet; such a system has no cgroups.
   */
  task_cg_lists: boolean;
  /** schedule_timeout_killable(1) inside out_of_memory(), oom_lock held. ≤ 4.17. */
  oom_sleep_under_lock: boolean;
  /** The reaper takes oom_lock around each attempt. ≤ 4.17. */
  reaper_takes_oom_lock: boolean;
  /** Jiffies × HZ before a victim is queued for the reaper: 2 from 5.18. */
  reaper_delay_hz: number;
  /** VM_LOCKED areas are left alone by the reaper: until the mlock rework of 5.18. */
  reaper_skips_mlocked: boolean;
  /** exit_mmap() of a victim reaps first and sets MMF_OOM_SKIP before munlock. 4.17 – 5.19. */
  exit_mmap_reaps: boolean;
  /** `fault_end`: only a user fault's end kills (≤ 4.18); `charge`: try_charge() does (4.19). */
  memcg_oom: 'fault_end' | 'charge';
  /** A charge that OOM could not help: force it over the limit (4.19) or fail with ENOMEM (5.19). */
  memcg_oom_failed: 'force' | 'enomem';
  /** out_of_memory() returns early for !__GFP_FS even in a memcg OOM. ≤ 5.3. */
  memcg_oom_needs_fs: boolean;
  /** A killed task does not wait for oom_lock, and the margin is looked at again under it. 5.9. */
  memcg_oom_recheck: boolean;
  /** A dying task charges over the limit without limit. ≤ 5.9, not in 5.17. */
  dying_force_charge: boolean;
  /** MEM_CGROUP_RECLAIM_RETRIES. 5 to 5.4, 16 in 5.9. */
  memcg_reclaim_retries: number;
  /** MEMCG_CHARGE_BATCH, pages. 32 to 5.19, 64 in 6.1. */
  memcg_charge_batch: number;
  /** memory.oom.group acts on the victim's ancestors (4.19). */
  oom_group: boolean;
  /** memory.min exists. 4.18. */
  memory_min: boolean;
  /** `all`: below memory.low or nothing; `proportional` from 5.4. */
  low_protection: 'all' | 'proportional';
  /** Tasks over memory.high sleep on return to user mode. 5.4. */
  high_throttle: boolean;
  /** memory.events counts the whole subtree. 5.2. */
  events_hierarchical: boolean;
  /** Unix socket buffers are charged to the sender's memcg. 5.4 at the latest. */
  unix_sock_account: boolean;
  /** pagefault_out_of_memory() runs a global OOM. ≤ 5.9, not in 5.17. */
  pagefault_global_oom: boolean;
  /** sysrq-f ignores memory that notifiers freed. 5.17. */
  sysrq_ignores_notifiers: boolean;
  /** Kill lines: `Kill process` + `Killed process`, 5.0 adds `oom-kill:`, 5.2 one line, 5.4 a longer one. */
  log_format: '4.15' | '5.0' | '5.2' | '5.4';
  /** What "no killable process" prints before the panic; 4.19 changed it. */
  no_killable: 'panic' | 'warn_then_deadlocked';
  /** anon_cost/file_cost balance and swappiness up to 200. 5.8. */
  lru_cost_model: boolean;
  /** Threads count up to 64 faults privately before the mm's RSS counters see them. Gone in 6.2. */
  split_rss_counting: boolean;
  /** Pressure stall information: none before 4.20; how MEM_FULL is decided changed by 6.14. */
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
  oom_sleep_under_lock: true,
  reaper_takes_oom_lock: true,
  reaper_delay_hz: 0,
  reaper_skips_mlocked: true,
  exit_mmap_reaps: false,
  memcg_oom: 'fault_end',
  memcg_oom_failed: 'force',
  memcg_oom_needs_fs: true,
  memcg_oom_recheck: false,
  dying_force_charge: true,
  memcg_reclaim_retries: 5,
  memcg_charge_batch: 32,
  oom_group: false,
  memory_min: false,
  low_protection: 'all',
  high_throttle: false,
  events_hierarchical: false,
  unix_sock_account: false,
  pagefault_global_oom: true,
  sysrq_ignores_notifiers: false,
  log_format: '4.15',
  no_killable: 'panic',
  lru_cost_model: false,
  split_rss_counting: true,
  psi: 'none',
};

/** Rows in version order; each lists only what changed since the row before it. */
const HISTORY: readonly Preset[] = [
  { name: '4.14', doc: 'Linux 4.14', switches: {} },
  { name: '4.15', doc: 'Linux 4.15, the kernel the patch was written for', switches: {} },
  { name: '4.17', doc: 'Linux 4.17', switches: { root_bonus: false, exit_mmap_reaps: true } },
  {
    name: '4.19',
    doc: 'Linux 4.19: memory.oom.group, OOM in the charge path',
    switches: {
      oom_sleep_under_lock: false,
      reaper_takes_oom_lock: false,
      memcg_oom: 'charge',
      oom_group: true,
      memory_min: true,
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
    switches: { child_sacrifice: false, events_hierarchical: true, log_format: '5.2' },
  },
  {
    name: '5.4',
    doc: 'Linux 5.4: memory.high throttles, proportional protection',
    switches: {
      tie: 'last',
      scan_tasks: 'processes',
      memcg_oom_needs_fs: false,
      low_protection: 'proportional',
      high_throttle: true,
      unix_sock_account: true,
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
      lru_cost_model: true,
    },
  },
  {
    name: '5.19',
    doc: 'Linux 5.19: reaper waits two seconds',
    switches: {
      reaper_delay_hz: 2,
      reaper_skips_mlocked: false,
      memcg_oom_failed: 'enomem',
      dying_force_charge: false,
      pagefault_global_oom: false,
      sysrq_ignores_notifiers: true,
    },
  },
  {
    name: '6.1',
    doc: 'Linux 6.1 (Debian 12)',
    switches: { exit_mmap_reaps: false, memcg_charge_batch: 64, psi: '6.1' },
  },
  { name: '6.14', doc: 'Linux 6.14', switches: { split_rss_counting: false } },
];

/** The kernels that can be asked for, oldest first. */
export const PROFILES: readonly { name: string; doc: string; profile: Profile }[] = (() => {
  let profile = V4_15;
  return HISTORY.map(({ name, doc, switches }) => {
    profile = { ...profile, ...switches };
    return { name, doc, profile };
  });
})();

/** Every switch with the values that some preset gives it. */
export const SWITCHES: readonly { name: keyof Profile; values: readonly string[] }[] = (
  Object.keys(V4_15) as (keyof Profile)[]
).map((name) => ({
  name,
  values: [...new Set(PROFILES.map(({ profile }) => String(profile[name])))],
}));

/**
 * The profile of a preset with switches overridden by name.
 * @throws Error naming the unknown preset, switch or value.
 */
export function profileOf(
  preset: string,
  overrides: Readonly<Record<string, string | number | boolean>> = {},
): Profile {
  const row = PROFILES.find(({ name }) => name === preset);
  if (row === undefined) {
    throw new Error(`unknown kernel "${preset}"; known: ${PROFILES.map((p) => p.name).join(', ')}`);
  }
  const profile: Record<string, unknown> = { ...row.profile };
  for (const [name, value] of Object.entries(overrides)) {
    if (!(name in profile)) throw new Error(`unknown kernel switch "${name}"`);
    profile[name] = parseSwitch(name, profile[name], value);
  }
  return profile as unknown as Profile;
}

function parseSwitch(name: string, now: unknown, value: string | number | boolean): unknown {
  const text = String(value);
  if (typeof now === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new Error(`kernel switch ${name}: expected true or false, found "${text}"`);
  }
  if (typeof now === 'number') {
    const number = Number(text);
    if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number;
    throw new Error(`kernel switch ${name}: expected a non-negative integer, found "${text}"`);
  }
  const known = SWITCHES.find((s) => s.name === name)?.values ?? [];
  if (known.includes(text)) return text;
  throw new Error(`kernel switch ${name}: expected ${known.join(' or ')}, found "${text}"`);
}
