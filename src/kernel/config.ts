/** What a kernel is booted with. Pages of 4096 bytes, times in ns. */
import type { HandOff } from '../engine/mutex.js';
import type { OomPolicy } from './policy/policy.js';
import type { Profile } from './profile.js';

/** CPU and device time that memory work takes, ns. docs/costs.md says where each default is from. */
export interface Costs {
  readonly touchPageNs: number;
  readonly freePageNs: number;
  readonly reapPageNs: number;
  readonly scanPageNs: number;
  readonly swapPageNs: number;
  readonly readPageNs: number;
  readonly syscallNs: number;
  readonly forkNs: number;
  readonly contextSwitchNs: number;
  readonly oomTaskScanNs: number;
  readonly oomReportNs: number;
  readonly oomReportTaskNs: number;
  readonly oomKillNs: number;
  readonly reclaimVisitNs: number;
}

/** A zone, as /proc/zoneinfo has it. Pages; null: computed, or, for free pages, all managed ones. */
export interface ZoneConfig {
  readonly node: number;
  readonly name: string;
  readonly presentPages: number;
  readonly managedPages: number;
  readonly freePages: number | null;
  readonly minPages: number | null;
  readonly lowPages: number | null;
  readonly highPages: number | null;
  readonly protectionPages: readonly number[] | null;
}

/** What a process needs besides what its program asks for. Pages. */
export interface ExecConfig {
  readonly anonPages: number;
  readonly shmemPages: number;
  readonly filePages: number;
  readonly pgtablesPages: number;
  readonly slabPages: number;
}

/** Sysctls that the model knows; they may change while it runs. */
export interface SysctlValues {
  swappiness: number;
  panic_on_oom: number;
  oom_kill_allocating_task: boolean;
  oom_dump_tasks: boolean;
  min_free_kbytes: number | null;
  watermark_scale_factor: number;
}

/** A block device. */
export interface DeviceConfig {
  /** Time that one page keeps it busy: the page's size by its bandwidth. */
  readonly pageNs: number;
  /** From there until a transfer is done. */
  readonly latencyNs: number;
}

export interface KernelConfig {
  readonly profile: Profile;
  readonly policy: OomPolicy;
  readonly release: string;
  readonly cpus: number;
  readonly hz: number;
  readonly zones: readonly ZoneConfig[];
  readonly swapPages: number;
  readonly swapDevice: DeviceConfig;
  readonly disk: DeviceConfig;
  readonly cachePages: number;
  /** Size limit of tmpfs. */
  readonly tmpfsPages: number;
  readonly exec: ExecConfig;
  readonly costs: Costs;
  readonly sysctl: SysctlValues;
  /** Fractions of scanned pages found referenced, permille. */
  readonly referencedAnon: number;
  readonly referencedFile: number;
  readonly oomLockHandOff: HandOff;
}
