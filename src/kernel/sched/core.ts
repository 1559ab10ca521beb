import { BLOCK, type Flow, resume } from '../../engine/coroutine.js';
import type { Jiffies } from '../../engine/jiffies.js';
import type { Simulation } from '../../engine/simulation.js';
import { RunQueue } from './run_queue.js';
import {
  EXIT_DEAD,
  EXIT_ZOMBIE,
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_RUNNING,
  TASK_STOPPED,
  TASK_UNINTERRUPTIBLE,
  type Task,
  ZERO_NS,
} from './task.js';

/** Yielded by a flow, or returned by a program, that needs `task.burst_ns` of CPU time. */
export const RUN = 1;
/** Returned by a program that has started a flow (`task.flow`). */
export const ENTER = 2;
/** The task is gone. */
export const DEAD = 3;
/** Yielded by a flow that waits for another: see call(). */
const CALL = 4;

/** Engine event kinds of the scheduler; the actor is a CPU or a task slot. */
export const EVENT_CPU = 1;
export const EVENT_TIMER = 2;

/** More steps than this that take no time at all are a loop that never ends. */
const TURNS_MAX = 1_000_000;

interface Cpu {
  readonly id: number;
  task: Task | null;
  /** When the current task got this CPU. */
  since_ns: number;
  burst_ns: number;
  burst_start_ns: number;
  /** When the next timer tick that has not been looked at comes. */
  next_tick_ns: number;
  /** TIF_NEED_RESCHED: the current task is to give up the CPU at its next preemption point. */
  need_resched: boolean;
}

/** What the scheduler asks of the kernel at the edge of user mode. */
export interface UserModeHooks {
  /** Work before the task may run user code (signals, memory.high): sets `task.flow` or does nothing. */
  exit_to_user_mode(task: Task): void;
  /** Task state changed: PSI. */
  task_change(task: Task): void;
  /** A burst of CPU time inside a memory stall: PSI. */
  memstall_burst(task: Task, start_ns: number): void;
}

/**
 * CPUs are shared as CFS does it (kernel/sched/fair.c): one queue of runnable tasks ordered by
 * virtual run time, for all CPUs (perfect load balancing). A task is told to give up its CPU by the
 * timer tick, when its slice is used up by then, or by the wake-up of a task that has had much less.
 * It runs in bursts that it asks for, and does so between two of them (cond_resched(), the way back
 * to user mode), but not in kernel code that has no preemption point.
 */
export class Scheduler {
  current: Task | null = null;
  readonly cpus: Cpu[];
  readonly #rq = new RunQueue();
  readonly #slots: (Task | null)[] = [];
  readonly #free_slots: number[] = [];
  #min_vruntime_ns = ZERO_NS;
  /** CPUs without a task: none is looked for where there is none. */
  #idle_cpus: number;
  readonly #latency_ns: number;
  readonly #min_granularity_ns: number;
  readonly #wakeup_granularity_ns: number;

  constructor(
    private readonly sim: Simulation,
    readonly jiffies: Jiffies,
    cpus: number,
    private readonly context_switch_ns: number,
    private readonly hooks: UserModeHooks,
  ) {
    this.cpus = Array.from({ length: cpus }, (_, id) => ({
      id,
      task: null,
      since_ns: 0,
      burst_ns: 0,
      burst_start_ns: 0,
      next_tick_ns: ZERO_NS,
      need_resched: false,
    }));
    this.#idle_cpus = cpus;
    // kernel/sched/fair.c: defaults scale with 1 + log2(CPUs), at most 8 of them.
    const factor = 1 + Math.floor(31 - Math.clz32(Math.min(cpus, 8)));
    this.#latency_ns = 6_000_000 * factor;
    this.#min_granularity_ns = 750_000 * factor;
    this.#wakeup_granularity_ns = 1_000_000 * factor;
  }

  get nr_running(): number {
    let running = this.#rq.size;
    for (const cpu of this.cpus) if (cpu.task !== null) running++;
    return running;
  }

  /** Tasks that wait for a CPU. */
  get runnable(): readonly Task[] {
    return this.#rq.tasks;
  }

  /** CPU the current task is on; 0 when none is running. */
  get this_cpu(): number {
    return this.current === null ? 0 : Math.max(0, this.current.cpu);
  }

  /** Gives a new task its place and makes it runnable. */
  wake_up_new_task(task: Task): void {
    task.slot = this.#free_slots.pop() ?? this.#slots.length;
    this.#slots[task.slot] = task;
    // place_entity(): START_DEBIT, a new task waits for a slice first.
    task.vruntime_ns = Math.max(
      this.#min_vruntime_ns + this.#sched_slice_ns(1),
      this.current?.vruntime_ns ?? 0,
    );
    task.start_ns = this.sim.nowNs;
    task.state = TASK_RUNNING;
    this.#enqueue(task);
  }

  /** Ends a sleep, whatever kind it is. Does nothing to a task that is not asleep. */
  wake(task: Task): void {
    if (task.state === TASK_RUNNING || task.state >= EXIT_ZOMBIE) return;
    this.#cancel_timer(task);
    task.state = TASK_RUNNING;
    // place_entity(): sleepers get at most half a latency period of credit.
    task.vruntime_ns = Math.max(
      task.vruntime_ns,
      this.#min_vruntime_ns - Math.floor(this.#latency_ns / 2),
    );
    this.#enqueue(task);
  }

  /** Wakes a task that is in one of the sleeps a fatal signal ends. */
  signal_wake_up(task: Task): void {
    const s = task.state;
    if (s === TASK_INTERRUPTIBLE || s === TASK_KILLABLE || s === TASK_STOPPED) this.wake(task);
  }

  /** Releases a dead task's slot. */
  release(task: Task): void {
    task.state = EXIT_DEAD;
    this.#slots[task.slot] = null;
    this.#free_slots.push(task.slot);
  }

  /** Engine event EVENT_CPU: the burst of the task on this CPU is over. */
  on_cpu(id: number): void {
    const cpu = this.cpus[id]!;
    const task = cpu.task!;
    task.vruntime_ns += cpu.burst_ns;
    if (task.memstall > 0) this.hooks.memstall_burst(task, this.sim.nowNs - cpu.burst_ns);
    if (task.vruntime_ns > this.#min_vruntime_ns) {
      const first = this.#rq.peek();
      const least =
        first === null ? task.vruntime_ns : Math.min(first.vruntime_ns, task.vruntime_ns);
      if (least > this.#min_vruntime_ns) this.#min_vruntime_ns = least;
    }
    if (this.sim.nowNs >= cpu.next_tick_ns) this.#task_tick(cpu, task);
    if (cpu.need_resched && !task.no_resched) {
      cpu.need_resched = false;
      const first = this.#rq.peek();
      if (first !== null && first.vruntime_ns <= task.vruntime_ns) {
        cpu.burst_ns = 0;
        this.#enqueue_waiting(task);
        this.#pick_next(cpu);
        return;
      }
    }
    this.#resume(cpu, task);
  }

  /** Engine event EVENT_TIMER: a sleep's time is up. */
  on_timer(slot: number): void {
    const task = this.#slots[slot]!;
    task.timer = -1;
    this.wake(task);
  }

  /** Asks for sleep until `expiry_ns` or a wake-up: `yield sched.sleep_until(task, …)`. */
  sleep_until(task: Task, expiry_ns: number, state: number): number {
    if (expiry_ns <= this.sim.nowNs) return spend(task, 0);
    task.timer = this.sim.schedule(expiry_ns, EVENT_TIMER, task.slot, 0);
    task.nap_state = state;
    return BLOCK;
  }

  /**
   * The last tick that came during the burst that has just ended (check_preempt_tick): the task has
   * had its slice, or another is far behind it.
   */
  #task_tick(cpu: Cpu, task: Task): void {
    const { tickNs } = this.jiffies;
    const tick_ns = this.jiffies.at(this.sim.nowNs) * tickNs;
    cpu.next_tick_ns = tick_ns + tickNs;
    const first = this.#rq.peek();
    if (first === null) return;
    const ran_ns = tick_ns - cpu.since_ns;
    const slice_ns = this.#sched_slice_ns(0);
    if (ran_ns > slice_ns) cpu.need_resched = true;
    else if (ran_ns >= this.#min_granularity_ns) {
      const vruntime_ns = task.vruntime_ns - (this.sim.nowNs - tick_ns);
      if (vruntime_ns - first.vruntime_ns > slice_ns) cpu.need_resched = true;
    }
  }

  /** What a task on one of the CPUs gets at a time, with `more` tasks beside those that wait. */
  #sched_slice_ns(more: number): number {
    const nr_running = Math.ceil((this.#rq.size + more) / this.cpus.length) + 1;
    return Math.max(Math.floor(this.#latency_ns / nr_running), this.#min_granularity_ns);
  }

  /** A task that woke up and has had much less than the one on its CPU gets it (check_preempt_wakeup). */
  #check_preempt_wakeup(task: Task): void {
    const cpu = this.cpus[task.last_cpu]!;
    const running = cpu.task!;
    const ran_ns = running === this.current ? 0 : this.sim.nowNs - cpu.burst_start_ns;
    const vdiff_ns = running.vruntime_ns + ran_ns - task.vruntime_ns;
    if (vdiff_ns > this.#wakeup_granularity_ns) cpu.need_resched = true;
  }

  /** Runs the task until it needs time or waits. */
  #resume(cpu: Cpu, task: Task): void {
    this.current = task;
    const wait = this.#run(task);
    this.current = null;
    if (wait === RUN) {
      cpu.burst_ns = task.burst_ns;
      cpu.burst_start_ns = this.sim.nowNs;
      this.sim.after(task.burst_ns, EVENT_CPU, cpu.id, task.pid);
      return;
    }
    cpu.burst_ns = 0;
    task.cpu = -1;
    if (wait === BLOCK) {
      task.state = sleep_state_of(task);
      task.nap_state = -1;
    }
    this.hooks.task_change(task);
    this.#pick_next(cpu);
  }

  #run(task: Task): number {
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      if (task.flow !== null) {
        const step = resume(task.flow);
        if (!step.done) {
          if (step.value === RUN && task.burst_ns === 0) {
            if (this.cpus[task.cpu]!.need_resched && !task.no_resched) return RUN;
            continue;
          }
          if (step.value === CALL) continue;
          if (step.value === BLOCK && this.#signal_pending_state(task)) continue;
          return step.value;
        }
        task.flow = task.callers?.pop() ?? null;
        if (task.flow !== null) continue;
        if (task.state >= EXIT_ZOMBIE) return DEAD;
      }
      this.hooks.exit_to_user_mode(task);
      if (task.flow !== null) continue;
      if (task.user === null) throw new Error(`kernel thread ${task.comm} returned`);
      const wait = task.user.run(task);
      if (wait === BLOCK && this.#signal_pending_state(task)) continue;
      if (wait !== ENTER) return wait;
    }
    throw new Error(`${task.comm} (${task.pid}) does not stop, and no time passes`);
  }

  /** A fatal signal is there already: the sleep that it would end does not begin. */
  #signal_pending_state(task: Task): boolean {
    if (!task.sigkill_pending || sleep_state_of(task) === TASK_UNINTERRUPTIBLE) return false;
    task.nap_state = -1;
    this.#cancel_timer(task);
    return true;
  }

  #cancel_timer(task: Task): void {
    if (task.timer < 0) return;
    this.sim.cancel(task.timer);
    task.timer = -1;
  }

  #enqueue(task: Task): void {
    this.#enqueue_waiting(task);
    this.hooks.task_change(task);
    if (this.#idle_cpus === 0) {
      this.#check_preempt_wakeup(task);
      return;
    }
    this.#idle_cpus--;
    this.#pick_next(this.#idle_cpu());
  }

  #idle_cpu(): Cpu {
    for (const cpu of this.cpus) if (cpu.task === null) return cpu;
    throw new Error('no CPU is idle');
  }

  #enqueue_waiting(task: Task): void {
    task.cpu = -1;
    this.#rq.push(task);
  }

  #pick_next(cpu: Cpu): void {
    const task = this.#rq.pop();
    cpu.task = task;
    if (task === null) {
      this.#idle_cpus++;
      return;
    }
    task.cpu = cpu.id;
    task.last_cpu = cpu.id;
    cpu.need_resched = false;
    cpu.since_ns = this.sim.nowNs;
    cpu.burst_start_ns = this.sim.nowNs;
    cpu.burst_ns = 0;
    this.sim.after(this.context_switch_ns, EVENT_CPU, cpu.id, task.pid);
  }
}

/** The state that a task is about to sleep in. */
function sleep_state_of(task: Task): number {
  return task.nap_state >= 0 ? task.nap_state : task.sleep_state;
}

/** Asks for `ns` of CPU time: `yield spend(task, ns)`. None is given at once, or as cond_resched(). */
export function spend(task: Task, ns: number): number {
  task.burst_ns = Math.max(0, Math.round(ns));
  return RUN;
}

/**
 * Waits until `callee` is done: `yield call(task, callee)`. As `yield* callee`, but that resumes all
 * flows that lie upon each other whenever the innermost goes on, and this `callee` alone: for one that
 * waits often, with many above it. What it has to say it leaves where its caller finds it.
 */
export function call(task: Task, callee: Flow<unknown>): number {
  task.callers ??= [];
  task.callers.push(task.flow!);
  task.flow = callee;
  return CALL;
}

/** A preemption point, where no time passes unless somebody else gets the CPU: `yield cond_resched(task)`. */
export function cond_resched(task: Task): number {
  return spend(task, 0);
}

/** schedule_timeout() in the given state: `yield schedule_timeout(…)`. */
export function schedule_timeout(
  sched: Scheduler,
  now_ns: number,
  task: Task,
  jiffies: number,
  state: number,
): number {
  if (state === TASK_KILLABLE && task.sigkill_pending) return spend(task, 0);
  return sched.sleep_until(task, sched.jiffies.timeoutExpiryNs(now_ns, jiffies), state);
}
