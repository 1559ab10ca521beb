import type { Flow } from '../engine/coroutine.js';
import { back_to_user_mode } from '../kernel/entry.js';
import { GFP_HIGHUSER, GFP_KERNEL_ACCOUNT } from '../kernel/mm/gfp.js';
import { fault_pages } from '../kernel/mm/memory.js';
import { spend } from '../kernel/sched/core.js';
import { munmap } from '../kernel/sched/exit.js';
import { THREAD_STACK_PAGES } from '../kernel/sched/fork.js';
import type { Task } from '../kernel/sched/task.js';
import type { ProbeKind, StepOf } from '../workload/types.js';
import { borrow_pages } from './kernel_memory.js';
import { fail } from './processes.js';
import { map_area, type Program } from './program.js';
import { nanosleep } from './sleep.js';

/** What a failed call of each kind is called and returns. */
const FAILURE: Record<ProbeKind, readonly [string, string]> = {
  pipe: ['write', 'ENOMEM'],
  sock: ['send', 'ENOBUFS'],
  tmpfs: ['write', 'ENOMEM'],
  fork: ['fork', 'ENOMEM'],
  open: ['open', 'ENOMEM'],
  mmap: ['mmap', 'ENOMEM'],
};

/** Half a megabyte a call: a buffer of the usual size, written a few times. */
const PROBE_PAGES = 128;

/** Makes system calls that allocate in the kernel, one after the other; failures are counted. */
export function* probe(program: Program, t: Task, step: StepOf<'probe'>): Flow {
  const { k } = program.host;
  const end_ns = k.sim.nowNs + program.draw(step.duration);
  while (k.sim.nowNs < end_ns && !t.sigkill_pending) {
    if (!(yield* call(program, t, step.kind))) fail(program, ...FAILURE[step.kind]);
    yield* back_to_user_mode(k, t);
    yield* nanosleep(k, t, program.draw(step.every));
  }
}

function* call(program: Program, t: Task, kind: ProbeKind): Flow<boolean> {
  const { k } = program.host;
  switch (kind) {
    case 'pipe':
    case 'sock':
      return yield* borrow_pages(k, t, 'pipe', GFP_KERNEL_ACCOUNT, PROBE_PAGES);
    case 'tmpfs':
      return yield* borrow_pages(k, t, 'slab', { ...GFP_HIGHUSER, account: true }, PROBE_PAGES);
    case 'fork':
      // fork() here, exit and wait there: about the same again.
      yield spend(t, 2 * k.costs.forkNs);
      return yield* borrow_pages(k, t, 'kernel_stack', GFP_KERNEL_ACCOUNT, THREAD_STACK_PAGES + 8);
    case 'open':
      return yield* borrow_pages(k, t, 'slab', GFP_KERNEL_ACCOUNT, 1);
    case 'mmap':
      return yield* map_touch_unmap(program, t);
  }
}

/**
 * mmap, touch, munmap: the touching is a user fault, which is retried rather than failed. Giving the
 * pages back takes no time, as in the other calls.
 */
function* map_touch_unmap(program: Program, t: Task): Flow<boolean> {
  const { k } = program.host;
  const vma = map_area(t, 'anon', PROBE_PAGES);
  yield* fault_pages(k, t, vma, PROBE_PAGES);
  if (t.mm !== null && !t.sigkill_pending) yield* munmap(k, t, t.mm, [vma], 0);
  return true;
}
