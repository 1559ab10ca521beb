/**
 * The page allocator at page-count level (mm/page_alloc.c, v4.15): watermarks, the slow path and its
 * retry rules. Order > 0 takes 2^order pages; fragmentation is not modelled.
 */
import type { Flow } from '../../engine/coroutine.js';
import { cpuset_node_allowed } from '../cgroup/cpuset.js';
import type { Kernel } from '../kernel.js';
import { call, schedule_timeout, spend } from '../sched/core.js';
import { psi_memstall_enter, psi_memstall_leave } from '../sched/psi.js';
import { TASK_UNINTERRUPTIBLE, type Task, tsk_is_oom_victim } from '../sched/task.js';
import type { Gfp } from './gfp.js';
import { hold_pages, place_pages } from './in_flight.js';
import { wakeup_kswapd } from './kswapd.js';
import type { Zone } from './mmzone.js';
import { out_of_memory } from './oom_kill.js';
import { must_throttle } from './throttle.js';
import {
  COST_BURST_NS,
  fruitless_pass_ns,
  nothing_to_reclaim,
  trace_direct_reclaim_begin,
  trace_direct_reclaim_end,
  try_to_free_pages,
  zone_reclaimable_pages,
} from './vmscan.js';

export const MAX_RECLAIM_RETRIES = 16;
export const PAGE_ALLOC_COSTLY_ORDER = 3;

/** alloc_flags: which reserves an allocation may use. */
export const ALLOC_HIGH = 1; // half of min
export const ALLOC_HARDER = 2; // a quarter of what is left
export const ALLOC_OOM = 4; // half of what is left: OOM victims
export const ALLOC_NO_WATERMARKS = 8;
/** ... and that the cpuset of the current task binds it. */
export const ALLOC_CPUSET = 16;

type Mark = 'min' | 'low' | 'high';

/** What is asked for (struct alloc_context plus mask and order). */
export interface AllocContext {
  gfp: Gfp;
  order: number;
  /** Preferred node. */
  node: number;
  /** Nodes a mempolicy allows; null: all. */
  nodemask: readonly number[] | null;
}

/**
 * Zones in the order an allocation on `node` tries them: highest first, then the other nodes; only
 * those that the mempolicy and, with ALLOC_CPUSET, the current task's cpuset allow.
 */
export function zonelist(
  k: Kernel,
  ac: AllocContext,
  flags: number,
  hardwall: boolean,
): readonly Zone[] {
  const list = k.zonelists[ac.node]!;
  const { nodemask } = ac;
  const bound = (flags & ALLOC_CPUSET) !== 0 && (k.sched.current?.mems_allowed ?? null) !== null;
  if (nodemask === null && !bound) return list;
  return list.filter(
    ({ node }) =>
      (nodemask === null || nodemask.includes(node)) &&
      (!bound || cpuset_node_allowed(k, node, hardwall)),
  );
}

/** wmark_pages(): by the name of the property, V8 would look it up each time. */
function wmark_pages(zone: Zone, mark: Mark): number {
  if (mark === 'min') return zone.min;
  return mark === 'low' ? zone.low : zone.high;
}

/** zone_watermark_ok() for 2^order pages. */
export function zone_watermark_ok(
  zone: Zone,
  order: number,
  mark: number,
  flags: number,
  free = zone.free,
): boolean {
  let min = mark;
  if (flags & ALLOC_HIGH) min -= min >> 1;
  if (flags & ALLOC_OOM) min -= min >> 1;
  else if (flags & ALLOC_HARDER) min -= min >> 2;
  return free - ((1 << order) - 1) > min + zone.reserve;
}

/** Pages that can go out on `node` one by one before its zones are down to `mark`. */
export function pages_above(k: Kernel, node: number, mark: Mark): number {
  let room = 0;
  for (const zone of k.zonelists[node]!) {
    if (zone.node !== node) break;
    room += Math.max(0, zone.free - wmark_pages(zone, mark) - zone.reserve);
  }
  return room;
}

/** Hands out `n` pages of `node`, whose zones have them above `mark` (see pages_above). */
export function take_pages(k: Kernel, node: number, n: number, mark: Mark): void {
  let left = n;
  for (const zone of k.zonelists[node]!) {
    if (left === 0 || zone.node !== node) break;
    const room = zone.free - wmark_pages(zone, mark) - zone.reserve;
    const now = Math.min(left, Math.max(0, room));
    rmqueue(k, zone, now);
    left -= now;
  }
  if (left > 0) throw new Error('take_pages: more pages asked for than are above the watermark');
}

function rmqueue(k: Kernel, zone: Zone, n: number): void {
  zone.free -= n;
  zone.used += n;
  if (zone.free < 0) throw new Error(`zone ${zone.name} has a negative number of free pages`);
  hold_pages(k, zone.node, n);
}

/** Takes 2^order pages from the first zone whose watermark allows it; returns its node, or −1. */
export function get_page_from_freelist(
  k: Kernel,
  ac: AllocContext,
  mark: Mark,
  flags: number,
  hardwall = ac.gfp.hardwall,
): number {
  const pages = 1 << ac.order;
  for (const zone of zonelist(k, ac, flags, hardwall)) {
    const ok =
      (flags & ALLOC_NO_WATERMARKS) !== 0
        ? zone.free >= pages
        : zone_watermark_ok(zone, ac.order, wmark_pages(zone, mark), flags);
    if (!ok || zone.free < pages) continue;
    rmqueue(k, zone, pages);
    return zone.node;
  }
  return -1;
}

/**
 * Returns `n` pages of a node to its zones. Pages are fungible in the model: the highest zone is
 * filled first, as it was emptied first.
 */
export function free_pages(k: Kernel, node: number, n: number): void {
  let left = n;
  for (const zone of k.zonelists[node]!) {
    if (zone.node !== node) break;
    const now = Math.min(left, zone.used);
    zone.used -= now;
    zone.free += now;
    left -= now;
    if (left === 0) return;
  }
  if (left > 0) throw new Error('free_pages: a page was freed twice');
}

/** Gives back pages that were handed out and never placed anywhere. */
export function put_pages(k: Kernel, node: number, n: number): void {
  place_pages(k, node, n);
  free_pages(k, node, n);
}

/** alloc_pages(): 2^order pages. Returns their node, or −1 when the allocation failed. */
export function* alloc_pages(k: Kernel, t: Task, ac: AllocContext): Flow<number> {
  const node = alloc_pages_fast(k, ac);
  return node >= 0 ? node : yield* alloc_pages_slow(k, t, ac);
}

/** The part of alloc_pages() that can't wait: pages above the low watermark. Returns −1 if none. */
export function alloc_pages_fast(k: Kernel, ac: AllocContext): number {
  return get_page_from_freelist(k, ac, 'low', ALLOC_CPUSET, true);
}

function gfp_to_alloc_flags(gfp: Gfp): number {
  return gfp.atomic ? ALLOC_HIGH | ALLOC_HARDER : ALLOC_CPUSET;
}

/** Which reserves the task's state opens to it (__gfp_pfmemalloc_flags). */
function gfp_pfmemalloc_flags(t: Task): number {
  if (t.memalloc) return ALLOC_NO_WATERMARKS;
  return tsk_is_oom_victim(t) ? ALLOC_OOM : 0;
}

function wake_all_kswapds(k: Kernel, ac: AllocContext): void {
  for (const pgdat of k.nodes) {
    if (ac.nodemask !== null && !ac.nodemask.includes(pgdat.id)) continue;
    if (cpuset_node_allowed(k, pgdat.id, true)) wakeup_kswapd(k, pgdat, ac.order);
  }
}

/** What one trip through the slow path has found out so far. */
interface Slowpath {
  alloc_flags: number;
  no_progress_loops: number;
  /** Where pages were found; −1: nowhere so far. */
  node: number;
}

/** What alloc_pages() does when alloc_pages_fast() finds nothing (__alloc_pages_slowpath). */
export function* alloc_pages_slow(k: Kernel, t: Task, ac: AllocContext): Flow<number> {
  const alloc_flags = gfp_to_alloc_flags(ac.gfp);
  for (;;) {
    const state: Slowpath = { alloc_flags, no_progress_loops: 0, node: -1 };
    wake_all_kswapds(k, ac);
    state.node = get_page_from_freelist(k, ac, 'min', alloc_flags);
    if (state.node < 0) yield call(t, reclaim_and_retry(k, t, ac, state));
    if (state.node >= 0) return state.node;
    if (!ac.gfp.nofail) break;
    // __GFP_NOFAIL: never gives up (4.15: one ALLOC_HARDER attempt, then the slow path again).
    const node = alloc_pages_cpuset_fallback(k, ac, ALLOC_HARDER);
    if (node >= 0) return node;
    yield schedule_timeout(k.sched, k.sim.nowNs, t, 1, TASK_UNINTERRUPTIBLE);
  }
  warn_alloc(k, t, ac);
  return -1;
}

/** __alloc_pages_cpuset_fallback(): the cpuset binds unless that finds nothing. */
function alloc_pages_cpuset_fallback(k: Kernel, ac: AllocContext, flags: number): number {
  const node = get_page_from_freelist(k, ac, 'min', flags | ALLOC_CPUSET);
  return node >= 0 ? node : get_page_from_freelist(k, ac, 'min', flags);
}

/** Reclaim and the OOM killer in turns, until there are pages or no hope of any. */
function* reclaim_and_retry(k: Kernel, t: Task, ac: AllocContext, state: Slowpath): Flow {
  for (;;) {
    wake_all_kswapds(k, ac);
    const reserve_flags = gfp_pfmemalloc_flags(t);
    if (reserve_flags !== 0) state.alloc_flags = reserve_flags;
    state.node = get_page_from_freelist(k, ac, 'min', state.alloc_flags);
    if (state.node >= 0) return;
    if (!ac.gfp.direct_reclaim || t.memalloc) return;
    enter_direct_reclaim(k, t);
    let progress = 0;
    if (must_throttle(k, t, ac) || !nothing_to_reclaim(k, ac)) {
      progress = yield* try_to_free_pages(k, t, ac);
    } else {
      // What try_to_free_pages() does then. A flow of its own would cost more than the pass.
      trace_direct_reclaim_begin(k, ac);
      for (let left = fruitless_pass_ns(k); left > 0; left -= COST_BURST_NS) {
        yield spend(t, Math.min(left, COST_BURST_NS));
      }
      trace_direct_reclaim_end(k, 0);
    }
    leave_direct_reclaim(k, t);
    state.node = get_page_from_freelist(k, ac, 'min', state.alloc_flags);
    if (state.node >= 0) return;
    if (ac.gfp.noretry) return;
    if (ac.order > PAGE_ALLOC_COSTLY_ORDER && !ac.gfp.retry_mayfail) return;
    const retry = should_reclaim_retry(k, ac, state, progress);
    // congestion_wait(BLK_RW_ASYNC, HZ/10): the pages are on their way to the disk.
    if (retry === 'later') yield* k.congestion_wait(t, k.jiffies.hz / 10);
    if (retry !== 'no') continue;
    let did_some_progress = true;
    if (k.oom_lock_try(t)) {
      did_some_progress = yield* __alloc_pages_may_oom(k, t, ac, state);
      k.oom_lock_release(t);
      if (state.node >= 0) return;
    } else {
      // Somebody else is at it: give them a chance and try again.
      yield schedule_timeout(k.sched, k.sim.nowNs, t, 1, TASK_UNINTERRUPTIBLE);
    }
    // A victim that got nothing from the reserves must not wait for itself to die.
    if (tsk_is_oom_victim(t) && (state.alloc_flags & ALLOC_OOM) !== 0) return;
    if (!did_some_progress) return;
    state.no_progress_loops = 0;
  }
}

/** What is around a direct reclaim pass (__alloc_pages_direct_reclaim). */
function enter_direct_reclaim(k: Kernel, t: Task): void {
  psi_memstall_enter(k, t);
  t.memalloc = true;
}

function leave_direct_reclaim(k: Kernel, t: Task): void {
  t.memalloc = false;
  psi_memstall_leave(k, t);
}

/**
 * Whether another reclaim round makes sense: some zone would pass its min watermark if everything
 * reclaimable were reclaimed, and fewer than 16 rounds in a row brought nothing. `later`: once some
 * writes are done.
 */
function should_reclaim_retry(
  k: Kernel,
  ac: AllocContext,
  state: Slowpath,
  progress: number,
): 'no' | 'now' | 'later' {
  if (progress > 0 && ac.order <= PAGE_ALLOC_COSTLY_ORDER) state.no_progress_loops = 0;
  else state.no_progress_loops++;
  if (state.no_progress_loops > MAX_RECLAIM_RETRIES) return 'no';
  // The cpuset is not asked: what another node has keeps hope alive for all of the 16 rounds.
  for (const zone of zonelist(k, ac, 0, false)) {
    const reclaimable = zone_reclaimable_pages(k, zone);
    const available = reclaimable + zone.free;
    const ok = zone_watermark_ok(zone, ac.order, zone.min, state.alloc_flags, available);
    k.trace.on['oom:reclaim_retry_zone']?.({
      node: zone.node,
      zone: zone.name,
      order: ac.order,
      reclaimable,
      available,
      min_wmark: zone.min,
      no_progress_loops: state.no_progress_loops,
      wmark_check: ok,
    });
    if (!ok) continue;
    const write_pending = k.nr_writeback(zone.node) + k.flusher.dirty_pages(zone.node);
    return progress === 0 && 2 * write_pending > reclaimable ? 'later' : 'now';
  }
  return 'no';
}

/** The OOM killer's door, with oom_lock held. Returns whether there was progress, of any kind. */
function* __alloc_pages_may_oom(
  k: Kernel,
  t: Task,
  ac: AllocContext,
  state: Slowpath,
): Flow<boolean> {
  state.node = get_page_from_freelist(k, ac, 'high', ALLOC_CPUSET, true);
  if (state.node >= 0 || !may_oom(ac)) return false;
  const did_some_progress = yield* out_of_memory(k, t, {
    memcg: null,
    gfp: ac.gfp,
    order: ac.order,
    nodemask: ac.nodemask,
    node: ac.node,
    trigger: 'alloc',
  });
  if (!ac.gfp.nofail) return did_some_progress;
  state.node = alloc_pages_cpuset_fallback(k, ac, ALLOC_NO_WATERMARKS);
  return true;
}

function may_oom(ac: AllocContext): boolean {
  return ac.order <= PAGE_ALLOC_COSTLY_ORDER && !ac.gfp.retry_mayfail;
}

/** warn_alloc(): the failure is counted, and logged at most ten times in five seconds. */
function warn_alloc(k: Kernel, t: Task, ac: AllocContext): void {
  if (ac.gfp.nowarn) return;
  k.alloc_failures++;
  k.trace.on['oomsim:alloc_failure']?.({
    order: ac.order,
    gfp_flags: ac.gfp.text,
    in_flight: k.oom_victims > 0,
  });
  if (!k.warn_alloc_ratelimit.allow(k.sim.nowNs)) return;
  const mask = k.gfp_mask(ac.gfp);
  k.printk(`${t.comm}: page allocation failure: order:${ac.order}, mode:${mask}, nodemask=(null)`);
}
