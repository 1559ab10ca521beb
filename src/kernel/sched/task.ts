import type { Flow, Waiter } from '../../engine/coroutine.js';
import type { WaitQueue } from '../../engine/wait_queue.js';
import type { Cgroup } from '../cgroup/cgroup.js';
import type { KmemKind, MemCgroup } from '../mm/mem_cgroup.js';
import type { Mm } from '../mm/mm_types.js';
import { append, EMPTY, type ShortList } from '../short_list.js';

/** Task states, as ps(1) shows them (include/linux/sched.h). */
export const TASK_RUNNING = 0;
export const TASK_INTERRUPTIBLE = 1;
export const TASK_UNINTERRUPTIBLE = 2;
export const TASK_KILLABLE = 3;
export const TASK_STOPPED = 4;
export const EXIT_ZOMBIE = 5;
export const EXIT_DEAD = 6;

export const OOM_SCORE_ADJ_MIN = -1000;
export const OOM_SCORE_ADJ_MAX = 1000;

/** What a task does in user mode; src/userspace implements it. */
export interface UserProgram {
  /**
   * Runs until the task needs the CPU for a while (sets `task.burst_ns`, returns RUN), starts a
   * system call or fault (sets `task.flow`, returns ENTER), or both in order; or has nothing left to
   * do but wait (sets `task.wchan` and `task.nap_state`, returns BLOCK).
   */
  run(task: Task): number;
}

/**
 * No time at all, as a float (−0). With 0, V8 would take a field for one of small integers until a time
 * is beyond 2³¹ ns, two seconds from the start, and would throw away what it has compiled by then.
 */
export const ZERO_NS = -0;

const NOBODY: ReadonlySet<Task> = new Set();

/** Kernel memory that an open file holds, charged to whoever filled it. */
export interface OpenFile {
  readonly memcg: MemCgroup;
  readonly kind: KmemKind;
  pages: number;
}

/**
 * Shared by the threads of a process (include/linux/sched/signal.h). What most processes never use is
 * made when one does: there are 100,000 of them.
 */
export class Signal {
  threads: ShortList<Task>;
  oom_score_adj = 0;
  /** The mm that was chosen by the OOM killer; sticky until the process is gone. */
  oom_mm: Mm | null = null;
  /** Prefer this process (swapoff, ksm). */
  oom_flag_origin = false;
  /** SIGNAL_GROUP_EXIT: the whole group is on its way out. */
  group_exit = false;
  /** SIGNAL_GROUP_COREDUMP. */
  coredump = false;
  core_dumper: Task | null = null;
  /** Threads that wait for a core dump to be written. */
  core_done: WaitQueue<Task> | null = null;
  exit_code = 0;
  parent: Task | null = null;
  /** Its badness may have changed, and its place among them (mm/oom_index.ts). */
  due: Signal[] | null = null;
  place = -1;
  files: ShortList<OpenFile> = EMPTY;
  #children: Set<Task> | null = null;
  /** Threads that wait for a child to exit. */
  wait_chldexit: WaitQueue<Task> | null = null;

  constructor(readonly leader: Task) {
    this.threads = [leader];
  }

  add_thread(t: Task): void {
    this.threads = append(this.threads, t);
  }

  open_file(file: OpenFile): void {
    this.files = append(this.files, file);
  }

  /** Group leaders forked by any thread of this group, in that order. */
  get children(): ReadonlySet<Task> {
    return this.#children ?? NOBODY;
  }

  add_child(leader: Task): void {
    this.#children ??= new Set();
    this.#children.add(leader);
  }

  remove_child(leader: Task): void {
    this.#children?.delete(leader);
  }
}

/**
 * A thread. Life: forked → runnable ⇄ sleeping → do_exit → zombie → dead (released). A sleeping task
 * has exactly one reason to wake: a timer, a wake(), or a signal that its state lets through.
 */
export class Task implements Waiter {
  // What oom_badness() reads comes first, so that it is on few cache lines.
  readonly signal: Signal;
  mm: Mm | null = null;
  kthread = false; // PF_KTHREAD
  vfork_done = true; // false: in vfork()
  /** CAP_SYS_ADMIN in the initial user namespace. */
  cap_sys_admin = false;

  state = TASK_RUNNING;
  /** State that `yield BLOCK` puts it in; flows that may be killed while waiting change it. */
  sleep_state = TASK_UNINTERRUPTIBLE;
  /** State for the next sleep only (Scheduler.sleep_until); −1: sleep_state. */
  nap_state = -1;
  /** What it waits for; for people. */
  wchan = '';

  cgroup!: Cgroup;
  user: UserProgram | null = null;
  /** The kernel code it is in; null in user mode. */
  flow: Flow<unknown> | null = null;
  /** Flows that wait for one that they call() to be done, the innermost last; made for the first. */
  callers: Flow<unknown>[] | null = null;

  /** Bit set of PF_*. */
  exiting = false; // PF_EXITING
  memalloc = false; // PF_MEMALLOC
  memdie = false; // TIF_MEMDIE
  /** Handed to the oom_reaper, and not yet done with. */
  reaper_queued = false;
  sigkill_pending = false;
  stop_pending = false;
  /** In kernel code without cond_resched(): without CONFIG_PREEMPT it keeps its CPU until it sleeps. */
  no_resched = false;
  /** In vfork(): the parent that waits for it. */
  vfork_parent: Task | null = null;
  uid = 0;
  /** Nodes its mempolicy allows; null: all. */
  nodemask: readonly number[] | null = null;
  /** Nodes its cpuset allows; null: all. */
  mems_allowed: readonly number[] | null = null;

  /** memcg OOM seen in the current user fault (task_struct.memcg_in_oom, ≤ 4.18). */
  memcg_in_oom: MemCgroup | null = null;
  memcg_may_oom = false;
  /** Private RSS counts (task_struct.rss_stat). */
  rss_unsynced = 0;
  rss_events = 0;
  memcg_nr_pages_over_high = 0;

  /** CPU time asked for by the last RUN, ns. */
  burst_ns = 0;
  vruntime_ns = ZERO_NS;
  cpu = -1;
  /** The CPU it was on last: where it is to run when it wakes up. */
  last_cpu = 0;
  /** Engine handle of its pending timer, −1 if none. */
  timer = -1;
  /** Nesting of psi_memstall_enter(). */
  memstall = 0;
  psi_flags = 0;
  psi_cpu = 0;
  /** Index in the scheduler's table. */
  slot = -1;
  start_ns = 0;
  /** What it has allocated and charged and not yet placed, in pages (mm/in_flight.ts). */
  pages_in_flight = 0;
  charges_in_flight = 0;
  /** Kernel memory of the thread itself, in pages, and who is charged for it; null: it has none. */
  stack_pages = 0;
  slab_pages = 0;
  kmem_charged: MemCgroup | null = null;
  /** The process's name in the workload; '' for kernel threads. */
  spec_name = '';

  constructor(
    readonly pid: number,
    public comm: string,
    leader: Task | null,
    private readonly waker: (task: Task) => void,
  ) {
    this.signal = leader === null ? new Signal(this) : leader.signal;
    if (leader !== null) this.signal.add_thread(this);
  }

  /** The thread has kernel memory of its own, charged to `memcg`, until free_task_struct(). */
  hold_kmem(memcg: MemCgroup, stack_pages: number, slab_pages: number): void {
    this.kmem_charged = memcg;
    this.stack_pages = stack_pages;
    this.slab_pages = slab_pages;
  }

  get tgid(): number {
    return this.signal.leader.pid;
  }

  get is_leader(): boolean {
    return this.signal.leader === this;
  }

  /** Waiter: ends an ordinary sleep. */
  wake(): void {
    this.waker(this);
  }
}

export function thread_group_leader(t: Task): boolean {
  return t.is_leader;
}

export function fatal_signal_pending(t: Task): boolean {
  return t.sigkill_pending;
}

/** oom_mm is set, whatever became of the mm since (include/linux/oom.h). */
export function tsk_is_oom_victim(t: Task): boolean {
  return t.signal.oom_mm !== null;
}
