/** memory.high on the way back to user mode (mm/memcontrol.c: mem_cgroup_handle_over_high). */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { psi_memstall_enter, psi_memstall_leave } from '../sched/psi.js';
import { TASK_KILLABLE, type Task } from '../sched/task.js';
import { GFP_KERNEL } from './gfp.js';
import type { MemCgroup } from './mem_cgroup.js';
import { count_memcg_event, drain_all_stock, get_mem_cgroup_from_mm } from './memcontrol.js';
import { SWAP_CLUSTER_MAX, try_to_free_mem_cgroup_pages } from './vmscan.js';

const MEMCG_DELAY_PRECISION_SHIFT = 20;
const MEMCG_DELAY_SCALING_SHIFT = 14;
/** MEMCG_MAX_HIGH_DELAY_JIFFIES, in seconds. */
const MAX_HIGH_DELAY_HZ = 2;

/**
 * Reclaims what was charged over high. From 5.4 the task also sleeps, the longer the further over; from
 * 5.9 only when reclaim brings nothing any more.
 */
export function* mem_cgroup_handle_over_high(k: Kernel, t: Task): Flow {
  const nr_pages = t.memcg_nr_pages_over_high;
  t.memcg_nr_pages_over_high = 0;
  const memcg = get_mem_cgroup_from_mm(k, t.mm);
  let penalty = 0;
  let to_reclaim = nr_pages;
  let nr_retries = k.profile.high_retries;
  for (;;) {
    const reclaimed = yield* reclaim_high(k, t, memcg, to_reclaim);
    if (!k.profile.high_throttle) return;
    penalty = Math.min(high_delay_jiffies(k, memcg, nr_pages), MAX_HIGH_DELAY_HZ * k.jiffies.hz);
    // Too short to be worth a sleep.
    if (penalty <= Math.floor(k.jiffies.hz / 100)) return;
    if (k.profile.high_retries === 0 || (reclaimed === 0 && nr_retries-- === 0)) break;
    to_reclaim = SWAP_CLUSTER_MAX;
  }
  psi_memstall_enter(k, t);
  t.wchan = 'mem_cgroup_handle_over_high';
  const expiry = k.jiffies.timeoutExpiryNs(k.sim.nowNs, penalty);
  yield k.sched.sleep_until(t, expiry, TASK_KILLABLE);
  t.wchan = '';
  psi_memstall_leave(k, t);
}

/** Reclaims from a memcg and those above it that are over their high. Returns the pages freed. */
function* reclaim_high(k: Kernel, t: Task, memcg: MemCgroup, nr_pages: number): Flow<number> {
  let reclaimed = 0;
  for (let m: MemCgroup | null = memcg; m !== null && !m.is_root; m = m.parent) {
    if (m.memory.usage <= m.high) continue;
    count_memcg_event(k, m, 'high');
    psi_memstall_enter(k, t);
    reclaimed += yield* try_to_free_mem_cgroup_pages(k, t, m, nr_pages, GFP_KERNEL, true);
    psi_memstall_leave(k, t);
  }
  return reclaimed;
}

/** calculate_high_delay(): quadratic in the relative overage, scaled by the size of the charge. */
function high_delay_jiffies(k: Kernel, memcg: MemCgroup, nr_pages: number): number {
  let overage = 0;
  for (let m: MemCgroup | null = memcg; m !== null && !m.is_root; m = m.parent) {
    if (!Number.isFinite(m.high) || m.memory.usage <= m.high) continue;
    const high = Math.max(m.high, 1);
    const over = Math.floor(((m.memory.usage - high) * 2 ** MEMCG_DELAY_PRECISION_SHIFT) / high);
    overage = Math.max(overage, over);
  }
  if (overage === 0) return 0;
  let penalty = BigInt(overage) * BigInt(overage) * BigInt(k.jiffies.hz);
  penalty >>= BigInt(MEMCG_DELAY_PRECISION_SHIFT);
  penalty >>= BigInt(MEMCG_DELAY_SCALING_SHIFT);
  // A charge batch (32 or 64 pages) is the unit that the penalty is meant for.
  return Math.floor((Number(penalty) * nr_pages) / k.profile.memcg_charge_batch);
}

/** A write to memory.high: reclaims the excess once, from 5.6 for as long as that brings anything. */
export function* memory_high_write(k: Kernel, t: Task, memcg: MemCgroup, high: number): Flow {
  memcg.high = high;
  if (k.profile.high_retries > 0) drain_all_stock(k, memcg);
  let nr_retries = k.profile.high_retries;
  while (memcg.memory.usage > high && !t.sigkill_pending) {
    const excess = memcg.memory.usage - high;
    const reclaimed = yield* try_to_free_mem_cgroup_pages(k, t, memcg, excess, GFP_KERNEL, true);
    if (k.profile.high_retries === 0 || (reclaimed === 0 && nr_retries-- === 0)) return;
  }
}
