import type { Kernel } from '../kernel.js';
import { for_each_mem_cgroup_tree, type MemCgroup } from './mem_cgroup.js';

/** memory.stat of a memcg, in pages. */
export interface MemcgStat {
  anon: number;
  file: number; // page cache without shmem
  shmem: number;
  swap: number;
  inactive_anon: number;
  active_anon: number;
  inactive_file: number;
  active_file: number;
  unevictable: number;
  dirty: number;
  writeback: number;
  slab: number;
  slab_reclaimable: number;
  kernel_stack: number;
  pgtables: number;
  sock: number;
  pipe: number;
}

/** Their places in an array of counters. */
export const ANON = 0;
export const FILE = 1;
export const SHMEM = 2;
export const SWAP = 3;
const INACTIVE_ANON = 4;
const ACTIVE_ANON = 5;
const INACTIVE_FILE = 6;
const ACTIVE_FILE = 7;
export const UNEVICTABLE = 8;
export const DIRTY = 9;
export const WRITEBACK = 10;
export const SLAB = 11;
const SLAB_RECLAIMABLE = 12;
export const KERNEL_STACK = 13;
export const PGTABLES = 14;
export const SOCK = 15;
export const PIPE = 16;
const COUNTERS = 17;

/** Counters of one memcg, or summed over its subtree. */
export function memcg_stat(k: Kernel, root: MemCgroup, hierarchical: boolean): MemcgStat {
  const counters = new Array<number>(COUNTERS).fill(0);
  for (const memcg of hierarchical ? for_each_mem_cgroup_tree(root) : [root]) {
    add(counters, 0, memcg);
  }
  for (const file of k.flusher.files.values()) {
    for (const set of file.sets) {
      const counts = set.memcg === root || (hierarchical && below(set.memcg, root));
      if (counts) counters[DIRTY]! += set.dirty;
    }
  }
  return stat_of(counters, 0);
}

/** The hierarchical counters of every memcg, in arrays that are kept from one reading to the next. */
export class MemcgStats {
  /** Of all memcgs; those of one begin at `at()`. No typed array: those are small integers to V8. */
  readonly counters: number[] = [];
  #memcgs: readonly MemCgroup[] = [];
  readonly #at = new Map<MemCgroup, number>();
  /** Where the parent's begin, by memcg. */
  #parents: number[] = [];

  /** Reads them all, in one pass over the tree. */
  read(k: Kernel): void {
    const memcgs = k.memcg_preorder(k.root_mem_cgroup);
    if (memcgs !== this.#memcgs) this.#arrange(memcgs);
    const { counters } = this;
    counters.fill(0);
    for (let i = 0; i < memcgs.length; i++) add(counters, i * COUNTERS, memcgs[i]!);
    for (const file of k.flusher.files.values()) {
      for (const set of file.sets) {
        if (set.dirty > 0) counters[this.at(set.memcg) + DIRTY]! += set.dirty;
      }
    }
    // Children come behind their parents: from the end, each is complete when it is added.
    for (let i = memcgs.length - 1; i > 0; i--) {
      const from = i * COUNTERS;
      const to = this.#parents[i]!;
      for (let j = 0; j < COUNTERS; j++) counters[to + j]! += counters[from + j]!;
    }
  }

  /** Where the counters of a memcg begin, of one that was there at the last reading. */
  at(memcg: MemCgroup): number {
    return this.#at.get(memcg)!;
  }

  of(memcg: MemCgroup): MemcgStat {
    return stat_of(this.counters, this.at(memcg));
  }

  /** The tree is another than it was. */
  #arrange(memcgs: readonly MemCgroup[]): void {
    this.#memcgs = memcgs;
    this.counters.length = 0;
    for (let i = 0; i < memcgs.length * COUNTERS; i++) this.counters.push(0);
    this.#at.clear();
    for (const [i, memcg] of memcgs.entries()) this.#at.set(memcg, i * COUNTERS);
    this.#parents = memcgs.map(({ parent }) => (parent === null ? 0 : this.at(parent)));
  }
}

function stat_of(counters: readonly number[], at: number): MemcgStat {
  return {
    anon: counters[at + ANON]!,
    file: counters[at + FILE]!,
    shmem: counters[at + SHMEM]!,
    swap: counters[at + SWAP]!,
    inactive_anon: counters[at + INACTIVE_ANON]!,
    active_anon: counters[at + ACTIVE_ANON]!,
    inactive_file: counters[at + INACTIVE_FILE]!,
    active_file: counters[at + ACTIVE_FILE]!,
    unevictable: counters[at + UNEVICTABLE]!,
    dirty: counters[at + DIRTY]!,
    writeback: counters[at + WRITEBACK]!,
    slab: counters[at + SLAB]!,
    slab_reclaimable: counters[at + SLAB_RECLAIMABLE]!,
    kernel_stack: counters[at + KERNEL_STACK]!,
    pgtables: counters[at + PGTABLES]!,
    sock: counters[at + SOCK]!,
    pipe: counters[at + PIPE]!,
  };
}

function below(memcg: MemCgroup, root: MemCgroup): boolean {
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) if (m === root) return true;
  return false;
}

/** Adds what a memcg itself has. */
function add(counters: number[], at: number, memcg: MemCgroup): void {
  const { resident, kmem } = memcg;
  counters[at + ANON]! += resident.anon;
  counters[at + FILE]! += resident.file;
  counters[at + SHMEM]! += resident.shmem;
  counters[at + SWAP]! += memcg.swap_pages;
  let listed = 0;
  for (const { size } of memcg.lruvecs) {
    counters[at + INACTIVE_ANON]! += size[0]!;
    counters[at + ACTIVE_ANON]! += size[1]!;
    counters[at + INACTIVE_FILE]! += size[2]!;
    counters[at + ACTIVE_FILE]! += size[3]!;
    counters[at + UNEVICTABLE]! += size[4]!;
    listed += size[0]! + size[1]! + size[2]! + size[3]! + size[4]!;
  }
  counters[at + WRITEBACK]! += resident.anon + resident.file + resident.shmem - listed;
  counters[at + SLAB]! += kmem.slab;
  counters[at + SLAB_RECLAIMABLE]! += kmem.slab_reclaimable;
  counters[at + KERNEL_STACK]! += kmem.kernel_stack;
  counters[at + PGTABLES]! += kmem.pgtables;
  counters[at + SOCK]! += kmem.sock;
  counters[at + PIPE]! += kmem.pipe;
}
