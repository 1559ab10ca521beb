import type { Kernel } from '../kernel.js';
import { logs_since } from '../profile.js';
import type { Task } from '../sched/task.js';
import { K, PAGE_SIZE } from '../units.js';
import { for_each_mem_cgroup_tree, type MemCgroup } from './mem_cgroup.js';
import { memcg_stat } from './memcg_stat.js';
import type { PageCounter } from './page_counter.js';

/** PAGE_COUNTER_MAX in kB: what an unlimited counter prints as its limit. */
const UNLIMITED_KB = '9007199254740988';

const limit_kb = (pages: number): string => (Number.isFinite(pages) ? `${K(pages)}` : UNLIMITED_KB);

function counter_line(name: string, counter: PageCounter): string {
  return `${name}: usage ${K(counter.usage)}kB, limit ${limit_kb(counter.max)}kB, failcnt ${counter.failcnt}`;
}

/** The memcg part of a report (mem_cgroup_print_oom_info; from 5.0 split in context and meminfo). */
export function mem_cgroup_print_oom_info(k: Kernel, memcg: MemCgroup, p: Task | null): void {
  if (!logs_since(k.profile.log_format, '5.0')) {
    k.printk(
      p === null
        ? `Memory limit reached of cgroup ${memcg.path}`
        : `Task in ${p.cgroup.memcg.path} killed as a result of limit of ${memcg.path}`,
    );
  }
  k.printk(counter_line('memory', memcg.memory));
  if (!logs_since(k.profile.log_format, '5.4')) {
    k.printk(`memory+swap: usage 0kB, limit ${UNLIMITED_KB}kB, failcnt 0`);
    k.printk(`kmem: usage 0kB, limit ${UNLIMITED_KB}kB, failcnt 0`);
    for (const m of for_each_mem_cgroup_tree(memcg)) print_v1_stats(k, m);
    return;
  }
  k.printk(counter_line('swap', memcg.swap));
  k.printk(`Memory cgroup stats for ${memcg.path}:`);
  print_v2_stats(k, memcg);
}

function print_v1_stats(k: Kernel, memcg: MemCgroup): void {
  const s = memcg_stat(k, memcg, false);
  k.printk(
    `Memory cgroup stats for ${memcg.path}: cache:${K(s.file + s.shmem)}KB rss:${K(s.anon)}KB ` +
      `rss_huge:0KB shmem:${K(s.shmem)}KB mapped_file:0KB dirty:${K(s.dirty)}KB ` +
      `writeback:${K(s.writeback)}KB swap:${K(s.swap)}KB inactive_anon:${K(s.inactive_anon)}KB ` +
      `active_anon:${K(s.active_anon)}KB inactive_file:${K(s.inactive_file)}KB ` +
      `active_file:${K(s.active_file)}KB unevictable:${K(s.unevictable)}KB`,
  );
}

function print_v2_stats(k: Kernel, memcg: MemCgroup): void {
  const s = memcg_stat(k, memcg, true);
  const rows: readonly (readonly [string, number])[] = [
    ['anon', s.anon],
    ['file', s.file + s.shmem],
    ['kernel_stack', s.kernel_stack],
    ['pagetables', s.pgtables],
    ['sock', s.sock],
    ['shmem', s.shmem],
    ['file_dirty', s.dirty],
    ['file_writeback', s.writeback],
    ['inactive_anon', s.inactive_anon],
    ['active_anon', s.active_anon],
    ['inactive_file', s.inactive_file],
    ['active_file', s.active_file],
    ['unevictable', s.unevictable],
    ['slab_unreclaimable', s.slab],
  ];
  for (const [name, pages] of rows) k.printk(`${name} ${pages * PAGE_SIZE}`);
}
