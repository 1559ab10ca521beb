import type { Cgroup } from '../cgroup/cgroup.js';
import { Lruvec } from './lruvec.js';
import type { PageKind } from './mm_types.js';
import { PageCounter } from './page_counter.js';

/** Kernel memory by what it is for. Pages, charged but on no LRU list. */
export type KmemKind = 'slab' | 'slab_reclaimable' | 'kernel_stack' | 'sock' | 'pgtables' | 'pipe';

export type MemcgEvent = 'low' | 'high' | 'max' | 'oom' | 'oom_kill' | 'oom_group_kill';

export type MemcgEvents = Record<MemcgEvent, number>;

export const no_events = (): MemcgEvents => ({
  low: 0,
  high: 0,
  max: 0,
  oom: 0,
  oom_kill: 0,
  oom_group_kill: 0,
});

/**
 * The memory controller's state of one cgroup (struct mem_cgroup). It is born with the cgroup, goes
 * offline with rmdir or when the controller is switched off, and stays in the tree, "dead", until its
 * last charge is gone: memcg_has_children() counts the dead too.
 */
export class MemCgroup {
  readonly children: MemCgroup[] = [];
  readonly memory: PageCounter;
  readonly swap: PageCounter;
  /** Pages; Infinity is `max`. */
  high = Number.POSITIVE_INFINITY;
  low = 0;
  min = 0;
  oom_group = false;
  oom_policy: 'none' | 'cgroup' | 'tree' = 'none';
  online = true;
  /** Tasks that are about to charge it (css_get): it stays while there are any. */
  refs = 0;

  readonly lruvecs: Lruvec[];
  /** Kernel pages charged here, by kind: local. */
  readonly kmem: Record<KmemKind, number> = {
    slab: 0,
    slab_reclaimable: 0,
    kernel_stack: 0,
    sock: 0,
    pgtables: 0,
    pipe: 0,
  };
  /** User pages charged here by what they are, on the LRU or under writeback: local. */
  readonly resident: Record<PageKind, number> = { anon: 0, file: 0, shmem: 0 };
  /** Of the reclaimable slab: what no open file or process holds. */
  slab_freeable = 0;
  /** MEMCG_SWAP: swap entries charged here, local. */
  swap_pages = 0;
  /** Pages of charge that no page holds yet: the per-CPU stocks caching this memcg. */
  stocked = 0;
  /** Pages charged for allocations that are under way (in_flight.ts). */
  in_flight = 0;
  readonly events = no_events(); // hierarchical
  readonly events_local = no_events();
  pgscan = 0;
  /** The subtree in pre-order while the tree does not change (Kernel.memcg_preorder). */
  preorder: readonly MemCgroup[] = [];
  preorder_of = -1;
  /** Where the last limit reclaim of this subtree stopped (struct mem_cgroup_reclaim_iter). */
  reclaim_iter: MemCgroup | null = null;
  pgsteal = 0;
  /** Its score may have changed, and its place among them (mm/oom_index.ts). */
  due: MemCgroup[] | null = null;
  place = -1;

  /** Tasks that wait for an OOM here to pass, or are about to handle one. */
  under_oom = 0;
  /** Per-memcg OOM lock (mem_cgroup_oom_trylock). */
  oom_lock = false;

  constructor(
    readonly path: string,
    readonly parent: MemCgroup | null,
    readonly cgroup: Cgroup | null,
    nodes: number,
  ) {
    this.memory = new PageCounter(parent?.memory ?? null);
    this.swap = new PageCounter(parent?.swap ?? null);
    this.lruvecs = Array.from({ length: nodes }, (_, node) => new Lruvec(this, node));
    parent?.children.push(this);
  }

  get is_root(): boolean {
    return this.parent === null;
  }
}

/** Children, dead or alive (memcontrol.c: memcg_has_children). */
export function memcg_has_children(memcg: MemCgroup): boolean {
  return memcg.children.length > 0;
}

/** Pre-order, children in creation order (for_each_mem_cgroup_tree). */
export function* for_each_mem_cgroup_tree(root: MemCgroup): Generator<MemCgroup> {
  const stack = [root];
  for (let memcg = stack.pop(); memcg !== undefined; memcg = stack.pop()) {
    yield memcg;
    for (let i = memcg.children.length - 1; i >= 0; i--) stack.push(memcg.children[i]!);
  }
}

export function mem_cgroup_is_descendant(memcg: MemCgroup, root: MemCgroup): boolean {
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) if (m === root) return true;
  return false;
}

/** Counts an event locally and at every ancestor. */
export function memcg_memory_event(memcg: MemCgroup, event: MemcgEvent): void {
  memcg.events_local[event]++;
  for (let m: MemCgroup | null = memcg; m !== null; m = m.parent) m.events[event]++;
}
