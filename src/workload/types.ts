/**
 * The workload as the rest of the program sees it: parsed, checked, every unit resolved.
 * Sizes are integer bytes, times integer nanoseconds. `parse.ts` makes it, `run/boot.ts` puts
 * it on a machine. Field names in files are the kernel's own; the ones here say their units.
 */
import type { HandOff } from '../engine/mutex.js';
import type { Costs, DeviceConfig, ExecConfig, ZoneConfig } from '../kernel/config.js';
import type { KillerSpec } from './killerTypes.js';

export type * from './killerTypes.js';

/** A number, or a distribution that a named random stream draws from. */
export type Variate =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly sd: number }
  | { readonly kind: 'choice'; readonly values: readonly number[] };

/** What an in-kernel allocation may do when memory is short (KERNEL.md 6 and 11). */
export type AllocationClass =
  | 'user' // GFP_HIGHUSER_MOVABLE from a page fault
  | 'kernel' // GFP_KERNEL from a system call
  | 'nofs' // GFP_NOFS: never kills
  | 'nofail' // GFP_KERNEL | __GFP_NOFAIL
  | 'atomic'; // GFP_ATOMIC: no reclaim, may use reserves

export type ProbeKind = 'pipe' | 'sock' | 'tmpfs' | 'fork' | 'open' | 'mmap';

/** One step of a process's program. Byte and time amounts are drawn anew for every process. */
export type Step =
  /** Touch memory: `step` bytes at once (null: everything at once), then sleep `every`. */
  | { op: 'anon' | 'shm' | 'tmpfs'; size: Variate; step: Variate | null; every: Variate | null }
  /**
   * Read or write a file through the page cache (`map`: through a shared mapping), from byte `skip`
   * on, `times` over; sleeps `every` after each MiB.
   */
  | {
      op: 'read' | 'map';
      size: Variate;
      file: string;
      skip: number;
      times: number;
      every: Variate | null;
    }
  | { op: 'write'; size: Variate; file: string; every: Variate | null }
  /** Touch everything mapped again and again for `duration`. */
  | { op: 'churn'; duration: Variate; every: Variate }
  | { op: 'free' }
  | { op: 'mlock'; future: boolean }
  /** Register an MMU notifier, as KVM does for a guest. */
  | { op: 'mmu_notifier'; blocking: boolean }
  | { op: 'threads'; count: number; size: Variate }
  /** `count` null: as many as the named process's own `count`. */
  | { op: 'spawn' | 'fork'; process: string; count: number | null }
  | { op: 'clone_vm' | 'vfork'; process: string }
  /** Every process forks one more per generation, then touches `size`. */
  | { op: 'bomb'; generations: number; size: Variate; every: Variate }
  /** Fill `count` pipes / socket pairs / open `count` files. */
  | { op: 'pipes' | 'sockets' | 'fds'; count: number; every: Variate | null }
  /** Allocate `size` bytes of kernel memory in blocks of 2^order pages. */
  | {
      op: 'kmem';
      size: Variate;
      class: AllocationClass;
      order: number;
      accounted: boolean;
      every: Variate | null;
    }
  /** Make allocating system calls for `duration`, one every `every`, and count those that fail. */
  | { op: 'probe'; kind: ProbeKind; duration: Variate; every: Variate }
  /** Hold mmap_sem for write for `duration` (`mprotect`: take and drop it in a loop). */
  | { op: 'mmap_sem' | 'mprotect'; duration: Variate }
  | { op: 'sleep' | 'compute' | 'uninterruptible'; duration: Variate }
  /** Crash, and write a core file for `duration`: every thread waits in exit until it is written. */
  | { op: 'core_dump'; duration: Variate }
  /** Write to the frozen file system: D state until the `thaw` event. */
  | { op: 'frozen_write' }
  | { op: 'at'; time: number }
  | { op: 'ready' }
  | { op: 'await'; count: number; timeout: number }
  | { op: 'hold'; duration: Variate | null }
  | { op: 'wait' | 'stop' }
  | { op: 'exit'; code: number }
  | { op: 'oom_score_adj'; value: number }
  | { op: 'comm'; value: string }
  | { op: 'cgroup'; path: string }
  | { op: 'ignore'; signal: string }
  | { op: 'loop'; times: number | null; steps: Step[] };

/** The member of `Step` that has this op among its own. */
export type StepOf<Op extends Step['op'], S = Step> = S extends { op: unknown }
  ? Op extends S['op']
    ? S
    : never
  : never;

/** Memory that a process already has at t = 0, as a report or a live host shows it. Pages. */
export interface InitialMemory {
  readonly anonPages: number;
  readonly filePages: number;
  readonly shmemPages: number;
  readonly swapPages: number;
  readonly pgtablesPages: number;
  readonly totalVmPages: number;
}

export interface ProcessSpec {
  readonly name: string;
  readonly comm: string;
  readonly cgroup: string | null; // null: inherits its parent's
  readonly count: number;
  readonly pid: number | null; // fixed pid (imported reports), else assigned
  readonly uid: number;
  readonly oomScoreAdj: number | null; // null: inherits
  readonly start: Variate; // ns after t = 0
  /** false: only started by another process's spawn, fork, clone_vm or vfork. */
  readonly top: boolean;
  readonly program: readonly Step[];
  readonly memory: InitialMemory | null;
  /** `max` is Infinity where the file sets none. */
  readonly restart: {
    readonly when: 'never' | 'on-kill' | 'always';
    readonly delayNs: number;
    readonly max: number;
  };
  /** Nodes that its memory policy binds it to (MPOL_BIND); null: any. */
  readonly mempolicy: readonly number[] | null;
  readonly capSysAdmin: boolean; // root with CAP_SYS_ADMIN: the 3 % bonus up to 4.16
}

/** A cgroup. `/` is listed only if the file says something about it, and has no limits then. */
export interface CgroupSpec {
  readonly path: string;
  /** Values by the knob's file name, bytes; Infinity is `max`. */
  readonly memoryMax: number;
  readonly memoryHigh: number;
  readonly memoryLow: number;
  readonly memoryMin: number;
  readonly memorySwapMax: number;
  /** cpuset.mems: nodes that its processes may use; null: the parent's. */
  readonly cpusetMems: readonly number[] | null;
  /** memory.oom.group (4.19) or memory.oom_group (the series). */
  readonly oomGroup: boolean;
  /** memory.oom_policy of Rientjes' series; null: the parent's. */
  readonly oomPolicy: 'none' | 'cgroup' | 'tree' | null;
  /** Pages charged at t = 0 that no listed process maps (imported reports). */
  readonly initial: {
    readonly filePages: number;
    readonly shmemPages: number;
    readonly kernelPages: number;
    readonly reclaimablePages: number;
  } | null;
}

/** An explicit zone, a device, costs and needs of a process: as the kernel model takes them. */
export type ZoneSpec = ZoneConfig;
export type DeviceSpec = DeviceConfig;
export type CostSpec = Costs;

export interface MachineSpec {
  readonly memoryBytes: number;
  readonly zones: readonly ZoneSpec[] | null; // null: one node, zones computed from memoryBytes
  readonly nodes: number;
  readonly cpus: number;
  readonly hz: number;
  readonly swapBytes: number;
  readonly swapDevice: DeviceSpec;
  /** What files are on. */
  readonly disk: DeviceSpec;
  readonly thp: boolean;
  /** Size of tmpfs; null: half of memory, as Linux mounts it. */
  readonly tmpfsBytes: number | null;
  /** Clean, unmapped page cache at t = 0 that nobody's cgroup is charged for. Pages. */
  readonly cachePages: number;
  readonly exec: ExecConfig;
  /** Share of scanned pages that are found in use, besides those that a program is using. Permille. */
  readonly referencedAnon: number;
  readonly referencedFile: number;
  /** Who gets oom_lock when it is released while others wait. */
  readonly oomLockHandOff: HandOff;
  readonly costs: CostSpec;
}

/**
 * What is done from outside. The `value` of a write is normalised: bytes in decimal or `max`; `0` or
 * `1`; or the words that the knob takes.
 */
export type EventSpec = {
  /** ns after t = 0, or after the first OOM kill. */
  readonly atNs: number;
  readonly after: 'start' | 'first-kill';
} & (
  | { readonly op: 'write'; readonly cgroup: string; readonly file: string; readonly value: string }
  | { readonly op: 'sysctl'; readonly name: string; readonly value: number }
  | { readonly op: 'sysrq'; readonly key: string }
  | { readonly op: 'rmdir' | 'mkdir'; readonly cgroup: string }
  | { readonly op: 'freeze' | 'thaw' }
  | { readonly op: 'remount'; readonly groupoom: boolean }
  | { readonly op: 'kill'; readonly process: string; readonly signal: string }
);

export interface Sysctls {
  readonly swappiness: number;
  readonly panicOnOom: 0 | 1 | 2;
  readonly oomKillAllocatingTask: boolean;
  readonly oomDumpTasks: boolean;
  readonly minFreeKbytes: number | null;
  readonly watermarkScaleFactor: number;
}

export interface Workload {
  readonly name: string;
  readonly doc: string;
  readonly machine: MachineSpec;
  /** Preset name, e.g. `4.15`. */
  readonly kernel: string;
  readonly policy: string;
  /** Switches of kernel/profile.ts overridden by name. */
  readonly switches: Readonly<Record<string, string | number | boolean>>;
  readonly sysctl: Sysctls;
  /** In creation order; parents before children. */
  readonly cgroups: readonly CgroupSpec[];
  readonly processes: readonly ProcessSpec[];
  readonly killers: readonly KillerSpec[];
  readonly events: readonly EventSpec[];
  readonly untilNs: number;
  /** End early once every process has held still this long; null: never. */
  readonly quietNs: number | null;
  readonly seed: string;
}
