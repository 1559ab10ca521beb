/** Bringing pages back from swap (mm/memory.c: do_swap_page). */

import type { Flow } from '../../engine/coroutine.js';
import { policy_nodemask } from '../cgroup/cpuset.js';
import type { Kernel } from '../kernel.js';
import { spend } from '../sched/core.js';
import { psi_memstall_enter, psi_memstall_leave } from '../sched/psi.js';
import { TASK_UNINTERRUPTIBLE, type Task } from '../sched/task.js';
import { GFP_HIGHUSER_MOVABLE, GFP_KERNEL } from './gfp.js';
import type { MemCgroup } from './mem_cgroup.js';
import {
  get_mem_cgroup_from_mm,
  mem_cgroup_cancel_charge,
  try_charge,
  try_charge_fast,
} from './memcontrol.js';
import { pagefault_out_of_memory } from './memory.js';
import {
  add_mm_counter,
  LRU_ACTIVE_ANON,
  LRU_INACTIVE_ANON,
  LRU_UNEVICTABLE,
  Mapping,
  PageSet,
} from './mm_types.js';
import { alloc_pages_fast, alloc_pages_slow, put_pages } from './page_alloc.js';
import { add_pages, move_pages, settle_pages } from './rmap.js';

/** A user fault on up to `n` swapped-out pages of a mapping. Returns how many are back. */
export function* swap_in(k: Kernel, t: Task, mapping: Mapping, n: number): Flow<number> {
  const { mmap_sem } = mapping.vma.mm;
  if (!mmap_sem.tryDownRead()) yield* mmap_sem.downRead(t);
  t.memcg_may_oom = true;
  const got = yield* do_swap_page(k, t, mapping, n);
  t.memcg_may_oom = false;
  mmap_sem.upRead();
  if (got < 0) yield* pagefault_out_of_memory(k, t);
  else t.memcg_in_oom = null;
  return Math.max(0, got);
}

/** Slots whose content is nowhere but on the device. */
const on_device = (set: PageSet): number => set.swapped - set.swapcache_clean - set.writeback;

/** Must be called with mmap_sem held. Returns the pages mapped, or −1 for VM_FAULT_OOM. */
export function* do_swap_page(k: Kernel, t: Task, mapping: Mapping, n: number): Flow<number> {
  const { set, vma } = mapping;
  const cached = Math.min(n, mapping.swapped, set.swapcache_clean);
  if (cached > 0) {
    set.swapcache_clean -= cached;
    move_pages(k, set, LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, cached);
    finish_swap_in(k, mapping, cached);
    yield spend(t, cached * k.costs.syscallNs);
    return cached;
  }
  if (mapping.swapped === 0) return 0;
  if (on_device(set) <= 0) {
    yield* wait_on_page_writeback(k, t, set);
    return 0;
  }
  const ac = { gfp: GFP_HIGHUSER_MOVABLE, order: 0, node: set.node, nodemask: policy_nodemask(t) };
  let node = alloc_pages_fast(k, ac);
  if (node < 0) node = yield* alloc_pages_slow(k, t, ac);
  if (node < 0) return -1;
  // mem_cgroup_try_charge(): whoever was charged when the page left, while it is there.
  const memcg = set.memcg.online ? set.memcg : get_mem_cgroup_from_mm(k, vma.mm);
  if (!try_charge_fast(k, memcg, 1) && !(yield* try_charge(k, t, memcg, GFP_KERNEL, 1))) {
    put_pages(k, node, 1);
    return -1;
  }
  psi_memstall_enter(k, t);
  const done_ns = k.swap.submit(k.sim.nowNs, 1);
  t.wchan = 'do_swap_page';
  yield k.sched.sleep_until(t, done_ns, TASK_UNINTERRUPTIBLE);
  t.wchan = '';
  psi_memstall_leave(k, t);
  if (mapping.swapped === 0 || on_device(set) <= 0) {
    // Another task has brought it back, or nobody wants it any more.
    put_pages(k, node, 1);
    mem_cgroup_cancel_charge(k, memcg, 1);
    return 0;
  }
  swapped_page_arrives(k, mapping, memcg, node);
  yield spend(t, k.costs.swapPageNs);
  return 1;
}

/** The page is on its way out: it can be had from the swap cache once it is written. */
function* wait_on_page_writeback(k: Kernel, t: Task, set: PageSet): Flow {
  for (const write of k.swap.writes) {
    if (write.set !== set) continue;
    t.wchan = 'wait_on_page_writeback';
    yield k.sched.sleep_until(t, write.done_ns, TASK_UNINTERRUPTIBLE);
    t.wchan = '';
    return;
  }
}

/**
 * The page read from swap is mapped by all who have an entry for it. It may be charged, and lie,
 * elsewhere than the one that left.
 */
function swapped_page_arrives(k: Kernel, mapping: Mapping, memcg: MemCgroup, node: number): void {
  const { set, vma } = mapping;
  const lru = vma.locked ? LRU_UNEVICTABLE : LRU_ACTIVE_ANON;
  if (set.memcg === memcg && set.node === node) {
    add_pages(k, set, lru, 1);
    finish_swap_in(k, mapping, 1);
    return;
  }
  const target = set_elsewhere(set, memcg, node);
  for (const m of [...set.mappings]) {
    if (m.swapped === 0) continue;
    m.swapped--;
    add_mm_counter(m.vma.mm, 'swap', -1);
    const twin = m.vma.mappings.find((other) => other.set === target) ?? new Mapping(m.vma, target);
    twin.present++;
    add_mm_counter(m.vma.mm, 'anon', 1);
  }
  add_pages(k, target, lru, 1);
  target.touched_ns = k.sim.nowNs;
  vma.mm.maj_flt++;
  settle_pages(k, target);
  settle_pages(k, set);
}

/** The set for pages of `set` that come back to another memcg or node. */
function set_elsewhere(set: PageSet, memcg: MemCgroup, node: number): PageSet {
  const last = set.elsewhere;
  if (last !== null && last.memcg === memcg && last.node === node) return last;
  const fresh = new PageSet(set.kind, memcg, node, false);
  fresh.frozen = true;
  set.elsewhere = fresh;
  return fresh;
}

function finish_swap_in(k: Kernel, mapping: Mapping, n: number): void {
  const { set, vma } = mapping;
  for (const m of set.mappings) {
    const now = Math.min(n, m.swapped);
    m.swapped -= now;
    m.present += now;
    add_mm_counter(m.vma.mm, 'swap', -now);
    add_mm_counter(m.vma.mm, 'anon', now);
  }
  set.touched_ns = k.sim.nowNs;
  vma.mm.maj_flt += n;
  settle_pages(k, set);
}
