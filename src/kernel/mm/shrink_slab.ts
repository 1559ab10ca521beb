import type { Kernel } from '../kernel.js';
import type { MemCgroup } from './mem_cgroup.js';
import { free_kmem } from './memcontrol.js';
import type { ScanControl } from './vmscan.js';

/** A shrinker of ordinary cost asks for this many objects for each one the priority would (do_shrink_slab). */
const DELTA_SCALE = 4;
const DEFAULT_SEEKS = 2;

/**
 * Caches that can be rebuilt (dentries, inodes nobody has open) shrink in step with the LRU lists
 * (mm/vmscan.c: shrink_slab). Counted in pages; the model has them on node 0.
 */
export function shrink_slab(k: Kernel, memcg: MemCgroup, node: number, sc: ScanControl): void {
  const freeable = memcg.slab_freeable;
  if (freeable === 0 || node !== 0) return;
  const scan = Math.floor((freeable * DELTA_SCALE) / DEFAULT_SEEKS / 2 ** sc.priority);
  const freed = Math.min(freeable, scan);
  if (freed === 0) return;
  memcg.slab_freeable -= freed;
  k.slab_freeable -= freed;
  free_kmem(k, memcg, 'slab_reclaimable', freed);
  sc.nr_reclaimed += freed;
  sc.cost_ns += freed * (k.costs.scanPageNs + k.costs.freePageNs);
}
