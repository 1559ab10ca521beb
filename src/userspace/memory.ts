/** Steps that use or lock memory that is already mapped. */
import type { Flow } from '../engine/coroutine.js';
import { back_to_user_mode, has_exit_work } from '../kernel/entry.js';
import type { Mapping } from '../kernel/mm/mm_types.js';
import { set_unevictable } from '../kernel/mm/rmap.js';
import { do_swap_page, swap_in } from '../kernel/mm/swap_in.js';
import { call, spend } from '../kernel/sched/core.js';
import { munmap } from '../kernel/sched/exit.js';
import { TASK_UNINTERRUPTIBLE, type Task } from '../kernel/sched/task.js';
import type { Variate } from '../workload/types.js';
import type { Program } from './program.js';
import { nanosleep } from './sleep.js';

const CHURN_BATCH_PAGES = 4096;

/** Uses everything the process has mapped, again and again. */
export function* churn(program: Program, t: Task, duration_ns: number, every: Variate): Flow {
  const { k } = program.host;
  const end_ns = k.sim.nowNs + duration_ns;
  while (k.sim.nowNs < end_ns && !t.sigkill_pending) {
    for (const vma of [...t.mm!.vmas()]) {
      for (const mapping of [...vma.mappings]) yield* use_mapping(program, t, mapping);
    }
    yield* back_to_user_mode(k, t);
    yield* nanosleep(k, t, program.draw(every));
  }
}

/** Reads or writes each page of a mapping once; what was swapped out comes back. */
function* use_mapping(program: Program, t: Task, mapping: Mapping): Flow {
  const { k } = program.host;
  mapping.set.touched_ns = k.sim.nowNs;
  for (let left = mapping.present; left > 0; left -= CHURN_BATCH_PAGES) {
    yield spend(t, Math.min(left, CHURN_BATCH_PAGES) * k.costs.scanPageNs);
  }
  while (mapping.swapped > 0 && !t.sigkill_pending) {
    yield call(t, swap_in(k, t, mapping, CHURN_BATCH_PAGES));
    if (has_exit_work(t)) yield* back_to_user_mode(k, t);
  }
  mapping.set.touched_ns = k.sim.nowNs;
}

/** munmap(2) of everything the process has mapped. */
export function unmap_all(program: Program, t: Task): Flow {
  const { k } = program.host;
  const mm = t.mm!;
  return munmap(k, t, mm, [...mm.vmas()], k.costs.freePageNs);
}

/** mlockall(2): everything mapped now and, if asked, later, becomes unevictable. */
export function* mlockall(program: Program, t: Task, future: boolean): Flow {
  const { k } = program.host;
  const mm = t.mm!;
  if (future) mm.lock_future = true;
  yield* mm.mmap_sem.downWrite(t);
  for (const vma of mm.vmas()) {
    vma.locked = true;
    for (const mapping of [...vma.mappings]) {
      while (mapping.swapped > 0 && !t.sigkill_pending) {
        // mm_populate() ignores errors.
        if ((yield* do_swap_page(k, t, mapping, CHURN_BATCH_PAGES)) < 0) break;
      }
      set_unevictable(k, mapping.set, true);
      yield spend(t, mapping.present * k.costs.scanPageNs);
    }
  }
  mm.mmap_sem.upWrite(t);
}

/** Holds mmap_sem for write and sleeps on it: the reaper cannot get in. */
export function* hold_mmap_sem(program: Program, t: Task, duration_ns: number): Flow {
  const { k } = program.host;
  const mm = t.mm!;
  yield* mm.mmap_sem.downWrite(t);
  t.wchan = 'mmap_sem held';
  yield k.sched.sleep_until(t, k.sim.nowNs + duration_ns, TASK_UNINTERRUPTIBLE);
  t.wchan = '';
  mm.mmap_sem.upWrite(t);
}

/** mprotect(2) over all of the memory, in a loop: mmap_sem is taken for write most of the time. */
export function* mprotect_loop(program: Program, t: Task, duration_ns: number): Flow {
  const { k } = program.host;
  const mm = t.mm!;
  const end_ns = k.sim.nowNs + duration_ns;
  while (k.sim.nowNs < end_ns && !t.sigkill_pending) {
    yield* mm.mmap_sem.downWrite(t);
    yield spend(t, k.costs.syscallNs + mm.anon_pages * k.costs.scanPageNs);
    mm.mmap_sem.upWrite(t);
    yield* back_to_user_mode(k, t);
    // At least a nanosecond: the loop ends when time has passed.
    yield spend(t, Math.max(1, k.costs.syscallNs));
  }
}
