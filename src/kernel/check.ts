/** Invariants of the model, checked from scratch: slow, for tests and `--check`. */
import type { Kernel } from './kernel.js';
import { for_each_mem_cgroup_tree, type MemCgroup } from './mm/mem_cgroup.js';
import { EXIT_ZOMBIE } from './sched/task.js';

/** Broken bookkeeping: always a bug of the simulator. */
export class InvariantError extends Error {}

function demand(ok: boolean, what: () => string): void {
  if (!ok) throw new InvariantError(`invariant broken: ${what()}`);
}

/** @throws InvariantError naming the first thing that does not add up */
export function check_invariants(k: Kernel): void {
  check_zones(k);
  check_pages(k);
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) check_memcg(k, memcg);
  check_swap(k);
  check_tasks(k);
}

/** Every managed page is free, in use, or the boot kernel's. */
function check_zones(k: Kernel): void {
  for (const pgdat of k.nodes) {
    for (const zone of pgdat.zones) {
      const sum = zone.free + zone.used + zone.reserved;
      demand(zone.free >= 0 && zone.used >= 0, () => `zone ${zone.name} has a negative count`);
      demand(
        sum === zone.managed,
        () => `zone ${zone.name}: free + used + reserved is ${sum}, not ${zone.managed}`,
      );
    }
  }
}

/** Every page in use is on one LRU list, under writeback, a kernel page, or in flight to one. */
function check_pages(k: Kernel): void {
  k.nodes.forEach((pgdat, node) => {
    const used = pgdat.zones.reduce((sum, zone) => sum + zone.used, 0);
    const lru = k.node_lru[node]!.reduce((sum, pages) => sum + pages, 0);
    const kept = lru + k.writeback[node]! + k.kmem_node[node]!;
    // Between alloc_pages() and the end of a charge a task holds one page that is nowhere else.
    demand(
      used >= kept && used - kept <= k.processes.size * 2 + 64,
      () => `node ${node}: ${used} pages in use, ${kept} accounted for`,
    );
    for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
      for (const pages of memcg.lruvecs[node]!.size) {
        demand(pages >= 0, () => `negative LRU list in ${memcg.path}`);
      }
    }
  });
}

function local_charge(memcg: MemCgroup): number {
  const { resident, kmem } = memcg;
  let sum = resident.anon + resident.file + resident.shmem + memcg.stocked;
  for (const pages of Object.values(kmem)) sum += pages;
  return sum;
}

/** A memcg's usage is what is charged to it and to everything below it. */
function check_memcg(k: Kernel, root: MemCgroup): void {
  if (root.is_root) return;
  let sum = 0;
  let swap = 0;
  for (const memcg of for_each_mem_cgroup_tree(root)) {
    sum += local_charge(memcg);
    swap += memcg.swap_pages;
  }
  const { usage } = root.memory;
  demand(
    usage >= sum && usage - sum <= k.processes.size * 2 + 64,
    () => `${root.path}: usage ${usage}, charges below add up to ${sum}`,
  );
  demand(
    root.swap.usage === swap,
    () => `${root.path}: swap usage ${root.swap.usage}, entries add up to ${swap}`,
  );
}

function check_swap(k: Kernel): void {
  let used = 0;
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) used += memcg.swap_pages;
  demand(used === k.swap.used, () => `swap: ${k.swap.used} slots in use, ${used} accounted for`);
  demand(k.swap.free >= 0, () => 'more swap in use than there is');
}

/** Nothing runs after its exit; RSS counters equal what is mapped. */
function check_tasks(k: Kernel): void {
  for (const cpu of k.sched.cpus) {
    demand(
      cpu.task === null || cpu.task.state < EXIT_ZOMBIE,
      () => `${cpu.task?.comm} runs after its exit`,
    );
  }
  for (const leader of k.processes) {
    for (const t of leader.signal.threads) {
      const { mm } = t;
      if (mm === null || mm.owner !== t) continue;
      let anon = 0;
      let swapents = 0;
      for (const vma of mm.vmas) {
        for (const m of vma.mappings) {
          demand(m.present >= 0 && m.swapped >= 0, () => `negative mapping in ${t.comm}`);
          if (m.set.kind === 'anon') {
            anon += m.present;
            swapents += m.swapped;
          }
        }
      }
      demand(anon === mm.anon_pages, () => `${t.comm}: anon ${mm.anon_pages}, mapped ${anon}`);
      demand(swapents === mm.swapents, () => `${t.comm}: swapents ${mm.swapents}, ${swapents}`);
    }
  }
}
