import type { Kernel } from '../kernel/kernel.js';
import type { MemCgroup } from '../kernel/mm/mem_cgroup.js';
import { force_charge } from '../kernel/mm/memcontrol.js';
import { LRU_INACTIVE_ANON, LRU_INACTIVE_FILE } from '../kernel/mm/mm_types.js';
import { pages_above, take_pages } from '../kernel/mm/page_alloc.js';
import { add_pages } from '../kernel/mm/rmap.js';
import type { CgroupSpec } from '../workload/types.js';

/** Takes up to `n` pages of node 0 for something that exists before the run; returns how many. */
function take_initial(k: Kernel, memcg: MemCgroup, n: number): number {
  const got = Math.min(n, pages_above(k, 0, 'min'));
  take_pages(k, 0, got, 'min');
  force_charge(k, memcg, got);
  return got;
}

/** Clean page cache that belongs to nobody in particular. */
export function place_cache(k: Kernel, pages: number): void {
  const got = take_initial(k, k.root_mem_cgroup, pages);
  if (got > 0) {
    add_pages(k, k.flusher.file('(boot)').set_for(k.root_mem_cgroup, 0), LRU_INACTIVE_FILE, got);
  }
}

/** Memory charged to a cgroup that no listed process maps. */
export function place_cgroup_memory(
  k: Kernel,
  memcg: MemCgroup,
  initial: NonNullable<CgroupSpec['initial']>,
): void {
  const file = take_initial(k, memcg, initial.filePages);
  if (file > 0) {
    add_pages(k, k.flusher.file(memcg.path).set_for(memcg, 0), LRU_INACTIVE_FILE, file);
  }
  const shmem = take_initial(k, memcg, initial.shmemPages);
  if (shmem > 0) {
    const set = k.flusher.file(`${memcg.path}:shmem`, 'shmem').set_for(memcg, 0);
    add_pages(k, set, LRU_INACTIVE_ANON, shmem);
  }
  k.count_kmem(memcg, 'slab', 0, take_initial(k, memcg, initial.kernelPages));
  const slab = take_initial(k, memcg, initial.reclaimablePages);
  k.count_kmem(memcg, 'slab_reclaimable', 0, slab);
  memcg.slab_freeable = slab;
  k.slab_freeable += slab;
}
