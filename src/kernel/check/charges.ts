/** Charges: what a memcg's counters say is what is charged to it and to everything below it. */
import type { Kernel } from '../kernel.js';
import { for_each_mem_cgroup_tree, type MemCgroup } from '../mm/mem_cgroup.js';
import type { PageKind, PageSet } from '../mm/mm_types.js';
import { broken, equal } from './broken.js';

interface Held {
  readonly resident: Record<PageKind, number>;
  swapped: number;
}

export function check_charges(k: Kernel, sets: ReadonlySet<PageSet>): void {
  const memcgs = [...for_each_mem_cgroup_tree(k.root_mem_cgroup)];
  const held = held_by_sets(sets);
  let swap = 0;
  for (const memcg of memcgs) {
    check_local(memcg, held.get(memcg));
    held.delete(memcg);
    swap += memcg.swap_pages;
  }
  for (const [memcg, { resident, swapped }] of held) {
    const pages = resident.anon + resident.file + resident.shmem + swapped;
    if (pages > 0) broken(`${memcg.path} is gone, but ${pages} pages are charged to it`);
  }
  equal(k.swap.used, swap, () => 'swap slots');
  if (k.swap.free < 0) broken('more swap in use than there is');
  check_hierarchy(memcgs);
  check_stocks(k, memcgs);
}

function held_by_sets(sets: ReadonlySet<PageSet>): Map<MemCgroup, Held> {
  const held = new Map<MemCgroup, Held>();
  for (const set of sets) {
    let sum = held.get(set.memcg);
    if (sum === undefined) {
      sum = { resident: { anon: 0, file: 0, shmem: 0 }, swapped: 0 };
      held.set(set.memcg, sum);
    }
    sum.resident[set.kind] += set.resident;
    sum.swapped += set.swapped;
  }
  return held;
}

function check_local(memcg: MemCgroup, held: Held | undefined): void {
  for (const kind of ['anon', 'file', 'shmem'] as const) {
    equal(memcg.resident[kind], held?.resident[kind] ?? 0, () => `${memcg.path}: ${kind} pages`);
  }
  equal(memcg.swap_pages, held?.swapped ?? 0, () => `${memcg.path}: swap entries`);
  if (memcg.stocked < 0 || memcg.in_flight < 0) broken(`${memcg.path}: negative charge`);
  if (memcg.online || memcg.children.length > 0) return;
  if (memcg.memory.usage + memcg.swap_pages + memcg.refs === 0) {
    broken(`${memcg.path} is dead and empty, but still there`);
  }
}

function local_charge(memcg: MemCgroup): number {
  const { resident, kmem } = memcg;
  let sum = resident.anon + resident.file + resident.shmem + memcg.stocked + memcg.in_flight;
  for (const pages of Object.values(kmem)) sum += pages;
  return sum;
}

/** Children come after their parents in `memcgs`, so walking back adds up whole subtrees. */
function check_hierarchy(memcgs: readonly MemCgroup[]): void {
  const memory = new Map<MemCgroup, number>();
  const swap = new Map<MemCgroup, number>();
  for (let i = memcgs.length - 1; i >= 0; i--) {
    const memcg = memcgs[i]!;
    const { parent } = memcg;
    if (parent === null) continue;
    const pages = local_charge(memcg) + (memory.get(memcg) ?? 0);
    const entries = memcg.swap_pages + (swap.get(memcg) ?? 0);
    equal(memcg.memory.usage, pages, () => `${memcg.path}: pages charged`);
    equal(memcg.swap.usage, entries, () => `${memcg.path}: swap charged`);
    memory.set(parent, (memory.get(parent) ?? 0) + pages);
    swap.set(parent, (swap.get(parent) ?? 0) + entries);
  }
}

/** What the CPUs have cached is what their memcgs believe to be cached. */
function check_stocks(k: Kernel, memcgs: readonly MemCgroup[]): void {
  const cached = new Map<MemCgroup, number>();
  for (const { cached: memcg, nr_pages } of k.memcg_stocks) {
    if (nr_pages < 0) broken('negative stock of charges');
    if (memcg !== null) cached.set(memcg, (cached.get(memcg) ?? 0) + nr_pages);
  }
  for (const memcg of memcgs) {
    equal(memcg.stocked, cached.get(memcg) ?? 0, () => `${memcg.path}: stocks of charges`);
    cached.delete(memcg);
  }
  for (const [memcg, pages] of cached) {
    if (pages > 0) broken(`${memcg.path} is gone, but ${pages} pages of it are in stock`);
  }
}
