/** memory.low and memory.min (mm/memcontrol.c: mem_cgroup_low, mem_cgroup_protected). */
import type { Kernel } from '../kernel.js';
import { type MemCgroup, memcg_memory_event } from './mem_cgroup.js';
import type { ScanControl } from './vmscan.js';

/** Whether reclaim below `root` must leave `memcg` alone: never, unless desperate, or always. */
export function mem_cgroup_protection(
  k: Kernel,
  root: MemCgroup,
  memcg: MemCgroup,
): 'none' | 'low' | 'min' {
  if (memcg === root || memcg.is_root) return 'none';
  const usage = memcg.memory.usage;
  if (k.profile.low_protection === 'all') {
    if (k.profile.memory_min && below_everywhere(root, memcg, (m) => m.min)) return 'min';
    return below_everywhere(root, memcg, (m) => m.low) ? 'low' : 'none';
  }
  if (usage === 0) return 'none';
  if (usage <= effective(root, memcg, (m) => m.min)) return 'min';
  return usage <= effective(root, memcg, (m) => m.low) ? 'low' : 'none';
}

/** ≤ 5.3: protected if it and every ancestor below the reclaim root use less than their setting. */
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

/** effective_protection() of 5.7+: a parent's protection is shared among children that claim it. */
function effective(root: MemCgroup, memcg: MemCgroup, setting: (m: MemCgroup) => number): number {
  const parent = memcg.parent;
  const own = Math.min(memcg.memory.usage, setting(memcg));
  if (parent === null || parent.is_root || parent === root) return setting(memcg);
  const above = effective(root, parent, setting);
  let claimed = 0;
  for (const child of parent.children) claimed += Math.min(child.memory.usage, setting(child));
  return claimed > above ? Math.floor((own * above) / claimed) : own;
}

/** ≥ 5.4: the part of a list of `size` pages that protection keeps from being scanned. */
export function protected_share(
  k: Kernel,
  memcg: MemCgroup,
  size: number,
  sc: ScanControl,
): number {
  if (k.profile.low_protection === 'all') return 0;
  const root = sc.target_mem_cgroup ?? k.root_mem_cgroup;
  if (memcg === root || memcg.is_root) return 0;
  const min = effective(root, memcg, (m) => m.min);
  const low = sc.memcg_low_reclaim ? 0 : effective(root, memcg, (m) => m.low);
  const protection = Math.max(min, low);
  if (protection === 0) return 0;
  if (low > 0 && !sc.memcg_low_reclaim) sc.memcg_low_skipped = true;
  const usage = Math.max(memcg.memory.usage, protection);
  return Math.min(size, Math.floor((size * protection) / (usage + 1)));
}

export function count_low_events(k: Kernel, memcg: MemCgroup): void {
  memcg_memory_event(memcg, 'low');
  k.trace.on['oomsim:memcg_event']?.({ memcg: memcg.path, event: 'low' });
}
