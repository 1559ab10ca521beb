/**
 * Tracepoints: the only way out of the kernel model. CSV, kernel.log, dashboard, fingerprint and
 * metrics are subscribers. Names and fields are the kernel's (include/trace/events/*.h) where Linux
 * has the event, `oomsim:` where it has none.
 *
 * A tracepoint without a subscriber is `undefined`, so `trace['oom:wake_reaper']?.({...})` does not
 * even evaluate its argument.
 */

/**
 * Who was running, on whose behalf: the part common to all events, as ftrace prints it. One object may
 * be that of several of them.
 */
export interface TraceContext {
  readonly timeNs: number;
  /** Sequence number of the engine event being dispatched. */
  readonly seq: number;
  readonly pid: number;
  readonly comm: string;
  readonly cgroup: string;
}

/** One ranked candidate of a victim selection: everything the arithmetic needs. Pages. */
export interface Candidate {
  kind: 'task' | 'memcg';
  pid: number; // 0 for a memcg
  comm: string;
  cgroup: string;
  rssPages: number;
  swapPages: number;
  pgtablesPages: number;
  adj: number;
  adjPages: number; // adj × floor(totalpages / 1000)
  bonusPages: number; // what CAP_SYS_ADMIN took off (≤ 4.16)
  points: number; // 0 (≤ 5.4) or LONG_MIN (≥ 5.9) = not eligible
  why: string; // why it is not eligible, or ''
}

export interface TraceFields {
  'oom:mark_victim': { pid: number };
  'oom:wake_reaper': { pid: number };
  'oom:start_task_reaping': { pid: number };
  'oom:finish_task_reaping': { pid: number };
  'oom:skip_task_reaping': { pid: number };
  'oom:oom_score_adj_update': { pid: number; comm: string; oom_score_adj: number };
  'oom:reclaim_retry_zone': {
    node: number;
    zone: string;
    order: number;
    reclaimable: number;
    available: number;
    min_wmark: number;
    no_progress_loops: number;
    wmark_check: boolean;
  };
  'vmscan:mm_vmscan_direct_reclaim_begin': { order: number; gfp_flags: string };
  'vmscan:mm_vmscan_direct_reclaim_end': { nr_reclaimed: number };
  'vmscan:mm_vmscan_memcg_reclaim_begin': { memcg: string; order: number; gfp_flags: string };
  'vmscan:mm_vmscan_memcg_reclaim_end': { memcg: string; nr_reclaimed: number };
  'vmscan:mm_vmscan_kswapd_wake': { nid: number; order: number };
  'vmscan:mm_vmscan_kswapd_sleep': { nid: number };
  'sched:sched_process_fork': { parent_pid: number; child_pid: number; child_comm: string };
  'sched:sched_process_exec': { pid: number; comm: string };
  'sched:sched_process_exit': { pid: number; comm: string; code: number };
  'signal:signal_generate': { sig: number; pid: number; comm: string };
  /** One selection of a victim by out_of_memory(): who asked, over what, and everyone considered. */
  'oomsim:oom_select': {
    policy: string;
    constraint: string;
    memcg: string; // the memcg in OOM; '' for a global OOM
    totalpages: number;
    chosen: string; // 'pid:comm', 'inflight' or 'none'
    chosen_memcg: string;
    candidates: () => Candidate[]; // evaluated only when asked, at once
    memcg_candidates: () => Candidate[]; // likewise: what the policy compares before any task
  };
  /** A handler of a policy of the user's own was asked (kernel/policy/custom.ts). */
  'oomsim:oom_policy': {
    policy: string;
    handler: string; // the path of the cgroup that it is attached to, or 'default'
    memcg: string; // the memcg in OOM; '' for a global OOM
    answer: 'kill' | 'wait' | 'decline'; // wait: for a victim that is dying already
    problem: string; // what it did wrong, or ''
  };
  /** out_of_memory() returned. */
  'oomsim:out_of_memory': { memcg: string; order: number; ret: boolean; why: string };
  /** A process got its OOM SIGKILL. points is what the policy compared. Pages. */
  'oomsim:oom_kill': {
    pid: number;
    comm: string;
    cgroup: string;
    process: string; // the workload's name for it
    oom_score_adj: number;
    points: number;
    policy: string;
    constraint: string;
    memcg: string;
    trigger_pid: number;
    trigger_comm: string;
    anon: number;
    file: number;
    shmem: number;
    swap: number;
    pgtables: number;
    group: boolean; // killed as a member of an oom.group
    repeat: boolean; // was sent its SIGKILL already; counted and logged again, as the kernel does
    reason: string;
  };
  /** A userspace killer sends a signal. Pages. */
  'oomsim:userspace_kill': {
    killer: string;
    pid: number;
    comm: string;
    cgroup: string;
    signal: 'SIGTERM' | 'SIGKILL';
    reason: string;
    process: string; // the workload's name for it
    oom_score_adj: number;
    points: number; // what the killer compared, in its own unit
    memcg: string; // the cgroup whose trouble this is to end; '' for the machine
    killer_pid: number;
    anon: number;
    file: number;
    shmem: number;
    swap: number;
    pgtables: number;
    group: boolean; // killed as a member of a cgroup
    repeat: boolean; // was on its way out already
    ignored: boolean; // the process ignores this signal
  };
  /** MMF_OOM_SKIP was set on a victim's mm, and what set it. */
  'oomsim:mmf_oom_skip': {
    pid: number;
    cause: 'reaped' | 'gave_up' | 'exit_mmap' | 'init_shares_mm';
  };
  /** The last user of an mm left and its pages are free. */
  'oomsim:exit_mmap': { pid: number; freed: number; victim: boolean };
  'oomsim:oom_lock': { op: 'lock' | 'unlock' | 'trylock_failed'; pid: number };
  /** A page allocation failed (warn_alloc). */
  'oomsim:alloc_failure': { order: number; gfp_flags: string; in_flight: boolean };
  /** A charge failed with ENOMEM outside the OOM killer's reach. */
  'oomsim:charge_failure': { memcg: string; nr_pages: number };
  'oomsim:memcg_event': {
    memcg: string;
    event: 'low' | 'high' | 'max' | 'oom' | 'oom_kill' | 'oom_group_kill';
  };
  'oomsim:syscall_error': { call: string; error: string };
  'oomsim:panic': { message: string };
  /** One line of the kernel log, without its time stamp. */
  'oomsim:printk': { line: string };
}

export type TraceName = keyof TraceFields;
export type TraceHandler<N extends TraceName> = (fields: TraceFields[N]) => void;
export type AnyTraceHandler = (
  name: TraceName,
  context: TraceContext,
  fields: Record<string, unknown>,
) => void;

type Slots = { [N in TraceName]?: TraceHandler<N> };
type Slot = (fields: never) => void;

/** Every tracepoint by name; kept beside the types so that subscribers can list them. */
export const TRACE_NAMES: readonly TraceName[] = [
  'oom:mark_victim',
  'oom:wake_reaper',
  'oom:start_task_reaping',
  'oom:finish_task_reaping',
  'oom:skip_task_reaping',
  'oom:oom_score_adj_update',
  'oom:reclaim_retry_zone',
  'vmscan:mm_vmscan_direct_reclaim_begin',
  'vmscan:mm_vmscan_direct_reclaim_end',
  'vmscan:mm_vmscan_memcg_reclaim_begin',
  'vmscan:mm_vmscan_memcg_reclaim_end',
  'vmscan:mm_vmscan_kswapd_wake',
  'vmscan:mm_vmscan_kswapd_sleep',
  'sched:sched_process_fork',
  'sched:sched_process_exec',
  'sched:sched_process_exit',
  'signal:signal_generate',
  'oomsim:oom_select',
  'oomsim:oom_policy',
  'oomsim:out_of_memory',
  'oomsim:oom_kill',
  'oomsim:userspace_kill',
  'oomsim:mmf_oom_skip',
  'oomsim:exit_mmap',
  'oomsim:oom_lock',
  'oomsim:alloc_failure',
  'oomsim:charge_failure',
  'oomsim:memcg_event',
  'oomsim:syscall_error',
  'oomsim:panic',
  'oomsim:printk',
];

/** The tracepoints of one kernel. Subscribers are called in the order they subscribed. */
export class Tracepoints {
  /** Read as `trace.on['oom:wake_reaper']?.({ pid })`. */
  readonly on: Slots = {};
  readonly #context: () => TraceContext;

  /** @param context tells who is running now; called only when an event has a subscriber. */
  constructor(context: () => TraceContext) {
    this.#context = context;
  }

  /** Calls `handler` for every occurrence of the named events, after those subscribed before it. */
  subscribe(names: readonly TraceName[], handler: AnyTraceHandler): void {
    const slots = this.on as Record<string, Slot | undefined>;
    for (const name of names) slots[name] = this.#slot(name, slots[name], handler);
  }

  #slot(name: TraceName, before: Slot | undefined, handler: AnyTraceHandler): Slot {
    if (before === undefined) return (fields) => handler(name, this.#context(), fields);
    return (fields) => {
      before(fields);
      handler(name, this.#context(), fields);
    };
  }
}
