/** What a userspace killer can read of a cgroup (v2). */
import type { Flow } from '../../engine/coroutine.js';
import { type Cgroup, cgroup_tree } from '../../kernel/cgroup/cgroup.js';
import type { Kernel } from '../../kernel/kernel.js';
import { for_each_mem_cgroup_tree } from '../../kernel/mm/mem_cgroup.js';
import type { Task } from '../../kernel/sched/task.js';
import { read_files } from './proc.js';

/** One reading of a cgroup's memory.* files. Pages; pressure in hundredths of a percent. */
export interface CgroupFiles {
  /** `full` of memory.pressure. */
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly current: number;
  readonly swap: number;
  readonly min: number;
  readonly low: number;
  /** Of memory.stat: with everything below. */
  readonly pgscan: number;
  readonly anon: number;
}

/** memory.pressure, memory.current, memory.min, memory.low, memory.swap.current, memory.stat. */
const FILES = 6;

/** The memory controller is enabled for it, so that it has such files; the root has them in /proc. */
export function has_memory_files(cgroup: Cgroup): boolean {
  return cgroup.memcg.cgroup === cgroup;
}

/** The directory is still there. */
export function exists(k: Kernel, cgroup: Cgroup): boolean {
  return k.cgroups.get(cgroup.path) === cgroup;
}

/** Reads a cgroup; null if it isn't there any more or has no memory controller. */
export function* read_cgroup(k: Kernel, t: Task, cgroup: Cgroup): Flow<CgroupFiles | null> {
  yield read_files(k, t, FILES);
  if (!exists(k, cgroup) || !has_memory_files(cgroup)) return null;
  const { memcg } = cgroup;
  const [avg10, avg60, avg300] = k.psi!.group(cgroup).averages('full') as [number, number, number];
  const pressure = { avg10, avg60, avg300 };
  if (memcg.is_root) {
    const current = k.totalram_pages - k.nr_free_pages();
    return { ...pressure, current, swap: 0, min: 0, low: 0, pgscan: 0, anon: 0 };
  }
  let pgscan = 0;
  let swap = 0;
  let anon = 0;
  for (const below of for_each_mem_cgroup_tree(memcg)) {
    pgscan += below.pgscan;
    swap += below.swap_pages;
    anon += below.resident.anon;
  }
  const { min, low } = memcg;
  return { ...pressure, current: memcg.memory.usage, swap, min, low, pgscan, anon };
}

/** cgroup.procs, without those that no signal reaches: init and kernel threads. */
export function cgroup_procs(k: Kernel, cgroup: Cgroup): Task[] {
  return [...cgroup.tasks].filter((t) => t.is_leader && !t.kthread && t !== k.init);
}

/** Somebody lives in it or below. */
export function is_populated(k: Kernel, cgroup: Cgroup): boolean {
  for (const below of cgroup_tree(cgroup)) if (cgroup_procs(k, below).length > 0) return true;
  return false;
}

/** /a/b is in /a, and so is /a. */
export function path_startswith(path: string, prefix: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}
