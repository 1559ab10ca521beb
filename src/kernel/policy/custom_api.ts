/**
 * What a policy of your own is given and what it answers: the shape of BPF OOM (Gushchin, 2025), where
 * a handler may be attached to a cgroup or to the whole system. docs/policies.md says how to use it.
 *
 * All views are frozen pictures of the moment of the OOM. Pages of 4096 bytes, times in ns. A limit
 * that is not set is Infinity.
 */
import type { MemcgEvent } from '../mm/mem_cgroup.js';
import type { OomConstraint } from '../mm/oom_control.js';

/** What a policy file exports by default. It needs `handle`, `handlers` or both. */
export interface OomPolicyModule {
  /** Names the policy in reports and run folders: a letter, then letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** One line for people. */
  readonly doc?: string;
  /** The handler of the whole system, asked after those of cgroups. Same as `handlers.default`. */
  readonly handle?: OomHandler;
  /** Handlers by the path of the cgroup that they are attached to; `default` is the system's. */
  readonly handlers?: Readonly<Record<string, OomHandler>>;
}

/**
 * Asked when memory has run out: first the handler of the cgroup in OOM, then those of its ancestors
 * up to `/`, then the system's, until one frees memory. If none does, the kernel kills by itself.
 */
export type OomHandler = (oc: OomView, ctx: PolicyContext) => OomDecision;

/** `'decline'`, or whom to kill. Every process and cgroup must be in the domain of the OOM. */
export type OomDecision = 'decline' | OomVictims;

export interface OomVictims {
  /** Processes, or their pids. One that is dying already is waited for. */
  readonly kill?: readonly (ProcessView | number)[];
  /** A cgroup, or its path: all that can be killed in it and below. */
  readonly killCgroup?: CgroupView | string;
  /** Why, in a few words: stands in kills.csv. */
  readonly reason?: string;
}

/** The OOM (struct oom_control). */
export interface OomView {
  /** The domain: the cgroup at its limit, or `/` if the machine is out of memory. */
  readonly cgroup: CgroupView;
  /** The machine is out of memory, not a cgroup. */
  readonly global: boolean;
  readonly constraint: OomConstraint;
  /** What the domain may use, with swap: what oom_score_adj is a thousandth of. */
  readonly totalPages: number;
  /** Of the allocation; −1 is sysrq-f. */
  readonly order: number;
  /** The task whose allocation found no memory. */
  readonly trigger: { readonly pid: number; readonly comm: string; readonly cgroup: string };
  /** Simulated time since boot. */
  readonly timeNs: number;
}

export interface PolicyContext {
  /** Where the handler that is asked is attached: a path, or `default`. */
  readonly handler: string;
  /** Cgroups of the domain, parents before children; the first is `oc.cgroup`. */
  readonly cgroups: readonly CgroupView[];
  /** User processes of the domain, in process-list order. */
  readonly processes: readonly ProcessView[];
  /** Those of them that were killed and still hold memory. */
  readonly inFlight: readonly ProcessView[];
  /** The whole machine: `/` with everything below. */
  readonly root: CgroupView;
  /** Any cgroup of the machine by path, or undefined. */
  cgroup(path: string): CgroupView | undefined;
  /** Any user process of the machine by pid, or undefined. */
  process(pid: number): ProcessView | undefined;
  /** The policy's own random numbers: the same for the same seed. */
  readonly random: PolicyRandom;
  /** Writes a line to kernel.log, after the policy's name. */
  log(text: string): void;
}

export interface PolicyRandom {
  /** Uniform in 0 … n − 1. */
  below(n: number): number;
  /** True `permille` times out of 1000. */
  chance(permille: number): boolean;
}

/** A cgroup. Numbers are hierarchical: they include what is below. */
export interface CgroupView {
  readonly path: string;
  readonly parent: CgroupView | null;
  readonly children: readonly CgroupView[];
  /** Attached here, not below. */
  readonly processes: readonly ProcessView[];
  /** Attached here or below. */
  readonly allProcesses: readonly ProcessView[];
  /** memory.current; of `/`: what is not free. */
  readonly usagePages: number;
  readonly swapPages: number;
  readonly maxPages: number;
  readonly highPages: number;
  readonly lowPages: number;
  readonly minPages: number;
  readonly swapMaxPages: number;
  /** memory.oom.group. */
  readonly oomGroup: boolean;
  /** memory.stat. */
  readonly stat: CgroupStatView;
  /** memory.events. */
  readonly events: Readonly<Record<MemcgEvent, number>>;
  /** memory.pressure; null on kernels without PSI. */
  readonly psi: PsiView | null;
}

export interface CgroupStatView {
  readonly anonPages: number;
  readonly filePages: number;
  readonly shmemPages: number;
  readonly unevictablePages: number;
  readonly dirtyPages: number;
  readonly writebackPages: number;
  readonly slabPages: number;
  readonly kernelStackPages: number;
  readonly pgtablesPages: number;
  readonly sockPages: number;
}

/** Averages in hundredths of a percent, over 10, 60 and 300 s; totals in ns. */
export interface PsiView {
  readonly someAvg10: number;
  readonly someAvg60: number;
  readonly someAvg300: number;
  readonly someTotalNs: number;
  readonly fullAvg10: number;
  readonly fullAvg60: number;
  readonly fullAvg300: number;
  readonly fullTotalNs: number;
}

export interface ProcessView {
  readonly pid: number;
  readonly comm: string;
  readonly uid: number;
  readonly cgroup: CgroupView;
  readonly oomScoreAdj: number;
  /** Anonymous, file and shared pages together. */
  readonly rssPages: number;
  readonly anonPages: number;
  readonly filePages: number;
  readonly shmemPages: number;
  readonly swapPages: number;
  readonly pgtablesPages: number;
  readonly threads: number;
  /** When it was forked. */
  readonly startNs: number;
  /** What the kernel's own killer compares (oom_badness); null if it would not consider it. */
  readonly badnessPages: number | null;
  /** /proc/PID/oom_score, of this domain: badness in thousandths of totalPages; 0 for null. */
  readonly oomScore: number;
  /** May be named in `kill`: not init, not at oom_score_adj −1000, and it has memory to give. */
  readonly killable: boolean;
  /** Was killed by the OOM killer and still holds memory: wait for it rather than kill again. */
  readonly inFlight: boolean;
}
