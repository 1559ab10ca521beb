/** Charging pages to memory cgroups (mm/memcontrol.c, v4.15 and, by switch, later). Pages. */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { psi_memstall_enter, psi_memstall_leave } from '../sched/psi.js';
import { fatal_signal_pending, type Task, tsk_is_oom_victim } from '../sched/task.js';
import type { Gfp } from './gfp.js';
import { hold_charge, place_charge } from './in_flight.js';
import {
  type KmemKind,
  type MemCgroup,
  type MemcgEvent,
  mem_cgroup_is_descendant,
  memcg_memory_event,
} from './mem_cgroup.js';
import { mem_cgroup_charge_oom, memcg_oom_recover } from './memcg_oom.js';
import type { Mm } from './mm_types.js';
import { rescore_memcg } from './oom_index.js';
import { alloc_pages_fast, alloc_pages_slow, free_pages, put_pages } from './page_alloc.js';
import {
  page_counter_charge,
  page_counter_try_charge,
  page_counter_uncharge,
} from './page_counter.js';
import { try_to_free_mem_cgroup_pages } from './vmscan.js';

/** Per-CPU cache of charges for one memcg (struct memcg_stock_pcp). */
export interface MemcgStock {
  cached: MemCgroup | null;
  nr_pages: number;
}

/** The memcg that pages of an address space are charged to: its owner's. */
export function get_mem_cgroup_from_mm(k: Kernel, mm: Mm | null): MemCgroup {
  return mm?.owner?.cgroup.memcg ?? k.root_mem_cgroup;
}

export function count_memcg_event(k: Kernel, memcg: MemCgroup, event: MemcgEvent): void {
  memcg_memory_event(memcg, event);
  k.trace.on['oomsim:memcg_event']?.({ memcg: memcg.path, event });
}

/** A task is about to charge `memcg`, which must not go away meanwhile. */
function css_get(memcg: MemCgroup): void {
  memcg.refs++;
}

function css_put(k: Kernel, memcg: MemCgroup): void {
  memcg.refs--;
  k.css_put_if_dead(memcg);
}

/** Pages that still fit below a memcg's own limit. */
export function mem_cgroup_margin(memcg: MemCgroup): number {
  return Math.max(0, memcg.memory.max - memcg.memory.usage);
}

/** Pages that can be charged without meeting any limit on the way up, not counting stocks. */
export function charge_room(memcg: MemCgroup): number {
  let room = Number.POSITIVE_INFINITY;
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) {
    if (m.memory.max - m.memory.usage < room) room = m.memory.max - m.memory.usage;
  }
  return Math.max(0, room);
}

/**
 * Pages that one burst of a user program may charge: what fits below every limit, and above memory.high a
 * batch, after which the task reclaims on its way back to user mode.
 */
export function burst_room(k: Kernel, memcg: MemCgroup): number {
  const batch = k.profile.memcg_charge_batch;
  let room = Number.POSITIVE_INFINITY;
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) {
    const { usage, max } = m.memory;
    room = Math.min(room, max - usage, Math.max(batch, m.high - usage));
  }
  return Math.max(0, room);
}

/** Pages of this CPU's stock that are for `memcg`. */
export function stocked_pages(k: Kernel, memcg: MemCgroup): number {
  const stock = k.memcg_stocks[k.sched.this_cpu]!;
  return stock.cached === memcg ? stock.nr_pages : 0;
}

function consume_stock(k: Kernel, memcg: MemCgroup, n: number): boolean {
  const stock = k.memcg_stocks[k.sched.this_cpu]!;
  if (stock.cached !== memcg || stock.nr_pages < n) return false;
  stock.nr_pages -= n;
  memcg.stocked -= n;
  hold_charge(k, memcg, n);
  return true;
}

function drain_stock(k: Kernel, stock: MemcgStock): void {
  const old = stock.cached;
  if (old !== null && stock.nr_pages > 0) {
    const n = stock.nr_pages;
    stock.nr_pages = 0;
    old.stocked -= n;
    page_counter_uncharge(old.memory, n);
    k.css_put_if_dead(old);
  }
  stock.cached = null;
}

function refill_stock(k: Kernel, memcg: MemCgroup, n: number): void {
  const stock = k.memcg_stocks[k.sched.this_cpu]!;
  if (stock.cached !== memcg) {
    drain_stock(k, stock);
    stock.cached = memcg;
  }
  // It was short, or this had not come: with the rest of a batch it is below a whole one.
  stock.nr_pages += n;
  memcg.stocked += n;
}

/** Gives back what all CPUs have cached for memcgs below `root`. */
export function drain_all_stock(k: Kernel, root: MemCgroup): void {
  for (const stock of k.memcg_stocks) {
    if (stock.cached !== null && mem_cgroup_is_descendant(stock.cached, root)) {
      drain_stock(k, stock);
    }
  }
}

/** What follows a successful charge: surplus to the stock, and a note if a level is over its high. */
function done_restock(k: Kernel, memcg: MemCgroup, batch: number, n: number): void {
  hold_charge(k, memcg, n);
  if (batch > n) refill_stock(k, memcg, batch - n);
  const t = k.sched.current;
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) {
    if (m.memory.usage <= m.high) continue;
    if (t !== null) t.memcg_nr_pages_over_high += batch;
    break;
  }
}

/** Whether try_charge_fast() will succeed. */
export function can_charge_fast(k: Kernel, memcg: MemCgroup, n: number): boolean {
  return memcg.is_root || stocked_pages(k, memcg) >= n || charge_room(memcg) >= n;
}

/** The part of try_charge() that can't wait: `n` pages from the stock or below every limit. */
export function try_charge_fast(k: Kernel, memcg: MemCgroup, n: number): boolean {
  if (memcg.is_root || consume_stock(k, memcg, n)) return true;
  const batch = Math.max(k.profile.memcg_charge_batch, n);
  const room = charge_room(memcg);
  if (room < n) return false;
  const charged = room >= batch ? batch : n;
  page_counter_charge(memcg.memory, charged);
  done_restock(k, memcg, charged, n);
  return true;
}

/**
 * Charges `n` pages, reclaiming or, where the kernel does so here, killing to make room. Returns
 * false for -ENOMEM. `may_oom` is set for user faults of ≤ 4.18, whose end handles the OOM.
 */
export function* try_charge(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  gfp: Gfp,
  n: number,
): Flow<boolean> {
  if (memcg.is_root) return true;
  css_get(memcg);
  const charged = yield* charge_or_reclaim(k, t, memcg, gfp, n);
  css_put(k, memcg);
  return charged;
}

function* charge_or_reclaim(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  gfp: Gfp,
  n: number,
): Flow<boolean> {
  const { profile } = k;
  let batch = Math.max(profile.memcg_charge_batch, n);
  let nr_retries = profile.memcg_reclaim_retries;
  let drained = false;
  let passed_oom = false;
  for (;;) {
    if (consume_stock(k, memcg, n)) return true;
    const refused = page_counter_try_charge(memcg.memory, batch);
    if (refused === null) {
      done_restock(k, memcg, batch, n);
      return true;
    }
    if (batch > n) {
      batch = n;
      continue;
    }
    const over = memcg_of_counter(memcg, refused);
    if (must_force(k, t)) return force_charge(k, memcg, n);
    if (t.memcg_in_oom !== null || !gfp.direct_reclaim) return nomem(k, memcg, gfp, n);
    count_memcg_event(k, over, 'max');
    psi_memstall_enter(k, t);
    const reclaimed = yield* try_to_free_mem_cgroup_pages(k, t, over, n, gfp, true);
    psi_memstall_leave(k, t);
    if (mem_cgroup_margin(over) >= n) continue;
    if (!drained) {
      drain_all_stock(k, over);
      drained = true;
      continue;
    }
    if (gfp.noretry) return nomem(k, memcg, gfp, n);
    // No retry is used up while reclaim makes any progress for a small charge: there is no bound.
    if (reclaimed > 0 && n <= 8) continue;
    if (nr_retries-- > 0) continue;
    if (gfp.nofail) return force_charge(k, memcg, n);
    if (fatal_signal_pending(t) && profile.dying_force_charge) return force_charge(k, memcg, n);
    if (passed_oom && task_is_dying(t)) return nomem(k, memcg, gfp, n);
    const oom = yield* mem_cgroup_charge_oom(k, t, over, gfp);
    if (oom === 'force') return force_charge(k, memcg, n);
    if (oom === 'nomem') return nomem(k, memcg, gfp, n);
    passed_oom = true;
    nr_retries = profile.memcg_reclaim_retries;
  }
}

function memcg_of_counter(memcg: MemCgroup, counter: MemCgroup['memory']): MemCgroup {
  let m = memcg;
  while (m.memory !== counter) m = m.parent!;
  return m;
}

/** Tasks that must not be held up by a limit: dying ones (≤ 5.9) and those that reclaim memory. */
function must_force(k: Kernel, t: Task): boolean {
  if (t.memalloc) return true;
  return k.profile.dying_force_charge && task_is_dying(t);
}

export function task_is_dying(t: Task): boolean {
  return tsk_is_oom_victim(t) || fatal_signal_pending(t) || t.exiting;
}

/** Charges `n` pages, limits or not. */
export function force_charge(k: Kernel, memcg: MemCgroup, n: number): true {
  if (memcg.is_root) return true;
  page_counter_charge(memcg.memory, n);
  hold_charge(k, memcg, n);
  return true;
}

function nomem(k: Kernel, memcg: MemCgroup, gfp: Gfp, n: number): boolean {
  if (gfp.nofail) return force_charge(k, memcg, n);
  return false;
}

/** Takes back a charge that no page was placed for. */
export function mem_cgroup_cancel_charge(k: Kernel, memcg: MemCgroup, n: number): void {
  place_charge(k, memcg, n);
  mem_cgroup_uncharge(k, memcg, n);
}

/** Gives `n` charged pages back and wakes whoever waits for an OOM around here to pass. */
export function mem_cgroup_uncharge(k: Kernel, memcg: MemCgroup, n: number): void {
  if (n === 0 || memcg.is_root) return;
  page_counter_uncharge(memcg.memory, n);
  memcg_oom_recover(k, memcg);
  k.css_put_if_dead(memcg);
}

/**
 * Allocates `n` order-0 kernel pages one after the other, charged to `memcg` if `gfp.account`.
 * Returns how many it got; fewer than `n` means -ENOMEM.
 */
export function* alloc_kmem(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  kind: KmemKind,
  gfp: Gfp,
  n: number,
): Flow<number> {
  const fast = alloc_kmem_fast(k, t, memcg, kind, gfp, n);
  if (fast === n) return n;
  css_get(memcg);
  const slow = yield* alloc_charged_pages(k, t, memcg, kind, gfp, n - fast);
  css_put(k, memcg);
  return fast + slow;
}

/** The part of alloc_kmem() that can't wait. Returns how many pages it got. */
function alloc_kmem_fast(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  kind: KmemKind,
  gfp: Gfp,
  n: number,
): number {
  const owner = gfp.account ? memcg : k.root_mem_cgroup;
  const ac = { gfp, order: 0, node: k.numa_node(t), nodemask: null };
  for (let got = 0; got < n; got++) {
    if (!can_charge_fast(k, owner, 1)) return got;
    const node = alloc_pages_fast(k, ac);
    if (node < 0) return got;
    try_charge_fast(k, owner, 1);
    k.count_kmem(owner, kind, node, 1);
  }
  return n;
}

function* alloc_charged_pages(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  kind: KmemKind,
  gfp: Gfp,
  n: number,
): Flow<number> {
  for (let got = 0; got < n; got++) {
    const ac = { gfp, order: 0, node: k.numa_node(t), nodemask: null };
    let node = alloc_pages_fast(k, ac);
    if (node < 0) node = yield* alloc_pages_slow(k, t, ac);
    if (node < 0) return got;
    const owner = gfp.account ? memcg : k.root_mem_cgroup;
    if (!try_charge_fast(k, owner, 1) && !(yield* try_charge(k, t, owner, gfp, 1))) {
      put_pages(k, node, 1);
      k.trace.on['oomsim:charge_failure']?.({ memcg: memcg.path, nr_pages: 1 });
      return got;
    }
    k.count_kmem(owner, kind, node, 1);
  }
  return n;
}

/** Frees `n` kernel pages of `kind` charged to `memcg`. */
export function free_kmem(k: Kernel, memcg: MemCgroup, kind: KmemKind, n: number): void {
  if (n === 0) return;
  memcg.kmem[kind] -= n;
  rescore_memcg(memcg);
  if (memcg.kmem[kind] < 0) throw new Error(`kernel memory (${kind}) freed twice`);
  let left = n;
  // Kernel pages are not tracked by node one by one: the fullest-numbered node gives first.
  for (let node = k.nodes.length - 1; node >= 0 && left > 0; node--) {
    const now = Math.min(left, k.kmem_node[node]!);
    k.kmem_node[node]! -= now;
    free_pages(k, node, now);
    left -= now;
  }
  mem_cgroup_uncharge(k, memcg, n);
}
