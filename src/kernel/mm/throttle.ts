import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { fatal_signal_pending, TASK_KILLABLE, type Task } from '../sched/task.js';
import { wakeup_kswapd } from './kswapd.js';
import type { Pgdat } from './mmzone.js';
import type { AllocContext } from './page_alloc.js';
import { zone_reclaimable_pages } from './vmscan.js';

/**
 * Free pages are above half of the min watermarks, or kswapd is beyond hope. Zones in which nothing can
 * be reclaimed do not count: kswapd could not help there.
 */
function allow_direct_reclaim(k: Kernel, pgdat: Pgdat): boolean {
  if (pgdat.kswapd_failures >= 16) return true;
  let free = 0;
  let reserve = 0;
  for (const zone of pgdat.zones) {
    if (zone_reclaimable_pages(k, zone) === 0) continue;
    free += zone.free;
    reserve += zone.min;
  }
  return reserve === 0 || free > reserve / 2;
}

/** The emergency reserves run low: throttle_direct_reclaim() comes before any direct reclaim. */
export function must_throttle(k: Kernel, t: Task, ac: AllocContext): boolean {
  return !t.kthread && !fatal_signal_pending(t) && !allow_direct_reclaim(k, k.nodes[ac.node]!);
}

/**
 * Direct reclaimers wait for kswapd: up to a second if they could not use file systems, otherwise
 * until it is better or they are killed. Returns true if the task was killed meanwhile.
 */
export function* throttle_direct_reclaim(k: Kernel, t: Task, ac: AllocContext): Flow<boolean> {
  const pgdat = k.nodes[ac.node]!;
  wakeup_kswapd(k, pgdat, ac.order);
  t.wchan = 'throttle_direct_reclaim';
  if (ac.gfp.fs) yield* wait_for_kswapd(k, t, pgdat, Number.POSITIVE_INFINITY);
  else yield* wait_for_kswapd(k, t, pgdat, k.jiffies.timeoutExpiryNs(k.sim.nowNs, k.jiffies.hz));
  t.wchan = '';
  return fatal_signal_pending(t);
}

/** wait_event_killable(pfmemalloc_wait, allow_direct_reclaim()), with or without a timeout. */
function* wait_for_kswapd(k: Kernel, t: Task, pgdat: Pgdat, limit_ns: number): Flow {
  const before = t.sleep_state;
  t.sleep_state = TASK_KILLABLE;
  while (!allow_direct_reclaim(k, pgdat) && !fatal_signal_pending(t) && k.sim.nowNs < limit_ns) {
    pgdat.pfmemalloc_wait.add(t);
    if (Number.isFinite(limit_ns)) yield k.sched.sleep_until(t, limit_ns, TASK_KILLABLE);
    else yield BLOCK;
  }
  t.sleep_state = before;
  pgdat.pfmemalloc_wait.delete(t);
}

/** kswapd made progress, or gave up: let throttled reclaimers look again. */
export function wake_throttled(k: Kernel, pgdat: Pgdat): void {
  if (pgdat.pfmemalloc_wait.size > 0 && allow_direct_reclaim(k, pgdat)) {
    pgdat.pfmemalloc_wait.wakeAll();
  }
}
