/** Every page is free or in exactly one place; every list is the sum of its parts. */
import type { Kernel } from '../kernel.js';
import { for_each_mem_cgroup_tree } from '../mm/mem_cgroup.js';
import type { PageSet } from '../mm/mm_types.js';
import { broken, equal } from './broken.js';

/** Every managed page is free, in use, or the boot kernel's. */
export function check_zones(k: Kernel): void {
  for (const pgdat of k.nodes) {
    for (const zone of pgdat.zones) {
      if (zone.free < 0 || zone.used < 0) broken(`zone ${zone.name} has a negative count`);
      const sum = zone.free + zone.used + zone.reserved;
      equal(zone.managed, sum, () => `pages of zone ${zone.name}`);
      if (zone.min > zone.low || zone.low > zone.high) broken(`watermarks of ${zone.name}`);
    }
  }
}

/** Every page in use is on one LRU list, under writeback, a kernel page, or in flight to one. */
export function check_nodes(k: Kernel, sets: ReadonlySet<PageSet>): void {
  k.nodes.forEach((pgdat, node) => {
    const used = pgdat.zones.reduce((sum, zone) => sum + zone.used, 0);
    const lru = k.node_lru[node]!.reduce((sum, pages) => sum + pages, 0);
    const in_flight = k.pages_in_flight[node]!;
    const kept = lru + k.writeback[node]! + k.kmem_node[node]! + in_flight;
    equal(used, kept, () => `pages in use on node ${node}`);
    if (in_flight < 0) broken(`node ${node}: ${in_flight} pages in flight`);
    let writeback = 0;
    for (const set of sets) if (set.node === node) writeback += set.writeback;
    equal(k.writeback[node]!, writeback, () => `pages under writeback on node ${node}`);
    k.node_lru[node]!.forEach((pages, list) => {
      let sum = 0;
      for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
        sum += memcg.lruvecs[node]!.size[list]!;
      }
      equal(pages, sum, () => `LRU list ${list} of node ${node}`);
    });
  });
}

/** Each LRU list has the pages that the sets on it say. */
export function check_lruvecs(k: Kernel, sets: ReadonlySet<PageSet>): void {
  const sums = new Map<readonly number[], number[]>();
  for (const set of sets) {
    const { size } = set.memcg.lruvecs[set.node]!;
    let sum = sums.get(size);
    if (sum === undefined) {
      sum = [0, 0, 0, 0, 0];
      sums.set(size, sum);
    }
    for (let list = 0; list < sum.length; list++) sum[list]! += set.lru[list]!;
  }
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
    for (const { size, node } of memcg.lruvecs) {
      size.forEach((pages, list) => {
        const sum = sums.get(size)?.[list] ?? 0;
        equal(pages, sum, () => `LRU list ${list} of ${memcg.path} on node ${node}`);
      });
    }
  }
}

/** Kernel pages are all charged to some memcg, or the root's. */
export function check_kernel_pages(k: Kernel): void {
  let charged = 0;
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
    for (const [kind, pages] of Object.entries(memcg.kmem)) {
      if (pages < 0) broken(`${memcg.path}: ${pages} pages of ${kind}`);
      charged += pages;
    }
  }
  const on_nodes = k.kmem_node.reduce((sum, pages) => sum + pages, 0);
  equal(on_nodes, charged, () => 'kernel pages');
}
