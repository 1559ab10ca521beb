/** Scanning the LRU lists of one memcg (mm/vmscan.c: get_scan_count, shrink_lruvec and below). */
import type { Kernel } from '../kernel.js';
import type { Lruvec } from './lruvec.js';
import {
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  type PageSet,
} from './mm_types.js';
import { int_sqrt } from './mmzone.js';
import { unprotected_pages } from './protection.js';
import {
  free_lru_pages,
  free_swap_and_cache,
  move_pages,
  pages_in_use,
  start_writeback,
  unmap_for_reclaim,
} from './rmap.js';
import { mem_cgroup_get_nr_swap_pages, swap_alloc } from './swap.js';
import { DEF_PRIORITY, type ScanControl, SWAP_CLUSTER_MAX } from './vmscan.js';

const ANON = 0;
const FILE = 1;
const is_file = (lru: number): boolean => lru >= LRU_INACTIVE_FILE;
const is_active = (lru: number): boolean => lru === LRU_ACTIVE_ANON || lru === LRU_ACTIVE_FILE;

/** How many pages to scan on each of the four evictable lists: sets sc.nr_to_scan. */
function get_scan_count(k: Kernel, lruvec: Lruvec, sc: ScanControl): void {
  scan_balance(k, lruvec, sc);
  for (let lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) {
    const size = lruvec.size[lru]!;
    let scan = unprotected_pages(k, lruvec.memcg, size, sc) >> sc.priority;
    if (scan === 0 && !lruvec.memcg.online) scan = Math.min(size, SWAP_CLUSTER_MAX);
    const fraction = is_file(lru) ? sc.file_fraction : sc.anon_fraction;
    // As integers: a share of 60/201, in floating point, loses a page now and then.
    sc.nr_to_scan[lru] = Math.floor((scan * fraction) / sc.denominator);
  }
}

/** Which lists to scan: sets the fractions and their denominator. */
function scan_balance(k: Kernel, lruvec: Lruvec, sc: ScanControl): void {
  const kinds = kinds_to_scan(k, lruvec, sc);
  if (kinds === 'by cost') {
    if (k.profile.lru_cost_model) share_by_cost(k, lruvec, sc);
    else share_by_rotation(k, lruvec, sc);
    return;
  }
  sc.anon_fraction = kinds === 'file' ? 0 : 1;
  sc.file_fraction = kinds === 'anon' ? 0 : 1;
  sc.denominator = 1;
}

function kinds_to_scan(
  k: Kernel,
  lruvec: Lruvec,
  sc: ScanControl,
): 'anon' | 'file' | 'equally' | 'by cost' {
  const swappiness = k.sysctl.swappiness;
  const global = sc.target_mem_cgroup === null;
  if (!sc.may_swap || mem_cgroup_get_nr_swap_pages(k, lruvec.memcg) <= 0) return 'file';
  if (!global && swappiness === 0) return 'file';
  if (sc.priority === 0 && swappiness !== 0) return 'equally';
  if (global && file_is_tiny(k, lruvec.node)) {
    const inactive = lruvec.size[LRU_INACTIVE_ANON]! >> sc.priority;
    if (inactive > 0 && !inactive_list_is_low(k, lruvec, LRU_INACTIVE_ANON, false)) {
      return 'anon';
    }
  }
  const inactive_file = lruvec.size[LRU_INACTIVE_FILE]! >> sc.priority;
  if (inactive_file > 0 && !inactive_list_is_low(k, lruvec, LRU_INACTIVE_FILE, false)) {
    return 'file';
  }
  return 'by cost';
}

/** Cache is so small that freeing it all would not get the node above its high watermarks. */
function file_is_tiny(k: Kernel, node: number): boolean {
  let free = 0;
  let high = 0;
  for (const zone of k.nodes[node]!.zones) {
    free += zone.free;
    high += zone.high;
  }
  const lru = k.node_lru[node]!;
  return lru[LRU_INACTIVE_FILE]! + lru[LRU_ACTIVE_FILE]! + free <= high;
}

/** ≤ 5.7: the share of a kind falls with that of its scanned pages that were rotated back. */
function share_by_rotation(k: Kernel, lruvec: Lruvec, sc: ScanControl): void {
  const { swappiness } = k.sysctl;
  const { recent_scanned, recent_rotated, size } = lruvec;
  for (let kind = ANON; kind <= FILE; kind++) {
    const pages = size[2 * kind]! + size[2 * kind + 1]!;
    if (recent_scanned[kind]! > pages / 4) {
      recent_scanned[kind] = Math.floor(recent_scanned[kind]! / 2);
      recent_rotated[kind] = Math.floor(recent_rotated[kind]! / 2);
    }
  }
  const ap = Math.floor((swappiness * (recent_scanned[ANON]! + 1)) / (recent_rotated[ANON]! + 1));
  const fp = Math.floor(
    ((200 - swappiness) * (recent_scanned[FILE]! + 1)) / (recent_rotated[FILE]! + 1),
  );
  sc.anon_fraction = ap;
  sc.file_fraction = fp;
  sc.denominator = ap + fp + 1;
}

/** ≥ 5.8: the share of a kind falls with what reclaiming it has cost. */
function share_by_cost(k: Kernel, lruvec: Lruvec, sc: ScanControl): void {
  const { swappiness } = k.sysctl;
  const sum = lruvec.anon_cost + lruvec.file_cost;
  const anon = sum + lruvec.anon_cost;
  const file = sum + lruvec.file_cost;
  const total = anon + file;
  const ap = Math.floor((swappiness * (total + 1)) / (anon + 1));
  const fp = Math.floor(((200 - swappiness) * (total + 1)) / (file + 1));
  sc.anon_fraction = ap;
  sc.file_fraction = fp;
  sc.denominator = ap + fp + 1;
}

/** Whether pages should move from the active to the inactive list of this kind. */
function inactive_list_is_low(
  k: Kernel,
  lruvec: Lruvec,
  inactive_lru: number,
  actual: boolean,
): boolean {
  if (!is_file(inactive_lru) && k.swap.total === 0) return false;
  const inactive = lruvec.size[inactive_lru]!;
  const active = lruvec.size[inactive_lru + 1]!;
  if (actual && is_file(inactive_lru) && lruvec.refaults !== lruvec.activations) {
    return active > 0;
  }
  const gb = Math.floor((inactive + active) / 262144);
  const ratio = gb > 0 ? int_sqrt(10 * gb) : 1;
  return inactive * ratio < active;
}

/**
 * Scans one memcg's lists until the counts are used up or, but for the first pass of direct reclaim, as
 * many pages as the whole run is to bring have come from this memcg alone.
 */
export function shrink_lruvec(k: Kernel, lruvec: Lruvec, sc: ScanControl): void {
  const anon = lruvec.size[LRU_INACTIVE_ANON]! + lruvec.size[LRU_ACTIVE_ANON]!;
  if (lruvec.file_pages === 0 && (anon === 0 || k.swap.total === 0)) return; // nothing to scan
  get_scan_count(k, lruvec, sc);
  const nr = sc.nr_to_scan;
  for (let lru = 0; lru < nr.length; lru++) sc.scan_targets[lru] = nr[lru]!;
  const before = sc.nr_reclaimed;
  let keep_going = sc.target_mem_cgroup === null && !sc.kswapd && sc.priority === DEF_PRIORITY;
  while (nr[LRU_INACTIVE_ANON]! + nr[LRU_ACTIVE_FILE]! + nr[LRU_INACTIVE_FILE]! > 0) {
    for (let lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) {
      const now = Math.min(nr[lru]!, SWAP_CLUSTER_MAX);
      if (now === 0) continue;
      nr[lru]! -= now;
      shrink_list(k, lruvec, lru, now, sc);
    }
    if (keep_going || sc.nr_reclaimed - before < sc.nr_to_reclaim) continue;
    if (!scan_in_proportion(nr, sc.scan_targets)) break;
    keep_going = k.profile.scan_in_proportion;
  }
  age_active_anon(k, lruvec, sc);
}

/**
 * The target is met: the kind of which less is left to scan is done, and the other is to be scanned to
 * the same percentage. Returns false if only one kind is left, which was scanned enough.
 */
function scan_in_proportion(nr: number[], targets: readonly number[]): boolean {
  const anon = nr[LRU_INACTIVE_ANON]! + nr[LRU_ACTIVE_ANON]!;
  const file = nr[LRU_INACTIVE_FILE]! + nr[LRU_ACTIVE_FILE]!;
  if (anon === 0 || file === 0) return false;
  const less = file > anon ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
  const more = file > anon ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
  const target = targets[less]! + targets[less + 1]! + 1;
  const left_percent = Math.floor((Math.min(anon, file) * 100) / target);
  nr[less] = 0;
  nr[less + 1] = 0;
  for (let lru = more; lru <= more + 1; lru++) {
    const scanned = targets[lru]! - nr[lru]!;
    nr[lru] = Math.max(0, Math.floor((targets[lru]! * (100 - left_percent)) / 100) - scanned);
  }
  return true;
}

/** Even where no anonymous page was scanned, some are aged: their lists are to stay in proportion. */
export function age_active_anon(k: Kernel, lruvec: Lruvec, sc: ScanControl): void {
  if (inactive_list_is_low(k, lruvec, LRU_INACTIVE_ANON, true)) {
    shrink_active_list(k, lruvec, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX, sc);
  }
}

function shrink_list(k: Kernel, lruvec: Lruvec, lru: number, n: number, sc: ScanControl): void {
  if (!is_active(lru)) shrink_inactive_list(k, lruvec, lru, n, sc);
  else if (inactive_list_is_low(k, lruvec, lru - 1, true)) {
    shrink_active_list(k, lruvec, lru, n, sc);
  }
}

/** What becomes of `pages` pages of a set that were taken off list `lru`. */
type Work = (
  k: Kernel,
  lruvec: Lruvec,
  lru: number,
  sc: ScanControl,
  set: PageSet,
  pages: number,
) => void;

/**
 * Takes up to `n` pages off a list, set by set in turn; `work` says what becomes of each part. Returns
 * how many it took.
 */
function scan_sets(
  k: Kernel,
  lruvec: Lruvec,
  lru: number,
  n: number,
  sc: ScanControl,
  work: Work,
): number {
  let left = Math.min(n, lruvec.size[lru]!);
  let scanned = left;
  const queue = lruvec.queues[lru]!;
  while (left > 0) {
    const set = queue.first();
    if (set === null) break;
    queue.delete(set);
    const pages = Math.min(left, set.lru[lru]!);
    if (pages === 0) continue; // emptied since it was queued
    left -= pages;
    work(k, lruvec, lru, sc, set, pages);
    if (set.lru[lru]! > 0) queue.add(set);
  }
  scanned -= left;
  lruvec.recent_scanned[is_file(lru) ? FILE : ANON]! += scanned;
  sc.cost_ns += scanned * k.costs.scanPageNs;
  return scanned;
}

/**
 * Deactivates pages: the accessed bits are cleared, executable pages in use stay. All in use count as
 * rotated; none counts as scanned (pgrefill, not pgscan).
 */
function shrink_active_list(
  k: Kernel,
  lruvec: Lruvec,
  lru: number,
  n: number,
  sc: ScanControl,
): void {
  scan_sets(k, lruvec, lru, n, sc, deactivate);
}

const deactivate: Work = (k, lruvec, lru, _sc, set, pages) => {
  const used = referenced(k, set, pages);
  const stay = set.exec ? used : 0;
  lruvec.recent_rotated[is_file(lru) ? FILE : ANON]! += used;
  move_pages(k, set, lru, lru - 1, pages - stay);
  set.cleared_ns = k.sim.nowNs;
};

/**
 * How many of `pages` scanned pages have been used since their accessed bit was last cleared. A set
 * is used as a whole: all of it or none, beside the fraction that the machine sets.
 */
function referenced(k: Kernel, set: PageSet, pages: number): number {
  if (set.touched_ns > set.cleared_ns) return pages;
  const permille = set.kind === 'file' ? k.reclaim.referencedFile : k.reclaim.referencedAnon;
  if (permille === 0) return 0;
  // Spread the fraction evenly instead of drawing: what is left over counts at the next scan.
  set.referenced_carry += pages * permille;
  const whole = Math.floor(set.referenced_carry / 1000);
  set.referenced_carry -= whole * 1000;
  return Math.min(pages, whole);
}

function shrink_inactive_list(
  k: Kernel,
  lruvec: Lruvec,
  lru: number,
  n: number,
  sc: ScanControl,
): void {
  const work = is_file(lru) ? shrink_file_part : shrink_anon_part;
  sc.nr_scanned += scan_sets(k, lruvec, lru, n, sc, work);
}

const shrink_file_part: Work = (k, lruvec, lru, sc, set, pages) => {
  const used = activate_referenced(k, lruvec, lru, set, pages);
  const freed = shrink_file_pages(k, lruvec, set, lru, pages - used);
  sc.nr_reclaimed += freed;
  sc.cost_ns += freed * k.costs.freePageNs;
};

const shrink_anon_part: Work = (k, lruvec, lru, sc, set, pages) => {
  const dropped = drop_swapcache(k, set, lru, pages);
  const used = activate_referenced(k, lruvec, lru, set, pages - dropped);
  swap_out_pages(k, lruvec, set, lru, pages - dropped - used, sc);
  sc.nr_reclaimed += dropped;
  sc.cost_ns += dropped * k.costs.freePageNs;
};

/** Pages that were used since they were last looked at go to the active list; returns how many. */
function activate_referenced(
  k: Kernel,
  lruvec: Lruvec,
  lru: number,
  set: PageSet,
  pages: number,
): number {
  const kind = is_file(lru) ? FILE : ANON;
  const used = referenced(k, set, pages);
  set.cleared_ns = k.sim.nowNs;
  if (used > 0) {
    move_pages(k, set, lru, lru + 1, used);
    lruvec.recent_rotated[kind]! += used;
    add_cost(lruvec, kind, used);
  }
  return used;
}

/** lru_note_cost(), ≥ 5.8. */
function add_cost(lruvec: Lruvec, kind: number, n: number): void {
  if (kind === FILE) lruvec.file_cost += n;
  else lruvec.anon_cost += n;
  let size = 0;
  for (let lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++) size += lruvec.size[lru]!;
  if (lruvec.anon_cost + lruvec.file_cost > size / 4) {
    lruvec.anon_cost = Math.floor(lruvec.anon_cost / 2);
    lruvec.file_cost = Math.floor(lruvec.file_cost / 2);
  }
}

/**
 * Clean cache is freed; dirty pages are left to the flusher and come back to the active list; those that
 * are being read are locked, and stay where they are.
 */
function shrink_file_pages(
  k: Kernel,
  lruvec: Lruvec,
  set: PageSet,
  lru: number,
  pages: number,
): number {
  const clean = Math.max(0, set.resident - set.writeback - set.dirty - set.reading);
  const free = Math.min(pages, clean);
  unmap_for_reclaim(set, free, false);
  free_lru_pages(k, set, lru, free);
  set.evicted += free;
  const dirty = Math.min(pages - free, set.dirty);
  if (dirty > 0) {
    move_pages(k, set, lru, lru + 1, dirty);
    lruvec.recent_rotated[FILE]! += dirty;
    k.wakeup_flusher();
  }
  return free;
}

/** Pages that have been written to swap since are freed. */
function drop_swapcache(k: Kernel, set: PageSet, lru: number, pages: number): number {
  const free = Math.min(pages, set.swapcache_clean);
  set.swapcache_clean -= free;
  free_lru_pages(k, set, lru, free);
  return free;
}

/** Pages get a slot and are on their way to the device, or stay. Nothing is free yet. */
function swap_out_pages(
  k: Kernel,
  lruvec: Lruvec,
  set: PageSet,
  lru: number,
  pages: number,
  sc: ScanControl,
): void {
  const room = sc.may_swap ? mem_cgroup_get_nr_swap_pages(k, set.memcg) : 0;
  // Pages that an unmapper has gathered are held by it and stay.
  const mapped = set.kind === 'anon' ? pages_in_use(set) : pages;
  const out = Math.min(pages, room, mapped);
  if (out > 0) {
    swap_alloc(k, set, out);
    unmap_for_reclaim(set, out, true);
    if (set.kind === 'anon') free_swap_and_cache(k, set);
    start_writeback(k, set, lru, out);
    k.submit_swap_write(set, out);
    add_cost(lruvec, ANON, out);
    sc.cost_ns += out * k.costs.swapPageNs;
  }
  const stuck = pages - out;
  if (stuck > 0) {
    move_pages(k, set, lru, lru + 1, stuck);
    lruvec.recent_rotated[ANON]! += stuck;
  }
}
