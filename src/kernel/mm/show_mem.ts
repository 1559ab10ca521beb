/** Mem-Info of a global OOM report (lib/show_mem.c, mm/page_alloc.c: show_free_areas). */
import type { Kernel } from '../kernel.js';
import { K } from '../units.js';
import { memcg_stat } from './memcg_stat.js';
import type { Zone } from './mmzone.js';

export function show_mem(k: Kernel): void {
  const s = memcg_stat(k, k.root_mem_cgroup, true);
  k.printk('Mem-Info:');
  k.printk(
    `active_anon:${s.active_anon} inactive_anon:${s.inactive_anon} isolated_anon:0\n` +
      ` active_file:${s.active_file} inactive_file:${s.inactive_file} isolated_file:0\n` +
      ` unevictable:${s.unevictable} dirty:${s.dirty} writeback:${s.writeback}\n` +
      ` slab_reclaimable:${s.slab_reclaimable} slab_unreclaimable:${s.slab}\n` +
      ` mapped:0 shmem:${s.shmem} pagetables:${s.pgtables} bounce:0\n` +
      ` free:${k.nr_free_pages()} free_pcp:0 free_cma:0`,
  );
  for (const pgdat of k.nodes) for (const zone of pgdat.zones) show_zone(k, zone);
  k.printk(`${s.file + s.shmem} total pagecache pages`);
  k.printk(`${swapcache_pages(k)} pages in swap cache`);
  k.printk(`Free swap  = ${K(k.swap.free)}kB`);
  k.printk(`Total swap = ${K(k.swap.total)}kB`);
  k.printk(`${k.present_pages()} pages RAM`);
  k.printk('0 pages HighMem/MovableOnly');
  k.printk(`${k.present_pages() - k.totalram_pages} pages reserved`);
}

function show_zone(k: Kernel, zone: Zone): void {
  k.printk(
    `Node ${zone.node} ${zone.name} free:${K(zone.free)}kB min:${K(zone.min)}kB low:${K(zone.low)}kB ` +
      `high:${K(zone.high)}kB present:${K(zone.present)}kB managed:${K(zone.managed)}kB`,
  );
  k.printk(`lowmem_reserve[]: ${zone.lowmem_reserve.join(' ')}`);
}

/** Anonymous pages with a slot in swap that are still in memory: those being written. */
function swapcache_pages(k: Kernel): number {
  return k.writeback.reduce((sum, pages) => sum + pages, 0);
}
