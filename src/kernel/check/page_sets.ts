/** Every page set there is, found by following everything that can hold one. */
import type { Kernel } from '../kernel.js';
import { for_each_mem_cgroup_tree } from '../mm/mem_cgroup.js';
import { LRU_INACTIVE_ANON, NR_LRU_LISTS, type PageSet } from '../mm/mm_types.js';
import { pages_in_use } from '../mm/rmap.js';
import { broken, equal } from './broken.js';

export function all_page_sets(k: Kernel): Set<PageSet> {
  const sets = new Set<PageSet>();
  for (const mm of k.mms) {
    for (const vma of mm.vmas()) for (const mapping of vma.mappings) sets.add(mapping.set);
  }
  for (const file of k.flusher.files.values()) for (const set of file.sets) sets.add(set);
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
    for (const lruvec of memcg.lruvecs) {
      for (const queue of lruvec.queues) for (const set of queue) sets.add(set);
    }
  }
  for (const { set } of k.swap.writes) sets.add(set);
  return sets;
}

const listed_pages = (set: PageSet): number => set.resident - set.writeback;

const describe = (set: PageSet): string => `${set.kind} pages of ${set.memcg.path}`;

/** The parts of each set fit together. */
export function check_page_sets(k: Kernel, sets: ReadonlySet<PageSet>): void {
  const writes = new Map<PageSet, number>();
  for (const { set, n } of k.swap.writes) writes.set(set, (writes.get(set) ?? 0) + n);
  for (const set of sets) {
    for (let lru = 0; lru < NR_LRU_LISTS; lru++) {
      if (set.lru[lru]! < 0) broken(`${describe(set)}: list ${lru} is negative`);
      if (set.lru[lru]! > 0 && !set.memcg.lruvecs[set.node]!.queues[lru]!.has(set)) {
        broken(`${describe(set)}: on list ${lru}, but never scanned`);
      }
    }
    equal(set.writeback, writes.get(set) ?? 0, () => `${describe(set)} under writeback`);
    if (set.swapcache_clean < 0 || set.swapcache_clean > set.lru[LRU_INACTIVE_ANON]!) {
      broken(`${describe(set)}: ${set.swapcache_clean} of them in the swap cache`);
    }
    if (set.swapcache_clean > set.swapped) {
      broken(`${describe(set)}: more in the swap cache than in swap`);
    }
    if (set.gathered < 0) broken(`${describe(set)}: ${set.gathered} gathered`);
    if (set.dirty < 0 || set.dirty > listed_pages(set)) {
      broken(`${describe(set)}: ${set.dirty} dirty of ${listed_pages(set)}`);
    }
    check_users(set);
  }
}

/** Resident pages and swap slots belong to somebody. */
function check_users(set: PageSet): void {
  if (set.kind === 'anon') {
    check_private(set);
    return;
  }
  const present = set.mappings.reduce((most, m) => Math.max(most, m.present), 0);
  if (present > set.resident) broken(`${describe(set)}: ${present} mapped of ${set.resident}`);
  if (!set.persistent && set.mappings.length === 0) {
    equal(listed_pages(set) + set.swapped, 0, () => `${describe(set)} that nobody maps`);
  }
}

/** Of several mappings, after fork(), the largest is taken to have all that the others have. */
function check_private(set: PageSet): void {
  let present = 0;
  let swapped = 0;
  for (const mapping of set.mappings) {
    if (mapping.present < 0 || mapping.swapped < 0) broken(`${describe(set)}: negative mapping`);
    present = Math.max(present, mapping.present);
    swapped = Math.max(swapped, mapping.swapped);
  }
  equal(pages_in_use(set), present, () => `${describe(set)} in use`);
  equal(set.swapped, swapped, () => `${describe(set)} in swap`);
}
