/** Tasks: who runs, who waits and for what, and that the dead stay dead. */
import type { Cgroup } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import {
  EXIT_ZOMBIE,
  OOM_SCORE_ADJ_MIN,
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_RUNNING,
  TASK_STOPPED,
  TASK_UNINTERRUPTIBLE,
  type Task,
} from '../sched/task.js';
import { broken, equal } from './broken.js';

const name_of = (t: Task): string => `${t.comm} (${t.pid})`;

/** Threads of all processes, without those that fork has not let run yet. */
export function* all_tasks(k: Kernel): Generator<Task> {
  for (const leader of k.processes) {
    for (const t of leader.signal.threads) if (t.slot >= 0) yield t;
  }
}

export function check_tasks(k: Kernel): void {
  const on_cpu = tasks_on_cpus(k);
  const queued = new Set(k.sched.runnable);
  equal(k.sched.runnable.length, queued.size, () => 'tasks on the run queue');
  for (const t of queued)
    if (t.state !== TASK_RUNNING) broken(`${name_of(t)} queued, not runnable`);
  const waiting = waiting_tasks(k);
  let memdie = 0;
  let runnable = 0;
  let in_flight = 0;
  for (const t of all_tasks(k)) {
    if (t.memdie) memdie++;
    in_flight += t.pages_in_flight;
    if (t.state === TASK_RUNNING) {
      runnable++;
      if (on_cpu.has(t) === queued.has(t)) broken(`${name_of(t)} is runnable, but where?`);
      if (t.timer >= 0) broken(`${name_of(t)} runs with a timer`);
    } else if (t.state < EXIT_ZOMBIE) check_sleeper(k, t, waiting);
    else check_zombie(t);
    check_in_flight(t);
  }
  equal(on_cpu.size + queued.size, runnable, () => 'runnable tasks');
  equal(k.oom_victims, memdie, () => 'OOM victims');
  const held = k.pages_in_flight.reduce((sum, pages) => sum + pages, 0);
  equal(held, in_flight, () => 'pages in flight');
  check_oom_lock(k);
  check_cgroups(k);
}

function tasks_on_cpus(k: Kernel): Set<Task> {
  const tasks = new Set<Task>();
  for (const { id, task } of k.sched.cpus) {
    if (task === null) continue;
    if (task.state >= EXIT_ZOMBIE) broken(`${name_of(task)} runs after its exit`);
    if (task.state !== TASK_RUNNING) broken(`${name_of(task)} runs in its sleep`);
    if (task.cpu !== id) broken(`${name_of(task)} runs on CPU ${id}, believes ${task.cpu}`);
    tasks.add(task);
  }
  return tasks;
}

/** Tasks that somebody else will wake: on a wait queue, for a lock, a child, a core dump. */
function waiting_tasks(k: Kernel): Set<Task> {
  const waiting = new Set<Task>();
  for (const queue of k.wait_queues) for (const t of queue) waiting.add(t);
  for (const mm of k.mms) for (const t of mm.mmap_sem.waiters) waiting.add(t);
  for (const t of all_tasks(k)) {
    if (t.is_leader) {
      for (const parent of t.signal.wait_chldexit ?? []) waiting.add(parent);
      for (const thread of t.signal.core_done ?? []) waiting.add(thread);
    }
    if (!t.vfork_done && t.vfork_parent !== null) waiting.add(t.vfork_parent);
  }
  return waiting;
}

/** A sleeping task has a reason to wake. */
function check_sleeper(k: Kernel, t: Task, waiting: ReadonlySet<Task>): void {
  if (t.cpu !== -1) broken(`${name_of(t)} sleeps on CPU ${t.cpu}`);
  const by_signal =
    t.state === TASK_INTERRUPTIBLE || t.state === TASK_KILLABLE || t.state === TASK_STOPPED;
  if (by_signal && t.sigkill_pending) broken(`${name_of(t)} sleeps through its SIGKILL`);
  if (t.timer >= 0 || waiting.has(t) || k.panicked !== null) return;
  if (t.state === TASK_STOPPED && t.stop_pending) return;
  if (t.state === TASK_INTERRUPTIBLE && t.wchan === 'hold') return; // pause(): for a signal
  if (t.kthread && t.state === TASK_INTERRUPTIBLE && is_idle(k, t)) return;
  broken(`${name_of(t)} sleeps in ${t.wchan || 'nothing'} (state ${t.state}) and nothing wakes it`);
}

function is_idle(k: Kernel, t: Task): boolean {
  if (t === k.reaper.thread) return k.reaper.list.length === 0;
  return t.wchan === 'flush' && k.flusher.dirty_pages() === 0;
}

function check_zombie(t: Task): void {
  if (t.mm !== null) broken(`${name_of(t)} is dead and has an mm`);
  if (t.timer >= 0) broken(`${name_of(t)} is dead and has a timer`);
  if (t.cgroup.tasks.has(t)) broken(`${name_of(t)} is dead and listed in ${t.cgroup.path}`);
  if (t.memdie) broken(`${name_of(t)} is dead and still an OOM victim`);
}

/** Nothing is in the hands of a task that is not in the kernel. */
function check_in_flight(t: Task): void {
  const { pages_in_flight: pages, charges_in_flight: charges } = t;
  if (pages < 0 || charges < 0) broken(`${name_of(t)} placed more than it had`);
  if (t.flow !== null && t.state < EXIT_ZOMBIE) return;
  if (pages > 0) broken(`${name_of(t)} left the kernel with ${pages} pages in flight`);
  if (charges > 0) broken(`${name_of(t)} left the kernel with ${charges} pages charged`);
  if (t.memalloc && !t.kthread) broken(`${name_of(t)} left the kernel with PF_MEMALLOC`);
  if (t.memstall > 0 && !t.kthread) broken(`${name_of(t)} left the kernel in a memory stall`);
  if (t.sleep_state !== TASK_UNINTERRUPTIBLE && !t.kthread) {
    broken(`${name_of(t)} left the kernel with sleep state ${t.sleep_state}`);
  }
}

function check_oom_lock(k: Kernel): void {
  const { owner, waiters } = k.oom_lock;
  if (owner !== null && owner.state >= EXIT_ZOMBIE) broken(`oom_lock held by ${name_of(owner)}`);
  const next = waiters.first();
  if (owner === null && next !== null && next.state !== TASK_RUNNING) {
    broken(`oom_lock is free, but ${name_of(next)} waits for it`);
  }
}

/** Each live task is listed in its cgroup, and nobody else is. */
function check_cgroups(k: Kernel): void {
  let listed = 0;
  for (const cgroup of k.cgroups.values()) {
    for (const t of cgroup.tasks) {
      if (t.cgroup !== cgroup)
        broken(`${name_of(t)} listed in ${cgroup.path}, is in ${t.cgroup.path}`);
    }
    listed += cgroup.tasks.size;
    check_counts(cgroup);
    if (cgroup.memcg.cgroup !== null && !cgroup.memcg.online) {
      broken(`${cgroup.path} charges a dead memcg`);
    }
  }
  let live = 0;
  for (const leader of k.processes) {
    for (const t of leader.signal.threads) if (t.cgroup.tasks.has(t)) live++;
  }
  equal(listed, live, () => 'tasks in cgroups');
}

/** What the cgroup policy takes from numbers instead of going through the tasks. */
function check_counts({ path, tasks, dying, nr_tasks, nr_immune, nr_victims }: Cgroup): void {
  const signals = [...tasks, ...dying].map(({ signal }) => signal);
  const immune = signals.filter(({ oom_score_adj }) => oom_score_adj === OOM_SCORE_ADJ_MIN);
  const victims = signals.filter(({ oom_mm }) => oom_mm !== null);
  equal(nr_tasks, signals.length, () => `tasks of ${path}`);
  equal(nr_immune, immune.length, () => `tasks of ${path} with oom_score_adj -1000`);
  equal(nr_victims, victims.length, () => `OOM victims in ${path}`);
}
