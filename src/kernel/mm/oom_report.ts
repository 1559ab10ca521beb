/** The report of an OOM kill, line by line as the kernel prints it (dump_header, dump_tasks). */

import { css_tasks } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { logs_since } from '../profile.js';
import type { Task } from '../sched/task.js';
import { for_each_mem_cgroup_tree } from './mem_cgroup.js';
import { mem_cgroup_print_oom_info } from './memcg_report.js';
import { get_mm_anon, get_mm_rss, type Mm } from './mm_types.js';
import type { OomControl } from './oom_control.js';
import { oom_passes_over } from './oom_eligible.js';
import { find_lock_task_mm } from './oom_kill.js';
import { show_mem } from './show_mem.js';

const col = (value: number | string, width: number): string => String(value).padStart(width);

/** CPU time that printing a report takes: a constant part and one for each row of the task table. */
export function report_cost_ns(k: Kernel): number {
  const rows = k.sysctl.oom_dump_tasks ? k.processes.size : 0;
  return k.costs.oomReportNs + rows * k.costs.oomReportTaskNs;
}

/** Everything between "invoked oom-killer" and the kill line; `p` is the victim, null if none. */
export function dump_header(k: Kernel, t: Task, oc: OomControl, p: Task | null): void {
  const modern = logs_since(k.profile.log_format, '5.0');
  const mask = k.gfp_mask(oc.gfp);
  const middle = modern ? '' : ` nodemask=${nodemask_text(oc)}, `;
  k.printk(
    `${t.comm} invoked oom-killer: gfp_mask=${mask},${middle || ' '}order=${oc.order}, ` +
      `oom_score_adj=${t.signal.oom_score_adj}`,
  );
  if (!modern) k.printk(`${t.comm} ${cpuset_text(k, t, ' ')}`);
  k.printk(`CPU: ${Math.max(0, t.cpu)} PID: ${t.pid} Comm: ${t.comm} Not tainted ${k.release} #1`);
  k.printk('Hardware name: oomsim');
  if (oc.memcg !== null) mem_cgroup_print_oom_info(k, oc.memcg, p);
  else show_mem(k);
  if (k.sysctl.oom_dump_tasks) dump_tasks(k, oc);
  if (modern && p !== null) dump_oom_summary(k, t, oc, p);
}

/** Numbers as `%*pbl` prints a bitmap: `0,2-4`. */
function bitmap_text(bits: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const bit of [...bits].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === bit - 1) last[1] = bit;
    else ranges.push([bit, bit]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

const nodemask_text = ({ nodemask }: OomControl): string =>
  nodemask === null ? '(null)' : bitmap_text(nodemask);

/** The cpuset of the task that asks, by name only (cpuset_print_current_mems_allowed). */
function cpuset_text(k: Kernel, t: Task, separator: string): string {
  let { cgroup } = t;
  // It is another's where the controller has not been enabled for this one.
  while (cgroup.parent !== null && cgroup.parent.mems_allowed === cgroup.mems_allowed) {
    cgroup = cgroup.parent;
  }
  const name = cgroup.path.slice(cgroup.path.lastIndexOf('/') + 1) || '/';
  const mems = t.mems_allowed ?? k.nodes.map(({ id }) => id);
  return `cpuset=${name}${separator}mems_allowed=${bitmap_text(mems)}`;
}

/** One row a process that could be killed. */
function dump_tasks(k: Kernel, oc: OomControl): void {
  const wide = logs_since(k.profile.log_format, '4.19');
  const split = logs_since(k.profile.log_format, '6.14');
  if (wide) k.printk('Tasks state (memory values in pages):');
  const pid = wide ? '[  pid  ]' : '[ pid ]';
  const parts = split ? ' rss_anon rss_file rss_shmem' : '';
  k.printk(
    `${pid}   uid  tgid total_vm      rss${parts} pgtables_bytes swapents oom_score_adj name`,
  );
  for (const leader of domain_tasks(k, oc)) {
    if (oom_passes_over(k, leader, oc, oc.memcg)) continue;
    const task = find_lock_task_mm(leader);
    if (task === null) continue;
    const { mm } = task;
    k.printk(
      `[${col(task.pid, wide ? 7 : 5)}] ${col(task.uid, 5)} ${col(task.tgid, 5)} ` +
        `${col(mm.total_vm, 8)} ${col(get_mm_rss(mm), 8)}${split ? rss_parts(mm) : ''} ` +
        `${col(mm.pgtables_pages * 4096, 8)} ${col(mm.swapents, 8)} ${col(task.signal.oom_score_adj, 13)} ${task.comm}`,
    );
  }
}

const rss_parts = (mm: Mm): string =>
  ` ${col(get_mm_anon(mm), 8)} ${col(mm.file_pages, 8)} ${col(mm.shmem_pages, 9)}`;

/** All processes; from 5.3 those of the memcg at its limit, in its tree's order. */
function* domain_tasks(k: Kernel, oc: OomControl): Generator<Task> {
  if (oc.memcg === null || !k.profile.memcg_oom_members) {
    yield* k.processes;
    return;
  }
  for (const memcg of for_each_mem_cgroup_tree(oc.memcg)) {
    for (const task of css_tasks(memcg)) if (task.is_leader) yield task;
  }
}

/** 5.0: one line that says it all, for parsers. */
function dump_oom_summary(k: Kernel, t: Task, oc: OomControl, victim: Task): void {
  const origin = oc.memcg === null ? 'global_oom' : `oom_memcg=${oc.memcg.path}`;
  k.printk(
    `oom-kill:constraint=${oc.constraint},nodemask=${nodemask_text(oc)},` +
      `${cpuset_text(k, t, ',')},${origin},task_memcg=${victim.cgroup.memcg.path},` +
      `task=${victim.comm},pid=${victim.pid},uid=${victim.uid}`,
  );
}
