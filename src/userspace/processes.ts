/** Steps that make threads and processes. */
import type { Flow } from '../engine/coroutine.js';
import { cgroup_attach_process } from '../kernel/cgroup/cgroupfs.js';
import type { Kernel } from '../kernel/kernel.js';
import { sync_mm_rss } from '../kernel/mm/mm_types.js';
import { rescore_signal } from '../kernel/mm/oom_index.js';
import { complete_vfork_done, mmput } from '../kernel/sched/exit.js';
import { type CloneArgs, copy_process } from '../kernel/sched/fork.js';
import type { Task } from '../kernel/sched/task.js';
import type { ProcessSpec, Step, StepOf } from '../workload/types.js';
import { exec_mm } from './exec.js';
import { Program } from './program.js';
import { nanosleep } from './sleep.js';
import { set_oom_score_adj } from './steps.js';

/** A program for a child, with a random stream of its own. */
function child_program(program: Program, name: string, steps: readonly Step[]): Program {
  const { host } = program;
  return new Program(host, steps, name, 'child', host.children++);
}

function* clone(program: Program, t: Task, args: Omit<CloneArgs, 'vfork'>): Flow<Task | null> {
  const child = yield* copy_process(program.host.k, t, { ...args, vfork: false });
  if (child === null && !t.sigkill_pending) fail(program, 'clone', 'ENOMEM');
  return child;
}

export function fail(program: Program, call: string, error: string): void {
  program.host.failed_syscalls++;
  program.host.k.trace.on['oomsim:syscall_error']?.({ call, error });
}

/** What a spec asks of a new process before its program starts. */
function settle(program: Program, child: Task, spec: ProcessSpec): void {
  const { k } = program.host;
  if (spec.cgroup !== null) {
    const to = k.cgroups.get(spec.cgroup);
    if (to !== undefined) cgroup_attach_process(k, child, to);
  }
  if (spec.oomScoreAdj !== null) set_oom_score_adj(program, child, spec.oomScoreAdj);
}

export function* start_threads(program: Program, t: Task, step: StepOf<'threads'>): Flow {
  const steps: Step[] = [
    { op: 'anon', size: step.size, step: null, every: null },
    { op: 'hold', duration: null },
  ];
  const none = step.size.kind === 'constant' && step.size.value === 0;
  for (let i = 0; i < step.count && !t.sigkill_pending; i++) {
    const user = child_program(program, t.signal.leader.spec_name, none ? steps.slice(1) : steps);
    const { comm, spec_name } = t;
    if ((yield* clone(program, t, { comm, spec_name, user, mm: 'thread' })) === null) return;
  }
}

/** fork() and exec(): the children start with an address space of their own. */
export function* spawn_children(
  program: Program,
  t: Task,
  process: string,
  count: number | null,
): Flow {
  const spec = program.host.specs.get(process)!;
  for (let i = 0; i < (count ?? spec.count) && !t.sigkill_pending; i++) {
    const user = child_program(program, process, spec.program);
    const child = yield* clone(program, t, {
      comm: spec.comm,
      spec_name: process,
      user,
      mm: 'new',
    });
    if (child === null) return;
    child.flow = exec_child(program, child, spec);
  }
}

function* exec_child(program: Program, child: Task, spec: ProcessSpec): Flow {
  const { k } = program.host;
  yield* leave_mm(k, child);
  yield* exec_mm(k, child, k.exec);
  settle(program, child, spec);
}

/** exec() drops the address space that fork() gave. */
function* leave_mm(k: Kernel, child: Task): Flow {
  const { mm } = child;
  if (mm === null) return;
  complete_vfork_done(k, child);
  sync_mm_rss(mm, child);
  child.mm = null;
  rescore_signal(k, child.signal);
  mm.remove_user(child);
  yield* mmput(k, child, mm);
}

/** fork() without exec(): parent and child share their pages copy-on-write. */
export function* fork_children(
  program: Program,
  t: Task,
  process: string,
  count: number | null,
): Flow {
  const spec = program.host.specs.get(process)!;
  for (let i = 0; i < (count ?? spec.count) && !t.sigkill_pending; i++) {
    const user = child_program(program, process, spec.program);
    const args: CloneArgs = {
      comm: spec.comm,
      spec_name: process,
      user,
      mm: 'copy',
      vfork: false,
    };
    const child = yield* clone(program, t, args);
    if (child === null) return;
    settle(program, child, spec);
  }
}

/** clone(CLONE_VM), with or without CLONE_VFORK: two processes, one address space. */
export function* share_mm(program: Program, t: Task, process: string, vfork: boolean): Flow {
  const spec = program.host.specs.get(process)!;
  const user = child_program(program, process, spec.program);
  const before = (child: Task): void => settle(program, child, spec);
  user.before = before;
  const { comm } = spec;
  const child = yield* copy_process(program.host.k, t, {
    comm,
    spec_name: process,
    user,
    mm: 'share',
    vfork,
  });
  if (child === null && !t.sigkill_pending) fail(program, vfork ? 'vfork' : 'clone', 'ENOMEM');
}

/** Every process forks one more per generation; then all of them touch their memory. */
export function* bomb(program: Program, t: Task, step: StepOf<'bomb'>): Flow {
  const { k } = program.host;
  const every = (): Flow => nanosleep(k, t, program.draw(step.every));
  const { spec_name } = t.signal.leader;
  for (let left = step.generations - 1; left >= 0; left--) {
    const rest: Step[] = [
      { op: 'sleep', duration: step.every },
      { ...step, generations: left },
    ];
    const user = child_program(program, spec_name, rest);
    yield* clone(program, t, { comm: t.comm, spec_name, user, mm: 'copy' });
    yield* every();
    if (t.sigkill_pending) return;
  }
  program.begin_touching(t, 'anon', step.size, null, null);
  program.then_hold();
}
