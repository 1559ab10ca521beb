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

const ZERO: MemcgStat = {
  anon: 0,
  file: 0,
  shmem: 0,
  swap: 0,
  inactive_anon: 0,
  active_anon: 0,
  inactive_file: 0,
  active_file: 0,
  unevictable: 0,
  dirty: 0,
  writeback: 0,
  slab: 0,
  slab_reclaimable: 0,
  kernel_stack: 0,
  pgtables: 0,
  sock: 0,
  pipe: 0,
};

/** Counters of one memcg, or summed over its subtree. */
export function memcg_stat(k: Kernel, root: MemCgroup, hierarchical: boolean): MemcgStat {
  const stat = { ...ZERO };
  for (const memcg of hierarchical ? for_each_mem_cgroup_tree(root) : [root]) add(stat, memcg);
  for (const file of k.flusher.files.values()) {
    for (const set of file.sets) {
      if (set.memcg === root || (hierarchical && below(set.memcg, root))) stat.dirty += set.dirty;
    }
  }
  return stat;
}

/** The hierarchical counters of every memcg, in one pass over the tree. */
export function memcg_stats(k: Kernel): ReadonlyMap<MemCgroup, MemcgStat> {
  const memcgs = k.memcg_preorder(k.root_mem_cgroup);
  const stats = new Map<MemCgroup, MemcgStat>();
  for (const memcg of memcgs) {
    const stat = { ...ZERO };
    add(stat, memcg);
    stats.set(memcg, stat);
  }
  for (const file of k.flusher.files.values()) {
    for (const set of file.sets) {
      if (set.dirty > 0) stats.get(set.memcg)!.dirty += set.dirty;
    }
  }
  // Children come behind their parents: from the end, each is complete when it is added.
  for (let i = memcgs.length - 1; i > 0; i--) {
    const memcg = memcgs[i]!;
    add_below(stats.get(memcg.parent!)!, stats.get(memcg)!);
  }
  return stats;
}

function add_below(stat: MemcgStat, child: MemcgStat): void {
  stat.anon += child.anon;
  stat.file += child.file;
  stat.shmem += child.shmem;
  stat.swap += child.swap;
  stat.inactive_anon += child.inactive_anon;
  stat.active_anon += child.active_anon;
  stat.inactive_file += child.inactive_file;
  stat.active_file += child.active_file;
  stat.unevictable += child.unevictable;
  stat.dirty += child.dirty;
  stat.writeback += child.writeback;
  stat.slab += child.slab;
  stat.slab_reclaimable += child.slab_reclaimable;
  stat.kernel_stack += child.kernel_stack;
  stat.pgtables += child.pgtables;
  stat.sock += child.sock;
  stat.pipe += child.pipe;
}

function below(memcg: MemCgroup, root: MemCgroup): boolean {
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) if (m === root) return true;
  return false;
}

function add(stat: MemcgStat, memcg: MemCgroup): void {
  const { resident, kmem } = memcg;
  stat.anon += resident.anon;
  stat.file += resident.file;
  stat.shmem += resident.shmem;
  stat.swap += memcg.swap_pages;
  let listed = 0;
  for (const { size } of memcg.lruvecs) {
    stat.inactive_anon += size[0]!;
    stat.active_anon += size[1]!;
    stat.inactive_file += size[2]!;
    stat.active_file += size[3]!;
    stat.unevictable += size[4]!;
    listed += size[0]! + size[1]! + size[2]! + size[3]! + size[4]!;
  }
  stat.writeback += resident.anon + resident.file + resident.shmem - listed;
  stat.slab += kmem.slab;
  stat.slab_reclaimable += kmem.slab_reclaimable;
  stat.kernel_stack += kmem.kernel_stack;
  stat.pgtables += kmem.pgtables;
  stat.sock += kmem.sock;
  stat.pipe += kmem.pipe;
}
