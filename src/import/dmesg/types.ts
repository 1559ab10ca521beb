/**
 * What a kernel OOM report says, as read from a log. Everything that the log does not say is null:
 * a reader of these types never mistakes "not printed" for zero. Pages are the machine's own
 * (`pageSizeKb`), sizes printed in kB stay in kB.
 */

/** Physical lines of the input, 1-based, inclusive. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** The kernel that printed the report. */
export interface KernelInfo {
  /** As printed, e.g. `5.10.0-10-amd64`. */
  readonly text: string;
  /** `report`: on this report's CPU line. `log`: on an earlier line of the same log. */
  readonly from: 'report' | 'log';
  readonly line: number;
}

/** Who ran out of memory, from the `invoked oom-killer` line and the CPU line below it. */
export interface Trigger {
  readonly comm: string;
  /** Thread id, from the CPU line; null when that line is missing. */
  readonly pid: number | null;
  /** The mask as printed, e.g. `0x100cca(GFP_HIGHUSER_MOVABLE)`. */
  readonly gfpMask: string | null;
  /** −1 is SysRq-F. */
  readonly order: number | null;
  readonly oomScoreAdj: number | null;
  readonly oomAdj: number | null;
  readonly nodemask: string | null;
  readonly line: number;
}

/** One `usage …kB, limit …kB, failcnt …` line. `limitKb` is Infinity when unlimited. */
export interface MemcgCounter {
  readonly usageKb: number;
  readonly limitKb: number;
  readonly failcnt: number;
}

/** One `Memory cgroup stats for …` block; v1 prints KB on one line, v2 bytes on many. */
export interface MemcgStats {
  readonly path: string | null;
  readonly unit: 'KB' | 'bytes';
  readonly values: ReadonlyMap<string, number>;
}

/** The memory cgroup part of a report. */
export interface MemcgReport {
  /** The cgroup whose limit was hit. */
  readonly oomMemcg: string | null;
  /** The cgroup of the victim (≥ 5.0) or of the task that asked (older). */
  readonly taskMemcg: string | null;
  readonly memory: MemcgCounter | null;
  readonly memorySwap: MemcgCounter | null;
  readonly swap: MemcgCounter | null;
  readonly kmem: MemcgCounter | null;
  readonly stats: readonly MemcgStats[];
}

/** One zone's watermarks and sizes; null where the line was cut before them. */
export interface ZoneReport {
  readonly node: number;
  readonly name: string;
  readonly freeKb: number | null;
  readonly boostKb: number | null;
  readonly minKb: number | null;
  readonly lowKb: number | null;
  readonly highKb: number | null;
  readonly presentKb: number | null;
  readonly managedKb: number | null;
  readonly lowmemReservePages: readonly number[] | null;
  readonly values: ReadonlyMap<string, number>;
  readonly line: number;
}

/** One `Node N active_anon:…` line, kB. */
export interface NodeReport {
  readonly node: number;
  readonly values: ReadonlyMap<string, number>;
  readonly line: number;
}

/** Mem-Info: the machine at the moment of the report. */
export interface MemInfo {
  /** `active_anon:…` and the rest, in pages. */
  readonly totals: ReadonlyMap<string, number>;
  readonly nodes: readonly NodeReport[];
  readonly zones: readonly ZoneReport[];
  readonly pagecachePages: number | null;
  readonly swapCachePages: number | null;
  readonly freeSwapKb: number | null;
  readonly totalSwapKb: number | null;
  readonly ramPages: number | null;
  readonly highmemPages: number | null;
  readonly reservedPages: number | null;
  /** One more than the highest CPU number that the per-CPU lists name; null when not printed. */
  readonly cpus: number | null;
  /** Lines that `Total swap`, `pages RAM` and `pages reserved` stand on, for provenance. */
  readonly lineOf: ReadonlyMap<string, number>;
}

/** One row of the task table. */
export interface TaskRow {
  /** The thread that still has the mm: differs from `tgid` when the leader has exited. */
  readonly pid: number;
  readonly uid: number;
  readonly tgid: number;
  readonly totalVmPages: number;
  readonly rssPages: number;
  readonly rssAnonPages: number | null;
  readonly rssFilePages: number | null;
  readonly rssShmemPages: number | null;
  readonly nrPtes: number | null;
  readonly nrPmds: number | null;
  readonly pgtablesBytes: number | null;
  readonly swapents: number | null;
  readonly oomAdj: number | null;
  readonly oomScoreAdj: number | null;
  /** '' where a pager has cut the row. */
  readonly comm: string;
  /** A pager has cut the row: what stood at its end is null. */
  readonly cut: boolean;
  readonly line: number;
}

/** Column layouts met from 2.6.32 to 6.18. */
export type TableLayout =
  | 'oom_adj' // 2.6.32: cpu oom_adj
  | 'oom_score_adj' // RHEL 6, 2.6.36 to 3.4: cpu oom_adj oom_score_adj
  | 'nr_ptes' // 3.5 to 3.19
  | 'nr_pmds' // 4.0 to 4.14
  | 'pgtables_bytes' // 4.15 to 6.7
  | 'rss_split' // 6.8 and later: rss_anon rss_file rss_shmem
  | 'other'; // a header with columns that are none of these

/** The task table of one report. */
export interface TaskTable {
  readonly layout: TableLayout;
  /** Column names in order, without pid and name. */
  readonly columns: readonly string[];
  /** `header`: as the header says. `rows`: the header was missing, blank or cut. */
  readonly columnsFrom: 'header' | 'rows';
  /** The pid column is seven wide (4.19 and later); null where a copy has squeezed the spaces. */
  readonly widePid: boolean | null;
  readonly rows: readonly TaskRow[];
  /** Rows that could not be read because they were cut or garbled. */
  readonly damagedRows: number;
  /** Rows that came twice (a log pasted twice). */
  readonly repeatedRows: number;
}

/** How the log says that a process is to die or has been killed. */
export type KillVerb =
  | 'select' // `Kill process N (comm) score S or sacrifice child`
  | 'kill' // `Killed process N (comm) …`
  | 'sharing' // `Kill process N (comm) sharing same memory`
  | 'would'; // RHEL 6 `Would have killed process N (comm)`

/** One kill line. */
export interface KillLine {
  readonly verb: KillVerb;
  readonly pid: number;
  readonly comm: string;
  /** What stands before it: `Out of memory`, `Memory cgroup out of memory (…)` …; '' if nothing. */
  readonly message: string;
  readonly score: number | null;
  readonly uid: number | null;
  readonly totalVmKb: number | null;
  readonly anonRssKb: number | null;
  readonly fileRssKb: number | null;
  readonly shmemRssKb: number | null;
  readonly pgtablesKb: number | null;
  readonly oomScoreAdj: number | null;
  /** The same line came before (a log pasted twice). */
  readonly repeated: boolean;
  readonly line: number;
}

/** A process that was to be killed and had given up its memory already (5.9 and later). */
export interface ExitingVictim {
  readonly pid: number;
  readonly comm: string;
  readonly line: number;
}

/** One oom_reaper line. */
export interface ReaperLine {
  readonly pid: number;
  readonly comm: string;
  readonly ok: boolean;
  readonly anonRssKb: number | null;
  readonly line: number;
}

/** The `oom-kill:` summary line (5.0 and later). */
export interface SummaryLine {
  readonly constraint: string | null;
  readonly nodemask: string | null;
  readonly cpuset: string | null;
  readonly memsAllowed: string | null;
  readonly globalOom: boolean;
  readonly oomMemcg: string | null;
  readonly taskMemcg: string | null;
  readonly comm: string | null;
  readonly pid: number | null;
  readonly uid: number | null;
  readonly line: number;
}

/** Why rows of the task table must be missing, and how many if that can be said. */
export interface LostRows {
  /** At least this many; 0: nothing says that any is missing. */
  readonly atLeast: number;
  /** Estimate of all rows that the kernel printed; null when there is nothing to estimate from. */
  readonly estimatedRows: number | null;
  readonly evidence: readonly string[];
}

/** A victim of an earlier report of the same boot, in the same log. */
export interface EarlierVictim {
  readonly pid: number;
  readonly comm: string;
  readonly reaped: boolean;
  readonly line: number;
}

/** A number that this report does not print but another one of the same boot does. */
export interface MachineHint {
  readonly totalSwapKb: number | null;
  readonly ramPages: number | null;
  readonly reservedPages: number | null;
  readonly line: number;
}

/** One OOM report: everything found, nothing guessed. */
export interface OomReport {
  readonly lines: LineRange;
  /** Seconds since boot, when a printk time stamp is there. */
  readonly atSeconds: number | null;
  /** Wall-clock stamp as printed, when there is one. */
  readonly atText: string | null;
  readonly kernel: KernelInfo | null;
  readonly trigger: Trigger | null;
  readonly scope: 'global' | 'memcg' | 'unknown';
  /** What `scope` was told from. */
  readonly scopeFrom: string;
  /** As printed; unreliable (5.0 to 5.2 print CONSTRAINT_NONE on memcg OOMs). */
  readonly constraint: string | null;
  /** The `cpuset=… mems_allowed=…` of the trigger. */
  readonly memsAllowed: string | null;
  readonly cpuset: string | null;
  /** Highest CPU number named, plus one: the machine has at least so many. */
  readonly cpusAtLeast: number | null;
  readonly memcg: MemcgReport | null;
  readonly memory: MemInfo | null;
  readonly tasks: TaskTable | null;
  readonly lostRows: LostRows;
  readonly summary: SummaryLine | null;
  readonly kills: readonly KillLine[];
  readonly exiting: readonly ExitingVictim[];
  /** Cgroups named by `Tasks in … are going to be killed due to memory.oom.group set`. */
  readonly groupKills: readonly string[];
  readonly reaped: readonly ReaperLine[];
  /** `oom_policy=` of a BPF OOM kernel. */
  readonly oomPolicy: string | null;
  /** `Out of memory and no killable processes`. */
  readonly noKillable: boolean;
  readonly panic: string | null;
  readonly sysrq: boolean;
  /** kB per page: from the victim's total-vm, the free lists or page tables; 4 if nothing tells. */
  readonly pageSizeKb: number;
  readonly pageSizeFrom: 'victim' | 'free lists' | 'page tables' | 'assumed';
  readonly earlierVictims: readonly EarlierVictim[];
  readonly hint: MachineHint | null;
}
