/** memory.high on the way back to user mode (mm/memcontrol.c: mem_cgroup_handle_over_high). */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { psi_memstall_enter, psi_memstall_leave } from '../sched/psi.js';
import { TASK_KILLABLE, type Task } from '../sched/task.js';
import { GFP_KERNEL } from './gfp.js';
import type { MemCgroup } from './mem_cgroup.js';
import { count_memcg_event } from './memcontrol.js';
import { try_to_free_mem_cgroup_pages } from './vmscan.js';

const MEMCG_DELAY_PRECISION_SHIFT = 20;
const MEMCG_DELAY_SCALING_SHIFT = 14;

/** Reclaims what was charged over high; from 5.4 the task also sleeps, the longer the further over. */
export function* mem_cgroup_handle_over_high(k: Kernel, t: Task): Flow {
  const nr_pages = t.memcg_nr_pages_over_high;
  const memcg = t.memcg_over_high;
  t.memcg_nr_pages_over_high = 0;
  t.memcg_over_high = null;
  if (memcg === null) return;
  yield* reclaim_high(k, t, memcg, nr_pages);
  if (!k.profile.high_throttle) return;
  const penalty = Math.min(
    high_delay_jiffies(k, memcg, nr_pages),
    2 * k.jiffies.hz, // MEMCG_MAX_HIGH_DELAY_JIFFIES
  );
  // Too short to be worth a sleep.
  if (penalty <= Math.floor(k.jiffies.hz / 100)) return;
  psi_memstall_enter(k, t);
  t.wchan = 'mem_cgroup_handle_over_high';
  const expiry = k.jiffies.timeoutExpiryNs(k.sim.nowNs, penalty);
  yield k.sched.sleep_until(t, expiry, TASK_KILLABLE);
  t.wchan = '';
  psi_memstall_leave(k, t);
}

function* reclaim_high(k: Kernel, t: Task, memcg: MemCgroup, nr_pages: number): Flow {
  for (let m: MemCgroup | null = memcg; m !== null && !m.is_root; m = m.parent) {
    if (m.memory.usage <= m.high) continue;
    count_memcg_event(k, m, 'high');
    psi_memstall_enter(k, t);
    yield* try_to_free_mem_cgroup_pages(k, t, m, nr_pages, GFP_KERNEL, true);
    psi_memstall_leave(k, t);
  }
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
