/** User page faults (mm/memory.c): anonymous and shared memory, swap-in, and what a failed one does. */

import type { Flow } from '../../engine/coroutine.js';
import { policy_nodemask } from '../cgroup/cpuset.js';
import { back_to_user_mode, has_exit_work } from '../entry.js';
import type { Kernel } from '../kernel.js';
import { spend } from '../sched/core.js';
import { force_sigkill, SIGBUS, SIGSEGV } from '../sched/signal.js';
import type { Task } from '../sched/task.js';
import { GFP_HIGHUSER_MOVABLE, GFP_KERNEL, GFP_KERNEL_ACCOUNT, GFP_NONE } from './gfp.js';
import { wakeup_kswapd } from './kswapd.js';
import type { MemCgroup } from './mem_cgroup.js';
import { mem_cgroup_oom_synchronize } from './memcg_oom.js';
import {
  alloc_kmem,
  burst_room,
  can_charge_fast,
  get_mem_cgroup_from_mm,
  mem_cgroup_cancel_charge,
  stocked_pages,
  try_charge,
  try_charge_fast,
} from './memcontrol.js';
import {
  add_mm_counter,
  add_mm_counter_fast,
  LRU_ACTIVE_ANON,
  LRU_INACTIVE_ANON,
  LRU_UNEVICTABLE,
  Mapping,
  type Mm,
  PageSet,
  type Vma,
} from './mm_types.js';
import { out_of_memory } from './oom_kill.js';
import {
  alloc_pages_fast,
  alloc_pages_slow,
  pages_above,
  put_pages,
  take_pages,
} from './page_alloc.js';
import { add_pages } from './rmap.js';

const PTRS_PER_PTE = 512;

export type FaultResult = 'done' | 'oom' | 'sigbus' | 'sigsegv';

/** The mapping of `vma` that new pages of (memcg, node) go to. */
export function open_mapping(vma: Vma, memcg: MemCgroup, node: number): Mapping {
  const last = vma.mappings[vma.mappings.length - 1];
  if (
    last !== undefined &&
    last.set.memcg === memcg &&
    last.set.node === node &&
    !last.set.frozen
  ) {
    return last;
  }
  return new Mapping(vma, new PageSet(vma.kind, memcg, node, false));
}

/** The list that a newly touched page goes to: up to 5.7 anonymous pages start out active. */
function new_page_lru(k: Kernel, vma: Vma): number {
  if (vma.locked) return LRU_UNEVICTABLE;
  if (vma.kind === 'shmem' || k.profile.lru_cost_model) return LRU_INACTIVE_ANON;
  return LRU_ACTIVE_ANON;
}

/** Puts `n` allocated and charged pages into a VMA. */
function map_pages(k: Kernel, t: Task, vma: Vma, memcg: MemCgroup, node: number, n: number): void {
  const mapping = open_mapping(vma, memcg, node);
  mapping.present += n;
  mapping.set.touched_ns = k.sim.nowNs;
  if (vma.kind === 'anon' && k.profile.split_rss_counting) add_mm_counter_fast(vma.mm, t, n);
  else add_mm_counter(vma.mm, vma.kind, n);
  vma.mm.mapped_span += n;
  vma.touched_pages += n;
  add_pages(k, mapping.set, new_page_lru(k, vma), n);
}

/** Page-table pages that `n` more mapped pages of this mm need and it has not. */
function pte_pages_needed(mm: Mm, n: number): number {
  return Math.max(0, Math.ceil((mm.mapped_span + n) / PTRS_PER_PTE) - mm.pte_pages);
}

/** Pages a burst may take from between the min and the low watermark. */
const BELOW_LOW_PAGES = 8;

/**
 * The hot path: touches up to `want` new pages of a VMA as long as they are to be had without
 * waiting, above the watermarks and below every limit. Returns how many; 0: use user_fault().
 */
export function touch_fast(k: Kernel, t: Task, vma: Vma, want: number): number {
  const mm = vma.mm;
  if (mm.unstable || vma.unmapped || mm.mmap_sem.contended) return 0;
  const node = k.numa_node(t);
  const memcg = get_mem_cgroup_from_mm(k, mm);
  let n = want;
  const pte = pte_pages_needed(mm, n);
  const above_low = pages_above(k, node, 'low') - pte;
  let mark: 'low' | 'min' = 'low';
  if (above_low > 0) n = Math.min(n, above_low);
  else {
    // The slow path's first attempt: kswapd is woken, and min is the limit (one node: no other
    // node could be above low).
    if (k.nodes.length > 1) return 0;
    wakeup_kswapd(k, k.nodes[node]!, 0);
    mark = 'min';
    n = Math.min(n, BELOW_LOW_PAGES, pages_above(k, node, 'min') - pte);
  }
  if (!memcg.is_root) {
    const stocked = stocked_pages(k, memcg);
    n = Math.min(n, Math.max(stocked, burst_room(k, memcg)) - pte);
  }
  if (n <= 0 || !try_charge_fast(k, memcg, n + pte)) return 0;
  take_pages(k, node, n + pte, mark);
  if (pte > 0) account_pte(k, mm, memcg, node, pte);
  map_pages(k, t, vma, memcg, node, n);
  return n;
}

function account_pte(k: Kernel, mm: Mm, memcg: MemCgroup, node: number, n: number): void {
  k.count_kmem(memcg, 'pgtables', node, n);
  mm.add_pgtables(memcg, n);
  mm.pte_pages += n;
}

/** One fault on a new page that is to be had without waiting, or nothing. The time is not yet paid. */
function fault_fast(k: Kernel, t: Task, vma: Vma): boolean {
  const { mm } = vma;
  const memcg = get_mem_cgroup_from_mm(k, mm);
  if (vma.unmapped || pte_pages_needed(mm, 1) > 0 || (mm.unstable && !vma.shared)) return false;
  if (!can_charge_fast(k, memcg, 1)) return false;
  const node = alloc_pages_fast(k, {
    gfp: GFP_HIGHUSER_MOVABLE,
    order: 0,
    node: k.numa_node(t),
    nodemask: policy_nodemask(t),
  });
  if (node < 0) return false;
  try_charge_fast(k, memcg, 1);
  map_pages(k, t, vma, memcg, node, 1);
  return true;
}

/** One fault on a new page, waiting as long as it takes (do_anonymous_page, shmem_fault). */
function* handle_mm_fault(k: Kernel, t: Task, vma: Vma): Flow<FaultResult> {
  if (vma.unmapped) return 'sigsegv';
  const mm = vma.mm;
  if (pte_pages_needed(mm, 1) > 0) {
    const memcg = get_mem_cgroup_from_mm(k, mm);
    const got = yield* alloc_kmem(k, t, memcg, 'pgtables', GFP_KERNEL_ACCOUNT, 1);
    if (got < 1) return 'oom';
    mm.add_pgtables(memcg, 1);
    mm.pte_pages++;
  }
  const ac = {
    gfp: GFP_HIGHUSER_MOVABLE,
    order: 0,
    node: k.numa_node(t),
    nodemask: policy_nodemask(t),
  };
  let node = alloc_pages_fast(k, ac);
  if (node < 0) node = yield* alloc_pages_slow(k, t, ac);
  if (node < 0) return 'oom';
  const memcg = get_mem_cgroup_from_mm(k, mm);
  if (!try_charge_fast(k, memcg, 1) && !(yield* try_charge(k, t, memcg, GFP_KERNEL, 1))) {
    put_pages(k, node, 1);
    return 'oom';
  }
  // The reaper has been here: what it took away must not silently come back as zeroes.
  if (mm.unstable && !vma.shared) {
    put_pages(k, node, 1);
    mem_cgroup_cancel_charge(k, memcg, 1);
    return 'sigbus';
  }
  map_pages(k, t, vma, memcg, node, 1);
  yield spend(t, k.costs.touchPageNs);
  return 'done';
}

/** Touches `n` new pages from user mode, by a fault each, unless a fatal signal comes first. */
export function* fault_pages(k: Kernel, t: Task, vma: Vma, n: number): Flow {
  const { mmap_sem } = vma.mm;
  for (let left = n; left > 0 && !t.sigkill_pending; ) {
    // As in user_fault(), but most faults need not wait, and a flow for each costs more than they do.
    if (!mmap_sem.contended && fault_fast(k, t, vma)) {
      mmap_sem.tryDownRead();
      t.memcg_may_oom = true;
      yield spend(t, k.costs.touchPageNs);
      t.memcg_may_oom = false;
      mmap_sem.upRead();
      t.memcg_in_oom = null;
      left--;
    } else if (yield* user_fault(k, t, vma)) left--;
    if (has_exit_work(t)) yield* back_to_user_mode(k, t);
  }
}

/** A user-mode fault with its ending: retried by the caller unless it returns true (page mapped). */
export function* user_fault(k: Kernel, t: Task, vma: Vma): Flow<boolean> {
  const { mmap_sem } = vma.mm;
  if (!mmap_sem.tryDownRead()) yield* mmap_sem.downRead(t);
  t.memcg_may_oom = true;
  let result: FaultResult = 'done';
  if (fault_fast(k, t, vma)) yield spend(t, k.costs.touchPageNs);
  else result = yield* handle_mm_fault(k, t, vma);
  t.memcg_may_oom = false;
  mmap_sem.upRead();
  if (result === 'sigbus') force_sigkill(k, t, SIGBUS);
  else if (result === 'sigsegv') force_sigkill(k, t, SIGSEGV);
  else if (result === 'oom') yield* pagefault_out_of_memory(k, t);
  else t.memcg_in_oom = null;
  return result === 'done';
}

/** A fault ended in VM_FAULT_OOM (mm/oom_kill.c: pagefault_out_of_memory). */
export function* pagefault_out_of_memory(k: Kernel, t: Task): Flow {
  if (t.memcg_in_oom !== null) {
    yield* mem_cgroup_oom_synchronize(k, t, t.memcg_in_oom);
    return;
  }
  if (!k.profile.pagefault_global_oom) {
    if (t.sigkill_pending) return;
    if (k.pagefault_ratelimit.allow(k.sim.nowNs)) {
      k.printk('Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF');
    }
    // The instruction is executed again at once: a spin, but one that takes time.
    yield spend(t, k.costs.syscallNs);
    return;
  }
  if (!k.oom_lock_try(t)) {
    yield spend(t, k.costs.syscallNs);
    return;
  }
  yield* out_of_memory(k, t, {
    memcg: null,
    gfp: GFP_NONE,
    order: 0,
    nodemask: null,
    node: k.numa_node(t),
    trigger: 'pagefault',
  });
  k.oom_lock_release(t);
}
