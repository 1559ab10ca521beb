/** Memory that is there before a test begins: no faults, no time, no watermarks, no limits. */
import type { Kernel } from '../../src/kernel/kernel.js';
import { hold_pages } from '../../src/kernel/mm/in_flight.js';
import type { KmemKind, MemCgroup } from '../../src/kernel/mm/mem_cgroup.js';
import { force_charge } from '../../src/kernel/mm/memcontrol.js';
import { open_mapping } from '../../src/kernel/mm/memory.js';
import {
  add_mm_counter,
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  LRU_UNEVICTABLE,
  type PageKind,
  Vma,
} from '../../src/kernel/mm/mm_types.js';
import { add_pages, move_pages } from '../../src/kernel/mm/rmap.js';
import { swap_alloc } from '../../src/kernel/mm/swap.js';
import type { Task } from '../../src/kernel/sched/task.js';

/** Pages of a task. */
export interface TaskMemory {
  /** false: has none, like a kernel thread. A task that shares another's mm has that one. */
  readonly mm?: false;
  readonly anon?: number;
  /** Anonymous pages of a locked area. */
  readonly mlocked?: number;
  /** Shared memory that it maps. */
  readonly shmem?: number;
  /** Text and libraries: RSS that costs nobody a page. */
  readonly file?: number;
  readonly swap?: number;
  readonly pgtables?: number;
  readonly stack?: number;
  /** Node of its pages. Default 0. */
  readonly node?: number;
}

/** Pages charged to a cgroup that no task maps. */
export interface CgroupMemory {
  readonly file?: number;
  readonly active_file?: number;
  readonly tmpfs?: number;
  readonly slab?: number;
  readonly slab_reclaimable?: number;
  readonly kernel_stack?: number;
  readonly sock?: number;
  readonly pipe?: number;
}

/** Takes `n` pages of a node, charged to a memcg. */
export function take(k: Kernel, memcg: MemCgroup, n: number, node = 0): void {
  let left = n;
  for (const zone of [...k.nodes[node]!.zones].reverse()) {
    const now = Math.min(left, zone.free);
    zone.free -= now;
    zone.used += now;
    left -= now;
  }
  if (left > 0) throw new Error(`the machine is ${left} pages too small`);
  hold_pages(k, node, n);
  force_charge(k, memcg, n);
}

function map(k: Kernel, t: Task, kind: PageKind, lru: number, n: number, node: number): void {
  const vma = area(t, kind, n);
  vma.locked = lru === LRU_UNEVICTABLE;
  const { memcg } = t.cgroup;
  take(k, memcg, n, node);
  const mapping = open_mapping(vma, memcg, node);
  mapping.present = n;
  add_mm_counter(vma.mm, kind, n);
  add_pages(k, mapping.set, lru, n);
}

/** mmap(): an area of `pages` pages that nobody has touched yet. */
export function area(t: Task, kind: PageKind = 'anon', pages = 0): Vma {
  const mm = t.mm!;
  const vma = new Vma(mm, kind, kind !== 'anon', pages);
  mm.insert_vma(vma);
  mm.total_vm += pages;
  return vma;
}

export function place_memory(k: Kernel, t: Task, spec: TaskMemory): void {
  const { memcg } = t.cgroup;
  if (spec.stack !== undefined) {
    place_kmem(k, memcg, 'kernel_stack', spec.stack);
    t.hold_kmem(memcg, spec.stack, 0);
  }
  const { mm } = t;
  if (mm === null) return;
  const new_anon = k.profile.lru_cost_model ? LRU_INACTIVE_ANON : LRU_ACTIVE_ANON;
  const node = spec.node ?? 0;
  if (spec.anon) map(k, t, 'anon', new_anon, spec.anon, node);
  if (spec.mlocked) map(k, t, 'anon', LRU_UNEVICTABLE, spec.mlocked, node);
  if (spec.shmem) map(k, t, 'shmem', LRU_INACTIVE_ANON, spec.shmem, node);
  add_mm_counter(mm, 'file', spec.file ?? 0);
  mm.text_file_pages += spec.file ?? 0;
  mm.total_vm += spec.file ?? 0;
  if (spec.swap) place_swapped(k, t, spec.swap);
  if (spec.pgtables) {
    place_kmem(k, memcg, 'pgtables', spec.pgtables);
    mm.add_pgtables(memcg, spec.pgtables);
  }
}

function place_swapped(k: Kernel, t: Task, n: number): void {
  const mapping = open_mapping(area(t, 'anon', n), t.cgroup.memcg, 0);
  mapping.swapped = n;
  add_mm_counter(t.mm!, 'swap', n);
  swap_alloc(k, mapping.set, n);
}

function place_kmem(k: Kernel, memcg: MemCgroup, kind: KmemKind, n: number): void {
  take(k, memcg, n);
  k.count_kmem(memcg, kind, 0, n);
}

const KMEM_KINDS = ['slab', 'slab_reclaimable', 'kernel_stack', 'sock', 'pipe'] as const;

export function place_cgroup(k: Kernel, path: string, spec: CgroupMemory): void {
  const { memcg } = k.cgroups.get(path)!;
  for (const kind of KMEM_KINDS) if (spec[kind]) place_kmem(k, memcg, kind, spec[kind]);
  const file = (spec.file ?? 0) + (spec.active_file ?? 0);
  if (file > 0) {
    take(k, memcg, file);
    const set = k.flusher.file(path).set_for(memcg, 0);
    add_pages(k, set, LRU_INACTIVE_FILE, file);
    move_pages(k, set, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, spec.active_file ?? 0);
  }
  if (spec.tmpfs) {
    take(k, memcg, spec.tmpfs);
    add_pages(
      k,
      k.flusher.file(`${path}:tmpfs`, 'shmem').set_for(memcg, 0),
      LRU_INACTIVE_ANON,
      spec.tmpfs,
    );
  }
}
