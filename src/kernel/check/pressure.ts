/** Pressure stall information: the tasks that each group counts are the tasks that it has. */
import type { Cgroup } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { type PsiGroup, TSK_MEMSTALL, TSK_RUNNING } from '../sched/psi_groups.js';
import { EXIT_ZOMBIE, TASK_RUNNING, type Task } from '../sched/task.js';
import { broken, equal } from './broken.js';
import { all_tasks } from './tasks.js';

interface Counts {
  memstall: number;
  running: number;
  memstall_running: number;
}

export function check_pressure(k: Kernel): void {
  const { psi } = k;
  if (psi === null) return;
  const sums = new Map<PsiGroup, Counts[]>();
  for (const group of psi.groups()) {
    sums.set(
      group,
      group.cpus.map(() => ({ memstall: 0, running: 0, memstall_running: 0 })),
    );
  }
  for (const t of all_tasks(k)) {
    check_flags(t);
    if (t.psi_flags === 0) continue;
    for (let cgroup: Cgroup | null = t.cgroup; cgroup !== null; cgroup = cgroup.parent) {
      const counts = sums.get(psi.group(cgroup))?.[t.psi_cpu];
      if (counts === undefined) broken(`${t.comm} counts in no group of ${cgroup.path}`);
      else count(counts, t.psi_flags);
    }
  }
  for (const [group, cpus] of sums) {
    cpus.forEach((counts, cpu) => {
      const on = group.cpus[cpu]!;
      equal(on.memstall, counts.memstall, () => 'tasks in a memory stall (PSI)');
      equal(on.running, counts.running, () => 'running tasks (PSI)');
      equal(on.memstall_running, counts.memstall_running, () => 'stalled running tasks (PSI)');
    });
  }
}

function count(counts: Counts, flags: number): void {
  if (flags & TSK_MEMSTALL) counts.memstall++;
  if (flags & TSK_RUNNING) counts.running++;
  if (flags === (TSK_MEMSTALL | TSK_RUNNING)) counts.memstall_running++;
}

/** What is counted for a task is what it does. */
function check_flags(t: Task): void {
  const running = t.state === TASK_RUNNING ? TSK_RUNNING : 0;
  const stalled = t.memstall > 0 ? TSK_MEMSTALL : 0;
  const flags = t.state >= EXIT_ZOMBIE ? 0 : running | stalled;
  // Kernel threads count while they reclaim memory only.
  if (t.kthread && t.psi_flags === 0 && stalled === 0) return;
  equal(t.psi_flags, flags, () => `PSI state of ${t.comm} (${t.pid})`);
}
