/**
 * Frozen views of a kernel at one instant, for samples, the dashboard and tests. Plain data: nothing
 * in it refers to live state. Pages of 4096 bytes, times in ns.
 */

export type TaskState = 'R' | 'S' | 'D' | 'K' | 'T' | 'Z' | 'X'; // as ps(1); K: TASK_KILLABLE

/** In the order of their numbers (sched/task.ts). */
export const TASK_STATES: readonly TaskState[] = ['R', 'S', 'D', 'K', 'T', 'Z', 'X'];

export interface TaskSnapshot {
  pid: number;
  tgid: number;
  comm: string;
  cgroup: string;
  state: TaskState;
  /** What it waits for, e.g. `oom_lock`, `pipe_read`, `hold`; '' while it runs. */
  wchan: string;
  oomScoreAdj: number;
  anonPages: number;
  filePages: number;
  shmemPages: number;
  swapPages: number;
  pgtablesPages: number;
  oomVictim: boolean;
  memdie: boolean;
  mmfOomSkip: boolean;
}

export interface PsiSnapshot {
  /** Percent × 100. */
  someAvg10: number;
  someAvg60: number;
  someAvg300: number;
  someTotalNs: number;
  fullAvg10: number;
  fullAvg60: number;
  fullAvg300: number;
  fullTotalNs: number;
}

/** One memory cgroup; hierarchical numbers unless the name says local. Path `/` is the machine. */
export interface CgroupSnapshot {
  path: string;
  /** memory.current; for `/`: managed − free. */
  usagePages: number;
  anonPages: number;
  filePages: number;
  shmemPages: number;
  swapPages: number;
  unevictablePages: number;
  slabPages: number;
  kernelStackPages: number;
  pgtablesPages: number;
  sockPages: number;
  pipePages: number;
  dirtyPages: number;
  writebackPages: number;
  maxPages: number; // Infinity: max
  highPages: number;
  lowPages: number;
  minPages: number;
  swapMaxPages: number;
  oomGroup: boolean;
  /** Live processes attached to it or below. */
  processes: number;
  events: {
    low: number;
    high: number;
    max: number;
    oom: number;
    oom_kill: number;
    oom_group_kill: number;
  };
  psi: PsiSnapshot;
  pgscan: number;
  pgsteal: number;
}

/** What gauges show of a cgroup, in pages: in this order, and before the counts. */
export const PAGE_GAUGES = [
  'usage',
  'anon',
  'file',
  'swap',
  'shmem',
  'unevictable',
  'slab',
  'kernel_stack',
  'pagetables',
  'sock',
  'pipe',
  'file_dirty',
  'file_writeback',
  'max', // Infinity: max
  'high',
  'low',
  'min',
  'swap_max',
] as const;

/** Behind them. */
export const COUNT_GAUGES = [
  'processes',
  'events_low',
  'events_high',
  'events_max',
  'events_oom',
  'events_oom_kill',
  'events_oom_group_kill',
  'pgscan',
  'pgsteal',
  'psi_some_avg10', // percent
  'psi_some_total_ns',
  'psi_full_avg10',
  'psi_full_total_ns',
] as const;

/** Of each cgroup. */
export const CGROUP_GAUGES = PAGE_GAUGES.length + COUNT_GAUGES.length;

/** What gauges show of the machine, in the same way. */
export const MACHINE_PAGE_GAUGES = ['free', 'swap_free'] as const;
export const MACHINE_COUNT_GAUGES = [
  'runnable',
  'oom_lock_holder_pid',
  'reaping_pid',
  'kills',
] as const;

export const MACHINE_GAUGES = MACHINE_PAGE_GAUGES.length + MACHINE_COUNT_GAUGES.length;

/**
 * The numbers of all cgroups and of the machine at one instant, for those who want them thousands of
 * times: what a CgroupSnapshot and a MachineSnapshot have, but no objects.
 */
export interface Gauges {
  /** Of the cgroups, parents before children; the first is the machine itself. */
  readonly paths: readonly string[];
  /** CGROUP_GAUGES numbers for each of them. */
  readonly cgroups: Float64Array;
  /** MACHINE_GAUGES numbers. */
  readonly machine: Float64Array;
}

/** What the OOM killer would see in a cgroup now, and what its tasks are doing. */
export interface CgroupStanding {
  /**
   * What the policy compares, in pages; for a policy that only looks at processes the highest badness
   * in the subtree. null: it doesn't look at this cgroup; 0: nobody can be killed; −1: a victim of it
   * is still dying.
   */
  score: number | null;
  /** Threads of it and below, counted by state in the order of TASK_STATES. */
  states: number[];
  /** Threads that wait for memory: in reclaim, swapping in, or until an OOM is over. */
  stalled: number;
}

export interface ZoneSnapshot {
  node: number;
  name: string;
  freePages: number;
  minPages: number;
  lowPages: number;
  highPages: number;
  managedPages: number;
}

export interface MachineSnapshot {
  timeNs: number;
  totalPages: number; // managed
  freePages: number;
  swapTotalPages: number;
  swapFreePages: number;
  zones: ZoneSnapshot[];
  /** pid of the holder of oom_lock, 0 when free. */
  oomLockHolderPid: number;
  kswapd: TaskState;
  reaper: { state: TaskState; pid: number }; // pid: what it is reaping, 0 if nothing
  runnable: number;
  kills: number;
}
