/** The state of a kernel in three words: cheap enough to take on the way, again and again. */
import { mix } from '../engine/fingerprint.js';
import type { Kernel } from './kernel.js';

/** A hash over each subsystem's numbers, int32. */
export interface StateDigest {
  /** Zones, swap, pages in flight. */
  readonly memory: number;
  /** Every memcg's usage, limits and events. */
  readonly cgroups: number;
  /** Every thread's state, memory and standing with the OOM killer, in process-list order. */
  readonly tasks: number;
}

export function state_digest(k: Kernel): StateDigest {
  return { memory: memory_digest(k), cgroups: cgroups_digest(k), tasks: tasks_digest(k) };
}

function memory_digest(k: Kernel): number {
  let lane = mix(k.swap.free, k.slab_freeable);
  for (const { zones, id } of k.nodes) {
    for (const zone of zones) lane = mix(lane, zone.free);
    lane = mix(mix(lane ^ k.writeback[id]!, k.kmem_node[id]!), k.pages_in_flight[id]!);
    for (const pages of k.node_lru[id]!) lane = mix(lane, pages);
  }
  return lane;
}

function cgroups_digest(k: Kernel): number {
  let lane = 0;
  for (const memcg of k.memcg_preorder(k.root_mem_cgroup)) {
    const { memory, events, resident } = memcg;
    lane = mix(mix(lane ^ limit(memory.max), memory.usage), limit(memcg.high));
    lane = mix(mix(lane ^ resident.anon, resident.file), memcg.swap_pages);
    lane = mix(mix(lane ^ events.high, events.max), events.oom_kill);
  }
  return lane;
}

/** Infinity is no word. */
function limit(pages: number): number {
  return pages === Number.POSITIVE_INFINITY ? -1 : pages;
}

function tasks_digest(k: Kernel): number {
  let lane = 0;
  for (const { signal } of k.processes) {
    const oom = (signal.oom_mm === null ? 0 : 1) + (signal.group_exit ? 2 : 0);
    lane = mix(lane ^ oom, signal.oom_score_adj);
    for (const { pid, state, memdie, mm } of signal.threads) {
      lane = mix(lane ^ state, memdie ? -pid : pid);
      if (mm === null) continue;
      lane = mix(mix(lane ^ mm.anon_pages, mm.file_pages), mm.swapents);
      lane = mix(lane ^ mm.shmem_pages, mm.oom_skip ? -1 : mm.pgtables_pages);
    }
  }
  return lane;
}
