/** What each step of a program does, as a flow of the task that runs it. */
import type { Flow } from '../engine/coroutine.js';
import { BLOCK } from '../engine/coroutine.js';
import { WaitQueue } from '../engine/wait_queue.js';
import { cgroup_attach_process } from '../kernel/cgroup/cgroupfs.js';
import type { Kernel } from '../kernel/kernel.js';
import { rescore_process } from '../kernel/mm/oom_index.js';
import { spend } from '../kernel/sched/core.js';
import { do_coredump } from '../kernel/sched/coredump.js';
import { do_group_exit } from '../kernel/sched/exit.js';
import { send_sigstop } from '../kernel/sched/signal.js';
import { do_signal_stop } from '../kernel/sched/stop.js';
import {
  OOM_SCORE_ADJ_MAX,
  OOM_SCORE_ADJ_MIN,
  type Signal,
  TASK_INTERRUPTIBLE,
  TASK_UNINTERRUPTIBLE,
  type Task,
} from '../kernel/sched/task.js';
import type { Step } from '../workload/types.js';
import { map_file, read_file, write_file, write_tmpfs } from './files.js';
import { fill_kernel_memory, fill_pipes, fill_sockets, open_files } from './kernel_memory.js';
import { churn, hold_mmap_sem, mlockall, mprotect_loop, unmap_all } from './memory.js';
import { probe } from './probe.js';
import { bomb, fork_children, share_mm, spawn_children, start_threads } from './processes.js';
import type { Program } from './program.js';
import { nanosleep } from './sleep.js';

const COMPUTE_BURST_NS = 1_000_000;
const AWAIT_POLL_NS = 5_000_000;

/** The flow of one step. Steps that touch memory of their own leave that to the program. */
export function step_flow(program: Program, t: Task, step: Step): Flow {
  switch (step.op) {
    case 'tmpfs':
      return write_tmpfs(program, t, step);
    case 'read':
      return read_file(program, t, step);
    case 'map':
      return map_file(program, t, step);
    case 'write':
      return write_file(program, t, step);
    case 'churn':
      return churn(program, t, program.draw(step.duration), step.every);
    case 'free':
      return unmap_all(program, t);
    case 'mlock':
      return mlockall(program, t, step.future);
    case 'threads':
      return start_threads(program, t, step);
    case 'spawn':
      return spawn_children(program, t, step.process, step.count);
    case 'fork':
      return fork_children(program, t, step.process, step.count);
    case 'clone_vm':
    case 'vfork':
      return share_mm(program, t, step.process, step.op === 'vfork');
    case 'bomb':
      return bomb(program, t, step);
    case 'pipes':
      return fill_pipes(program, t, step);
    case 'sockets':
      return fill_sockets(program, t, step);
    case 'fds':
      return open_files(program, t, step);
    case 'kmem':
      return fill_kernel_memory(program, t, step);
    case 'probe':
      return probe(program, t, step);
    case 'mmap_sem':
      return hold_mmap_sem(program, t, program.draw(step.duration));
    case 'mprotect':
      return mprotect_loop(program, t, program.draw(step.duration));
    default:
      return sleep_or_end(program, t, step);
  }
}

type SleepOrLess = Exclude<
  Step,
  {
    op:
      | 'tmpfs'
      | 'read'
      | 'map'
      | 'write'
      | 'churn'
      | 'free'
      | 'mlock'
      | 'threads'
      | 'spawn'
      | 'fork'
      | 'clone_vm'
      | 'vfork'
      | 'bomb'
      | 'pipes'
      | 'sockets'
      | 'fds'
      | 'kmem'
      | 'probe'
      | 'mmap_sem'
      | 'mprotect';
  }
>;

/** Steps in which processes spend most of their lives: one flow, not one that runs another. */
function sleep_or_end(program: Program, t: Task, step: SleepOrLess): Flow {
  const { k } = program.host;
  switch (step.op) {
    case 'sleep':
      return nanosleep(k, t, program.draw(step.duration));
    case 'at':
      return nanosleep(k, t, step.time - k.sim.nowNs);
    case 'hold':
      return nanosleep(k, t, program.draw(step.duration!)); // without an end it is no flow
    case 'wait':
      return wait_for_children(t);
    case 'compute':
      return compute(t, program.draw(step.duration));
    case 'core_dump':
      return do_coredump(k, t, program.draw(step.duration));
    case 'exit':
      return do_group_exit(k, t, step.code);
    default:
      return simple_step(program, t, step);
  }
}

type SimpleStep = Exclude<
  SleepOrLess,
  { op: 'sleep' | 'at' | 'hold' | 'wait' | 'compute' | 'core_dump' | 'exit' }
>;

/** Steps that take a line or two. */
function* simple_step(program: Program, t: Task, step: SimpleStep): Flow {
  const { host } = program;
  const { k } = host;
  switch (step.op) {
    case 'uninterruptible':
      t.wchan = 'uninterruptible';
      yield k.sched.sleep_until(t, k.sim.nowNs + program.draw(step.duration), TASK_UNINTERRUPTIBLE);
      t.wchan = '';
      return;
    case 'frozen_write':
      return yield* frozen_write(program, t);
    case 'ready':
      host.ready++;
      return;
    case 'await': {
      const limit = k.sim.nowNs + step.timeout;
      while (host.ready < step.count && k.sim.nowNs < limit && !t.sigkill_pending) {
        yield* nanosleep(k, t, AWAIT_POLL_NS);
      }
      return;
    }
    case 'stop':
      return send_sigstop(k, t);
    case 'oom_score_adj':
      return set_oom_score_adj(program, t, step.value);
    case 'comm':
      t.comm = step.value.slice(0, 15);
      return;
    case 'cgroup': {
      const to = k.cgroups.get(step.path);
      yield spend(t, k.costs.syscallNs);
      if (to !== undefined) cgroup_attach_process(k, t, to);
      else host.note_refused(`move of ${t.comm} (${t.pid}) to ${step.path}`, 'ENOENT');
      return;
    }
    case 'mmu_notifier':
      if (t.mm !== null && t.mm.notifiers !== 'blocking') {
        t.mm.notifiers = step.blocking ? 'blocking' : 'nonblocking';
      }
      return;
    case 'ignore':
      return host.ignore_signal(t, step.signal);
    case 'anon':
    case 'shm':
    case 'loop':
      throw new Error(`step ${step.op} is not a flow`);
  }
}

function* compute(t: Task, ns: number): Flow {
  for (let left = ns; left > 0 && !t.sigkill_pending; left -= COMPUTE_BURST_NS) {
    yield spend(t, Math.min(left, COMPUTE_BURST_NS));
  }
}

/** Blocks in D state while the file system is frozen; the signal has to wait too. */
function* frozen_write(program: Program, t: Task): Flow {
  const { host } = program;
  while (host.frozen) {
    host.frozen_waitq.add(t);
    t.wchan = 'sb_start_write';
    yield BLOCK;
  }
  t.wchan = '';
}

function* wait_for_children(t: Task): Flow {
  const before = t.sleep_state;
  t.sleep_state = TASK_INTERRUPTIBLE;
  while (t.signal.children.size > 0 && !t.sigkill_pending) {
    if (t.stop_pending) yield* do_signal_stop(t);
    t.wchan = 'wait';
    t.signal.wait_chldexit ??= new WaitQueue();
    t.signal.wait_chldexit.add(t);
    yield BLOCK;
  }
  t.signal.wait_chldexit?.delete(t);
  t.wchan = '';
  t.sleep_state = before;
}

/**
 * Writing /proc/self/oom_score_adj. Processes that share the mm without vfork get the same value
 * (fs/proc/base.c: __set_oom_adj).
 */
export function set_oom_score_adj(program: Program, t: Task, value: number): void {
  const { k } = program.host;
  const adj = Math.max(OOM_SCORE_ADJ_MIN, Math.min(OOM_SCORE_ADJ_MAX, value));
  change_oom_score_adj(k, t.signal, adj);
  k.trace.on['oom:oom_score_adj_update']?.({ pid: t.pid, comm: t.comm, oom_score_adj: adj });
  if (t.mm === null || !t.vfork_done) return;
  for (const user of t.mm.tasks) {
    if (user.signal === t.signal || !user.vfork_done) continue;
    change_oom_score_adj(k, user.signal, adj);
  }
}

function change_oom_score_adj(k: Kernel, signal: Signal, adj: number): void {
  rescore_process(k, signal, () => {
    signal.oom_score_adj = adj;
  });
}
