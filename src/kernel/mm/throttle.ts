import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { fatal_signal_pending, TASK_KILLABLE, type Task } from '../sched/task.js';
import { wakeup_kswapd } from './kswapd.js';
import type { Pgdat } from './mmzone.js';
import type { AllocContext } from './page_alloc.js';

/** Free pages are above half of the min watermarks, or kswapd is beyond hope. */
function allow_direct_reclaim(pgdat: Pgdat): boolean {
  if (pgdat.kswapd_failures >= 16) return true;
  let free = 0;
  let reserve = 0;
  for (const zone of pgdat.zones) {
    free += zone.free;
    reserve += zone.min;
  }
  return reserve === 0 || free > reserve / 2;
}

/**
 * When the emergency reserves run low, direct reclaimers wait for kswapd: up to a second if they
 * could not use file systems, otherwise until it is better or they are killed. Returns true if the
 * task was killed meanwhile.
 */
export function* throttle_direct_reclaim(k: Kernel, t: Task, ac: AllocContext): Flow<boolean> {
  if (t.kthread || fatal_signal_pending(t)) return false;
  const pgdat = k.nodes[ac.node]!;
  if (allow_direct_reclaim(pgdat)) return false;
  wakeup_kswapd(k, pgdat, ac.order);
  if (!ac.gfp.fs) {
    yield* k.sched.sleep_until(t, k.sim.nowNs + 1_000_000_000, TASK_KILLABLE);
    return fatal_signal_pending(t);
  }
  const before = t.sleep_state;
  while (!allow_direct_reclaim(pgdat) && !fatal_signal_pending(t)) {
    pgdat.pfmemalloc_wait.add(t);
    t.sleep_state = TASK_KILLABLE;
    t.wchan = 'throttle_direct_reclaim';
    yield BLOCK;
  }
  pgdat.pfmemalloc_wait.delete(t);
  t.wchan = '';
  t.sleep_state = before;
  return fatal_signal_pending(t);
}

/** kswapd made progress, or gave up: let throttled reclaimers look again. */
export function wake_throttled(pgdat: Pgdat): void {
  if (pgdat.pfmemalloc_wait.size > 0 && allow_direct_reclaim(pgdat)) {
    pgdat.pfmemalloc_wait.wakeAll();
  }
}
