import { WaitQueue } from '../../engine/wait_queue.js';
import type { Task } from '../sched/task.js';

/**
 * A zone. Its managed pages are either free, in the hands of the boot kernel (`reserved`, never
 * freed), or `used`: handed out and accounted for somewhere else. Pages throughout.
 */
export class Zone {
  free: number;
  used = 0;
  min = 0;
  low = 0;
  high = 0;
  /** lowmem_reserve[classzone]: kept from requests that could have used a higher zone. */
  lowmem_reserve: number[] = [];

  constructor(
    readonly node: number,
    readonly name: string,
    readonly index: number,
    readonly present: number,
    readonly managed: number,
    readonly reserved: number,
  ) {
    this.free = managed - reserved;
  }

  /** lowmem_reserve against requests that may use any zone, as all may in the model. */
  get reserve(): number {
    return this.lowmem_reserve[this.lowmem_reserve.length - 1] ?? 0;
  }
}

/** A NUMA node (pg_data_t). */
export class Pgdat {
  readonly zones: Zone[] = [];
  kswapd!: Task;
  readonly kswapd_wait = new WaitQueue<Task>();
  readonly pfmemalloc_wait = new WaitQueue<Task>();
  /** Runs of balance_pgdat() in a row that reclaimed nothing; at 16 kswapd gives up. */
  kswapd_failures = 0;
  kswapd_order = 0;
  /** Pages isolated from the LRU by direct reclaimers, [anon, file]. */
  readonly nr_isolated = [0, 0];
  congested = false;

  constructor(readonly id: number) {}
}

/** isqrt(lowmem_kB × 16) within [128, 65536] (init_per_zone_wmark_min, 4.15). */
export function default_min_free_kbytes(lowmem_kbytes: number): number {
  return Math.min(65536, Math.max(128, int_sqrt(lowmem_kbytes * 16)));
}

/** Largest integer whose square is at most x. */
export function int_sqrt(x: number): number {
  let root = Math.floor(Math.sqrt(x));
  while (root * root > x) root--;
  while ((root + 1) * (root + 1) <= x) root++;
  return root;
}

/** Sets min, low and high of all zones (__setup_per_zone_wmarks). */
export function setup_per_zone_wmarks(
  zones: readonly Zone[],
  min_free_kbytes: number,
  watermark_scale_factor: number,
): void {
  const pages_min = Math.floor(min_free_kbytes / 4);
  const lowmem = zones.reduce((sum, zone) => sum + zone.managed, 0);
  for (const zone of zones) {
    const share = lowmem === 0 ? 0 : Math.floor((pages_min * zone.managed) / lowmem);
    const gap = Math.max(share >> 2, Math.floor((zone.managed * watermark_scale_factor) / 10000));
    zone.min = share;
    zone.low = share + gap;
    zone.high = share + 2 * gap;
  }
}

/** lowmem_reserve of every zone of a node: higher zones' pages / ratio (256 DMA and DMA32, 32 others). */
export function setup_per_zone_lowmem_reserve(pgdat: Pgdat): void {
  for (const zone of pgdat.zones) {
    const ratio = zone.name === 'DMA' || zone.name === 'DMA32' ? 256 : 32;
    let higher = 0;
    zone.lowmem_reserve = pgdat.zones.map((classzone) => {
      if (classzone.index <= zone.index) return 0;
      higher += classzone.managed;
      return Math.floor(higher / ratio);
    });
  }
}
