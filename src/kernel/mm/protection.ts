/** memory.low and memory.min (mm/memcontrol.c: mem_cgroup_low, mem_cgroup_protected). */
import type { Kernel } from '../kernel.js';
import { type MemCgroup, memcg_memory_event } from './mem_cgroup.js';
import { type ScanControl, SWAP_CLUSTER_MAX } from './vmscan.js';

/** Whether reclaim below `root` must leave `memcg` alone: never, unless desperate, or always. */
export function mem_cgroup_protection(
  k: Kernel,
  root: MemCgroup,
  memcg: MemCgroup,
): 'none' | 'low' | 'min' {
  if (memcg === root || memcg.is_root) return 'none';
  const usage = memcg.memory.usage;
  if (k.profile.low_protection === 'all') {
    return below_everywhere(root, memcg, (m) => m.low) ? 'low' : 'none';
  }
  if (usage === 0) return 'none';
  if (usage <= effective(k, root, memcg, (m) => m.min)) return 'min';
  return usage <= effective(k, root, memcg, (m) => m.low) ? 'low' : 'none';
}

/** ≤ 4.17: protected if it and every ancestor below the reclaim root use less than their setting. */
function below_everywhere(
  root: MemCgroup,
  memcg: MemCgroup,
  setting: (m: MemCgroup) => number,
): boolean {
  for (let m: MemCgroup | null = memcg; m !== null && m !== root && !m.is_root; m = m.parent) {
    if (m.memory.usage >= setting(m)) return false;
  }
  return true;
}

/**
 * What a memcg's own setting is worth below a reclaim root: children share what their parent is granted
 * by what they claim of it (mem_cgroup_protected(), from 5.7 effective_protection()). Who uses more than
 * its setting claims nothing as long as protection is for all of a memcg or nothing, then the setting.
 */
function effective(
  k: Kernel,
  root: MemCgroup,
  memcg: MemCgroup,
  setting: (m: MemCgroup) => number,
): number {
  const { parent } = memcg;
  if (parent === null || parent.is_root || parent === root) return setting(memcg);
  const above = effective(k, root, parent, setting);
  const own = Math.min(memcg.memory.usage, setting(memcg));
  const of_part = k.profile.low_protection === 'proportional';
  let claimed = 0;
  for (const child of parent.children) {
    const { usage } = child.memory;
    if (usage <= setting(child)) claimed += usage;
    else if (of_part) claimed += setting(child);
  }
  return claimed > above ? Math.floor((own * above) / claimed) : own;
}

/**
 * Pages of a list of `size` that reclaim may look at: from 5.4 not the part that protection covers, but a
 * batch always, lest the priority become urgent for want of anything to scan.
 */
export function unprotected_pages(
  k: Kernel,
  memcg: MemCgroup,
  size: number,
  sc: ScanControl,
): number {
  if (k.profile.low_protection !== 'proportional') return size;
  const root = sc.target_mem_cgroup ?? k.root_mem_cgroup;
  if (memcg === root || memcg.is_root) return size;
  const min = effective(k, root, memcg, (m) => m.min);
  const low = sc.memcg_low_reclaim ? 0 : effective(k, root, memcg, (m) => m.low);
  const protection = Math.max(min, low);
  if (protection === 0) return size;
  if (low > min) sc.memcg_low_skipped = true;
  const usage = Math.max(memcg.memory.usage, protection);
  return Math.max(SWAP_CLUSTER_MAX, size - Math.floor((size * protection) / (usage + 1)));
}

export function count_low_events(k: Kernel, memcg: MemCgroup): void {
  memcg_memory_event(memcg, 'low');
  k.trace.on['oomsim:memcg_event']?.({ memcg: memcg.path, event: 'low' });
}
