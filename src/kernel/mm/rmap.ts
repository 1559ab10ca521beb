/** Moving pages of a PageSet between its places and keeping every counter that sees them in step. */
import type { Kernel } from '../kernel.js';
import { place_charge, place_pages } from './in_flight.js';
import { add_to_lru, del_from_lru, forget_set } from './lruvec.js';
import { mem_cgroup_uncharge } from './memcontrol.js';
import {
  add_mm_counter,
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  LRU_UNEVICTABLE,
  type Mapping,
  NR_LRU_LISTS,
  type PageSet,
} from './mm_types.js';
import { free_pages } from './page_alloc.js';
import { swap_free } from './swap.js';

/** Adds `n` newly allocated, charged pages to a set, on a list. */
export function add_pages(k: Kernel, set: PageSet, lru: number, n: number): void {
  set.memcg.resident[set.kind] += n;
  place_pages(k, set.node, n);
  place_charge(k, set.memcg, n);
  list_pages(k, set, lru, n);
}

function list_pages(k: Kernel, set: PageSet, lru: number, n: number): void {
  add_to_lru(set.memcg.lruvecs[set.node]!, set, lru, n);
  k.node_lru[set.node]![lru]! += n;
}

/** Moves `n` pages of a set from one LRU list to another. */
export function move_pages(k: Kernel, set: PageSet, from: number, to: number, n: number): void {
  const lruvec = set.memcg.lruvecs[set.node]!;
  del_from_lru(lruvec, set, from, n);
  add_to_lru(lruvec, set, to, n);
  const node = k.node_lru[set.node]!;
  node[from]! -= n;
  node[to]! += n;
}

/** Takes `n` pages off a list to be written out; they keep their memory and their charge. */
export function start_writeback(k: Kernel, set: PageSet, lru: number, n: number): void {
  del_from_lru(set.memcg.lruvecs[set.node]!, set, lru, n);
  k.node_lru[set.node]![lru]! -= n;
  set.writeback += n;
  k.writeback[set.node]! += n;
}

/** The write is done: the pages are back on the list, or gone if nobody wants them any more. */
export function end_writeback(k: Kernel, set: PageSet, lru: number, n: number): void {
  set.writeback -= n;
  k.writeback[set.node]! -= n;
  list_pages(k, set, lru, n);
}

/** Frees `n` resident pages of a set that are on list `lru`: uncharges and returns them. */
export function free_lru_pages(k: Kernel, set: PageSet, lru: number, n: number): void {
  if (n === 0) return;
  del_from_lru(set.memcg.lruvecs[set.node]!, set, lru, n);
  k.node_lru[set.node]![lru]! -= n;
  set.memcg.resident[set.kind] -= n;
  free_pages(k, set.node, n);
  mem_cgroup_uncharge(k, set.memcg, n);
}

const FREE_ORDER = [
  LRU_ACTIVE_ANON,
  LRU_INACTIVE_ANON,
  LRU_UNEVICTABLE,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_FILE,
] as const;

/** Frees up to `n` resident pages of a set, from whichever lists have them; writeback and swap cache stay. */
export function free_set_pages(k: Kernel, set: PageSet, n: number): number {
  let left = n;
  for (const lru of FREE_ORDER) {
    const cache = lru === LRU_INACTIVE_ANON ? set.swapcache_clean : 0;
    const now = Math.min(left, set.lru[lru]! - cache);
    free_lru_pages(k, set, lru, now);
    left -= now;
  }
  const freed = n - left;
  set.dirty = Math.min(set.dirty, set.resident - set.writeback);
  return freed;
}

/** Reclaim took `n` pages of a set out of its users' page tables (try_to_unmap). */
export function unmap_for_reclaim(set: PageSet, n: number, to_swap: boolean): void {
  const before = set.resident;
  for (const mapping of set.mappings) {
    const share =
      set.kind === 'file' && before > 0
        ? Math.min(mapping.present, Math.ceil((mapping.present * n) / before))
        : Math.min(mapping.present, n);
    mapping.present -= share;
    add_mm_counter(mapping.vma.mm, set.kind, -share);
    if (to_swap && set.kind === 'anon') {
      mapping.swapped += share;
      add_mm_counter(mapping.vma.mm, 'swap', share);
    }
  }
}

/** Page-table entries that an unmap cleared, and pages that are free to go because of it. */
export interface Unmapped {
  cleared: number;
  gathered: number;
}

/**
 * Clears up to `max` page-table entries of a mapping (zap_pte_range). Swap entries go at once; private
 * pages that nobody else maps are gathered for flush_pages(). Pages of files and shared memory belong
 * to the file: they go when the last mapping is dropped.
 */
export function unmap_pages(k: Kernel, mapping: Mapping, max: number): Unmapped {
  const { set, vma } = mapping;
  const present = Math.min(max, mapping.present);
  mapping.present -= present;
  add_mm_counter(vma.mm, set.kind, -present);
  const swapped = Math.min(max - present, mapping.swapped);
  mapping.swapped -= swapped;
  add_mm_counter(vma.mm, 'swap', -swapped);
  if (set.kind !== 'anon') return { cleared: present + swapped, gathered: 0 };
  free_swap_and_cache(k, set);
  const gathered = Math.max(0, pages_in_use(set) - most_mapped(set));
  set.gathered += gathered;
  return { cleared: present + swapped, gathered };
}

/** Private pages that page tables refer to: neither gathered nor left in the swap cache. */
export function pages_in_use(set: PageSet): number {
  return set.resident - set.writeback - set.gathered - set.swapcache_clean;
}

/** Frees pages that were gathered. */
export function flush_pages(k: Kernel, set: PageSet, n: number): void {
  set.gathered -= n;
  free_set_pages(k, set, n);
}

function most_mapped(set: PageSet): number {
  let mapped = 0;
  for (const mapping of set.mappings) mapped = Math.max(mapped, mapping.present);
  return mapped;
}

/**
 * Frees private pages and slots that nobody maps. After fork() it is known how much each mapping has
 * of a set, and not which pages: the one that has most is taken to have all that the others have.
 */
export function settle_pages(k: Kernel, set: PageSet): void {
  free_swap_and_cache(k, set);
  free_set_pages(k, set, Math.max(0, pages_in_use(set) - most_mapped(set)));
}

/** Frees the slots that no swap entry refers to any more, and their pages in the swap cache. */
export function free_swap_and_cache(k: Kernel, set: PageSet): void {
  let entries = 0;
  for (const mapping of set.mappings) entries = Math.max(entries, mapping.swapped);
  swap_free(k, set, set.swapped - entries);
  const surplus = Math.max(0, set.swapcache_clean - set.swapped);
  set.swapcache_clean -= surplus;
  free_lru_pages(k, set, LRU_INACTIVE_ANON, surplus);
}

/** Takes an emptied mapping apart; the last one takes shared memory that has no file with it. */
export function drop_mapping(k: Kernel, mapping: Mapping): void {
  const { set } = mapping;
  mapping.remove();
  if (set.mappings.length === 0 && !set.persistent) free_all_pages(k, set);
}

/** Frees a set whole: a file was truncated, or shared memory lost its last user. */
export function free_all_pages(k: Kernel, set: PageSet): void {
  swap_free(k, set, set.swapped);
  set.swapcache_clean = 0;
  free_set_pages(k, set, set.resident - set.writeback);
  if (set.dead) forget_set(set.memcg.lruvecs[set.node]!, set);
}

/** munlock/mlock: moves all pages of a set to or from the unevictable list. */
export function set_unevictable(k: Kernel, set: PageSet, locked: boolean): void {
  const evictable = set.kind === 'file' ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
  if (!locked) {
    move_pages(k, set, LRU_UNEVICTABLE, evictable, set.lru[LRU_UNEVICTABLE]!);
    return;
  }
  for (let lru = 0; lru < NR_LRU_LISTS; lru++) {
    if (lru === LRU_UNEVICTABLE) continue;
    // Nobody maps what is only in the swap cache.
    const cache = lru === LRU_INACTIVE_ANON ? set.swapcache_clean : 0;
    move_pages(k, set, lru, LRU_UNEVICTABLE, set.lru[lru]! - cache);
  }
}
