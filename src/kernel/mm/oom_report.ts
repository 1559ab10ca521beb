/** The report of an OOM kill, line by line as the kernel prints it (dump_header, dump_tasks). */

import { css_tasks } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import type { Task } from '../sched/task.js';
import { for_each_mem_cgroup_tree } from './mem_cgroup.js';
import { mem_cgroup_print_oom_info } from './memcg_report.js';
import { get_mm_rss } from './mm_types.js';
import type { OomControl } from './oom_control.js';
import { find_lock_task_mm, oom_unkillable_task } from './oom_kill.js';
import { show_mem } from './show_mem.js';

const col = (value: number | string, width: number): string => String(value).padStart(width);

/** CPU time that printing a report takes: a constant part and one for each row of the task table. */
export function report_cost_ns(k: Kernel): number {
  const rows = k.sysctl.oom_dump_tasks ? k.processes.size : 0;
  return k.costs.oomReportNs + rows * k.costs.oomReportTaskNs;
}

/** Everything between "invoked oom-killer" and the kill line; `p` is the victim, null if none. */
export function dump_header(k: Kernel, t: Task, oc: OomControl, p: Task | null): void {
  const modern = k.profile.log_format !== '4.15';
  const nodemask = oc.nodemask === null ? '(null)' : oc.nodemask.join(',');
  const mask = k.gfp_mask(oc.gfp);
  const middle = modern ? '' : ` nodemask=${nodemask}, `;
  k.printk(
    `${t.comm} invoked oom-killer: gfp_mask=${mask},${middle || ' '}order=${oc.order}, ` +
      `oom_score_adj=${t.signal.oom_score_adj}`,
  );
  if (!modern) k.printk(`${t.comm} cpuset=/ mems_allowed=${k.mems_allowed_text()}`);
  k.printk(`CPU: ${Math.max(0, t.cpu)} PID: ${t.pid} Comm: ${t.comm} Not tainted ${k.release} #1`);
  k.printk('Hardware name: oomsim');
  if (oc.memcg !== null) mem_cgroup_print_oom_info(k, oc.memcg, p);
  else show_mem(k);
  if (k.sysctl.oom_dump_tasks) dump_tasks(k, oc);
  if (modern && p !== null) dump_oom_summary(k, oc, p);
}

/** One row a process that could be killed. */
function dump_tasks(k: Kernel, oc: OomControl): void {
  const modern = k.profile.log_format === '5.2' || k.profile.log_format === '5.4';
  if (modern) k.printk('Tasks state (memory values in pages):');
  k.printk(
    modern
      ? '[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name'
      : '[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name',
  );
  for (const leader of domain_tasks(k, oc)) {
    if (oom_unkillable_task(k, leader, oc.memcg, oc.nodemask)) continue;
    const task = find_lock_task_mm(leader);
    if (task === null) continue;
    const { mm } = task;
    k.printk(
      `[${col(task.pid, modern ? 7 : 5)}] ${col(task.uid, 5)} ${col(task.tgid, 5)} ` +
        `${col(mm.total_vm, 8)} ${col(get_mm_rss(mm), 8)} ${col(mm.pgtables_pages * 4096, 8)} ` +
        `${col(mm.swapents, 8)} ${col(task.signal.oom_score_adj, 13)} ${task.comm}`,
    );
  }
}

function* domain_tasks(k: Kernel, oc: OomControl): Generator<Task> {
  if (oc.memcg === null) {
    yield* k.processes;
    return;
  }
  for (const memcg of for_each_mem_cgroup_tree(oc.memcg)) {
    for (const task of css_tasks(memcg)) if (task.is_leader) yield task;
  }
}

/** 5.0: one line that says it all, for parsers. */
function dump_oom_summary(k: Kernel, oc: OomControl, victim: Task): void {
  const nodemask = oc.nodemask === null ? '(null)' : oc.nodemask.join(',');
  const origin = oc.memcg === null ? 'global_oom' : `oom_memcg=${oc.memcg.path}`;
  const memcg = victim.mm?.owner?.cgroup.memcg.path ?? victim.cgroup.memcg.path;
  k.printk(
    `oom-kill:constraint=${oc.constraint},nodemask=${nodemask},cpuset=/,` +
      `mems_allowed=${k.mems_allowed_text()},${origin},task_memcg=${memcg},` +
      `task=${victim.comm},pid=${victim.pid},uid=${victim.uid}`,
  );
}
