import type { Kernel } from '../kernel/kernel.js';
import { force_charge } from '../kernel/mm/memcontrol.js';
import {
  LRU_ACTIVE_ANON,
  LRU_INACTIVE_ANON,
  Mapping,
  type Mm,
  PageSet,
} from '../kernel/mm/mm_types.js';
import { rescore_mm } from '../kernel/mm/oom_index.js';
import { pages_above, take_pages } from '../kernel/mm/page_alloc.js';
import { add_pages } from '../kernel/mm/rmap.js';
import { swap_alloc } from '../kernel/mm/swap.js';
import type { Task } from '../kernel/sched/task.js';
import type { InitialMemory } from '../workload/types.js';
import { map_area } from './program.js';

/**
 * Puts memory that a process already has at the start in place at once: no faults, no time. File and
 * shared pages count in the RSS only, since a report does not say who else maps them.
 */
export function place_initial_memory(k: Kernel, t: Task, mm: Mm, memory: InitialMemory): void {
  const { memcg } = t.cgroup;
  mm.text_file_pages = memory.filePages;
  mm.text_shmem_pages = memory.shmemPages;
  mm.file_pages = memory.filePages;
  mm.shmem_pages = memory.shmemPages;
  const vma = map_area(t, 'anon', memory.anonPages + memory.swapPages);
  mm.total_vm = memory.totalVmPages;
  let left = memory.anonPages;
  for (let node = 0; node < k.nodes.length && left > 0; node++) {
    const n = Math.min(left, pages_above(k, node, 'min'));
    if (n === 0) continue;
    left -= n;
    take_pages(k, node, n, 'min');
    force_charge(k, memcg, n);
    const mapping = new Mapping(vma, new PageSet('anon', memcg, node, false));
    mapping.present = n;
    mm.anon_pages += n;
    add_pages(k, mapping.set, k.profile.lru_cost_model ? LRU_INACTIVE_ANON : LRU_ACTIVE_ANON, n);
  }
  left += memory.swapPages - place_swapped(k, vma, memory.swapPages);
  // What a report counts twice (shared pages, say) has no room here, but counts in the score.
  mm.text_shmem_pages += left;
  mm.shmem_pages += left;
  place_pgtables(k, mm, t, memory.pgtablesPages);
}

/** Gives swap entries their slots; returns how many found one. */
function place_swapped(k: Kernel, vma: ReturnType<typeof map_area>, pages: number): number {
  const n = Math.min(pages, k.swap.free);
  if (n === 0) return 0;
  const mapping = new Mapping(vma, new PageSet('anon', vma.mm.owner!.cgroup.memcg, 0, false));
  mapping.swapped = n;
  vma.mm.swapents = n;
  swap_alloc(k, mapping.set, n);
  return n;
}

function place_pgtables(k: Kernel, mm: Mm, t: Task, pages: number): void {
  const { memcg } = t.cgroup;
  const n = Math.min(pages, pages_above(k, 0, 'min'));
  take_pages(k, 0, n, 'min');
  force_charge(k, memcg, n);
  k.count_kmem(memcg, 'pgtables', 0, n);
  mm.add_pgtables(memcg, n);
  mm.pte_pages = n;
  // Pages that could not be placed still count in the score, as the report has them.
  mm.pgtables_pages += pages - n;
  rescore_mm(mm);
}
