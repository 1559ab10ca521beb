/** Background reclaim, one thread a node (mm/vmscan.c: kswapd, balance_pgdat). */
import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { spend } from '../sched/core.js';
import { psi_memstall_enter, psi_memstall_leave } from '../sched/psi.js';
import { TASK_INTERRUPTIBLE, type Task } from '../sched/task.js';
import type { Pgdat } from './mmzone.js';
import { zone_watermark_ok } from './page_alloc.js';
import { age_active_anon } from './shrink_lruvec.js';
import { wake_throttled } from './throttle.js';
import { DEF_PRIORITY, new_scan_control, shrink_nodes, snapshot_refaults } from './vmscan.js';

export const MAX_RECLAIM_RETRIES_KSWAPD = 16;

/** A zone is above its high watermark, or the node has no memory at all: nothing to do. */
function pgdat_balanced(pgdat: Pgdat): boolean {
  let managed = 0;
  for (const zone of pgdat.zones) {
    if (zone.managed > 0 && zone_watermark_ok(zone, 0, zone.high, 0)) return true;
    managed += zone.managed;
  }
  return managed === 0;
}

/** Wakes the node's kswapd unless it is hopeless or not needed. */
export function wakeup_kswapd(k: Kernel, pgdat: Pgdat, order: number): void {
  pgdat.kswapd_order = Math.max(pgdat.kswapd_order, order);
  if (pgdat.kswapd_wait.size === 0) return;
  if (pgdat.kswapd_failures >= MAX_RECLAIM_RETRIES_KSWAPD || pgdat_balanced(pgdat)) return;
  k.trace.on['vmscan:mm_vmscan_kswapd_wake']?.({ nid: pgdat.id, order });
  pgdat.kswapd_wait.wakeOne();
}

/** The thread: sleeps until woken, balances the node, naps HZ/10 to see if it stays balanced. */
export function* kswapd(k: Kernel, t: Task, pgdat: Pgdat): Flow {
  t.memalloc = true;
  for (;;) {
    yield* kswapd_try_to_sleep(k, t, pgdat);
    psi_memstall_enter(k, t);
    yield* balance_pgdat(k, t, pgdat);
    psi_memstall_leave(k, t);
  }
}

function* kswapd_try_to_sleep(k: Kernel, t: Task, pgdat: Pgdat): Flow {
  const hopeless = (): boolean => pgdat.kswapd_failures >= MAX_RECLAIM_RETRIES_KSWAPD;
  // Who is throttled looks again whenever kswapd is about to sleep (prepare_kswapd_sleep).
  pgdat.pfmemalloc_wait.wakeAll();
  if (hopeless() || pgdat_balanced(pgdat)) {
    pgdat.kswapd_wait.add(t);
    const until_ns = k.jiffies.timeoutExpiryNs(k.sim.nowNs, Math.ceil(k.jiffies.hz / 10));
    yield k.sched.sleep_until(t, until_ns, TASK_INTERRUPTIBLE);
    pgdat.kswapd_wait.delete(t);
    if (k.sim.nowNs < until_ns) return;
  }
  if (!hopeless() && !pgdat_balanced(pgdat)) return;
  pgdat.pfmemalloc_wait.wakeAll();
  k.trace.on['vmscan:mm_vmscan_kswapd_sleep']?.({ nid: pgdat.id });
  pgdat.kswapd_order = 0;
  pgdat.kswapd_wait.add(t);
  t.sleep_state = TASK_INTERRUPTIBLE;
  t.wchan = 'kswapd';
  yield BLOCK;
  t.wchan = '';
  pgdat.kswapd_wait.delete(t);
}

/** Reclaims, from gentle to urgent, until a usable zone is above its high watermark. */
function* balance_pgdat(k: Kernel, t: Task, pgdat: Pgdat): Flow {
  const target = pgdat.zones.reduce((sum, zone) => sum + Math.max(zone.high, 32), 0);
  const sc = new_scan_control({ kswapd: true, nr_to_reclaim: target });
  const nodes = [pgdat];
  let total = 0;
  for (sc.priority = DEF_PRIORITY; sc.priority >= 1; ) {
    if (pgdat_balanced(pgdat)) break;
    sc.nr_reclaimed = 0;
    if (k.swap.total > 0) {
      for (const memcg of k.memcg_preorder(k.root_mem_cgroup)) {
        age_active_anon(k, memcg.lruvecs[pgdat.id]!, sc);
      }
    }
    yield* shrink_nodes(k, t, nodes, sc, sc.priority);
    const cost_ns = sc.cost_ns;
    sc.cost_ns = 0;
    if (cost_ns > 0) yield spend(t, cost_ns);
    wake_throttled(k, pgdat);
    total += sc.nr_reclaimed;
    const raise_priority = sc.nr_scanned < sc.nr_to_reclaim || sc.nr_reclaimed === 0;
    if (raise_priority) sc.priority--;
    if (k.nr_writeback(pgdat.id) > 0 && sc.nr_reclaimed === 0) {
      // Everything found is on its way to the disk: wait for some of it.
      yield* k.congestion_wait(t, Math.ceil(k.jiffies.hz / 10));
    }
  }
  snapshot_refaults(k, k.root_mem_cgroup, nodes);
  if (total === 0 && !pgdat_balanced(pgdat)) pgdat.kswapd_failures++;
}
