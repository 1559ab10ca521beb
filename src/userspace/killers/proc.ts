/**
 * What a userspace killer can see of the machine: files of /proc and of the cgroup file system. Each
 * read takes CPU time, so that a killer that doesn't get a CPU comes late, and what it knows is old.
 */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../../kernel/kernel.js';
import { memcg_stat } from '../../kernel/mm/memcg_stat.js';
import { get_mm_rss, LRU_ACTIVE_FILE, LRU_INACTIVE_FILE } from '../../kernel/mm/mm_types.js';
import { find_lock_task_mm, ineligible, oom_badness } from '../../kernel/mm/oom_kill.js';
import { spend } from '../../kernel/sched/core.js';
import { EXIT_ZOMBIE, type Task } from '../../kernel/sched/task.js';

/** open(), read() and close() of a small file that the kernel makes up as it is read. */
export function file_cost_ns(k: Kernel): number {
  return 3 * k.costs.syscallNs + k.costs.readPageNs;
}

/** Reads `files` files; what they say is looked up afterwards. */
export function read_files(k: Kernel, t: Task, files: number): number {
  return spend(t, files * file_cost_ns(k));
}

/** Some lines of /proc/meminfo, in pages. */
export interface Meminfo {
  readonly MemTotal: number;
  readonly MemAvailable: number;
  readonly AnonPages: number;
  readonly SwapTotal: number;
  readonly SwapFree: number;
}

export function* read_meminfo(k: Kernel, t: Task): Flow<Meminfo> {
  yield read_files(k, t, 1);
  return {
    MemTotal: k.totalram_pages,
    MemAvailable: si_mem_available(k),
    AnonPages: memcg_stat(k, k.root_mem_cgroup, true).anon,
    SwapTotal: k.swap.total,
    SwapFree: k.swap.free,
  };
}

/** What can be had without swapping (mm/page_alloc.c: si_mem_available). */
export function si_mem_available(k: Kernel): number {
  let wmark_low = 0;
  let totalreserve = 0;
  for (const pgdat of k.nodes) {
    for (const zone of pgdat.zones) {
      wmark_low += zone.low;
      const reserve = Math.max(0, ...zone.lowmem_reserve) + zone.high;
      totalreserve += Math.min(reserve, zone.managed);
    }
  }
  let available = k.nr_free_pages() - totalreserve;
  let pagecache = 0;
  for (const lru of k.node_lru) pagecache += lru[LRU_ACTIVE_FILE]! + lru[LRU_INACTIVE_FILE]!;
  available += pagecache - Math.min(Math.floor(pagecache / 2), wmark_low);
  const slab = memcg_stat(k, k.root_mem_cgroup, true).slab_reclaimable;
  available += slab - Math.min(Math.floor(slab / 2), wmark_low);
  return Math.max(0, available);
}

/** The directory /proc: processes by pid. */
export function* list_processes(k: Kernel, t: Task): Flow<Task[]> {
  yield read_files(k, t, 1);
  return [...k.processes].sort((a, b) => a.pid - b.pid);
}

/** /proc/pid/oom_score (fs/proc/base.c: proc_oom_score). */
export function oom_score(k: Kernel, leader: Task): number {
  const totalpages = k.totalram_pages + k.swap.total;
  const badness = oom_badness(k, leader, null, null, totalpages);
  if (k.profile.badness === 'clamped') return Math.trunc((badness * 1000) / totalpages);
  // 5.9: scaled so that the range is the one that user space was used to.
  if (badness === ineligible(k)) return 0;
  return Math.trunc(((1000 + Math.trunc((badness * 1000) / totalpages)) * 2) / 3);
}

/** Resident pages, as /proc/pid/statm has them; 0 for kernel threads and the dead. */
export function statm_resident(leader: Task): number {
  const mm = find_lock_task_mm(leader)?.mm;
  return mm === undefined ? 0 : get_mm_rss(mm);
}

/** /proc/pid/stat is there and its state is not Z. */
export function is_alive(leader: Task): boolean {
  return leader.state < EXIT_ZOMBIE;
}
