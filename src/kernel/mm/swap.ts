/** The swap device: a finite number of slots and one queue of transfers (mm/swapfile.c, page_io.c). */
import { Fifo } from '../../engine/fifo.js';
import type { DeviceConfig } from '../config.js';
import type { Kernel } from '../kernel.js';
import { BlockDevice } from './block_device.js';
import type { MemCgroup } from './mem_cgroup.js';
import { LRU_INACTIVE_ANON, type PageSet } from './mm_types.js';
import { rescore_memcg } from './oom_index.js';
import { page_counter_charge, page_counter_uncharge } from './page_counter.js';
import { end_writeback, free_lru_pages } from './rmap.js';

/** Pages of a set that are being written; nothing can be done with them before that is over. */
export interface SwapWrite {
  readonly set: PageSet;
  readonly n: number;
  readonly done_ns: number;
}

export class SwapDevice extends BlockDevice {
  used = 0;
  /** Pages on their way to the device, in the order in which they will get there. */
  readonly writes = new Fifo<SwapWrite>();

  constructor(
    readonly total: number,
    device: DeviceConfig,
  ) {
    super(device);
  }

  get free(): number {
    return this.total - this.used;
  }
}

/** Swap pages that a memcg may still use: swap.max on the way up, and free slots. */
export function mem_cgroup_get_nr_swap_pages(k: Kernel, memcg: MemCgroup): number {
  let room = k.swap.free;
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) {
    room = Math.min(room, m.swap.max - m.swap.usage);
  }
  return Math.max(0, room);
}

/** Gives `n` pages of a set swap slots. The caller has made sure that there are as many. */
export function swap_alloc(k: Kernel, set: PageSet, n: number): void {
  k.swap.used += n;
  set.swapped += n;
  set.memcg.swap_pages += n;
  rescore_memcg(set.memcg);
  if (!set.memcg.is_root) page_counter_charge(set.memcg.swap, n);
}

/** Frees `n` slots of a set. */
export function swap_free(k: Kernel, set: PageSet, n: number): void {
  if (n === 0) return;
  k.swap.used -= n;
  set.swapped -= n;
  set.memcg.swap_pages -= n;
  rescore_memcg(set.memcg);
  if (set.swapped < 0) throw new Error('swap slot freed twice');
  if (!set.memcg.is_root) page_counter_uncharge(set.memcg.swap, n);
  k.css_put_if_dead(set.memcg);
}

/** A swap-out of `n` pages has reached the device: the pages can be dropped without I/O now. */
export function swap_write_done(k: Kernel, set: PageSet, n: number): void {
  end_writeback(k, set, LRU_INACTIVE_ANON, n);
  const keep = Math.min(n, Math.max(0, set.swapped - set.swapcache_clean));
  set.swapcache_clean += keep;
  free_lru_pages(k, set, LRU_INACTIVE_ANON, n - keep);
}
