import type { Cgroup } from './cgroup/cgroup.js';
import { cgroup_tree } from './cgroup/cgroup.js';
import type { Kernel } from './kernel.js';
import { no_events } from './mm/mem_cgroup.js';
import { type MemcgStat, MemcgStats } from './mm/memcg_stat.js';
import { count_processes } from './read_gauges.js';
import type { Task } from './sched/task.js';
import {
  type CgroupSnapshot,
  type MachineSnapshot,
  type PsiSnapshot,
  TASK_STATES,
  type TaskSnapshot,
  type TaskState,
} from './snapshot.js';

const state_of = (t: Task): TaskState => TASK_STATES[t.state] ?? 'X';

export function snapshot_machine(k: Kernel): MachineSnapshot {
  const zones = k.nodes.flatMap((pgdat) => pgdat.zones);
  return {
    timeNs: k.sim.nowNs,
    totalPages: k.totalram_pages,
    freePages: k.nr_free_pages(),
    swapTotalPages: k.swap.total,
    swapFreePages: k.swap.free,
    zones: zones.map((zone) => ({
      node: zone.node,
      name: zone.name,
      freePages: zone.free,
      minPages: zone.min,
      lowPages: zone.low,
      highPages: zone.high,
      managedPages: zone.managed,
    })),
    oomLockHolderPid: k.oom_lock.owner?.pid ?? 0,
    kswapd: state_of(k.nodes[0]!.kswapd),
    reaper: { state: state_of(k.reaper.thread!), pid: k.reaper.reaping?.pid ?? 0 },
    runnable: k.sched.nr_running,
    kills: k.kills,
  };
}

/** Every cgroup, parents before children; the first is the machine itself. */
export function snapshot_cgroups(k: Kernel): CgroupSnapshot[] {
  const cgroups = [...cgroup_tree(k.root_cgroup)];
  const stats = new MemcgStats();
  stats.read(k);
  const processes = processes_below(cgroups);
  return cgroups.map((cgroup) =>
    snapshot_cgroup(k, cgroup, stats.of(cgroup.memcg), processes.get(cgroup)!),
  );
}

function snapshot_cgroup(
  k: Kernel,
  cgroup: Cgroup,
  s: MemcgStat,
  processes: number,
): CgroupSnapshot {
  const { memcg } = cgroup;
  const own = memcg.cgroup === cgroup;
  const root = memcg.is_root;
  return {
    path: cgroup.path,
    usagePages: root ? k.totalram_pages - k.nr_free_pages() : memcg.memory.usage,
    anonPages: s.anon,
    filePages: s.file,
    shmemPages: s.shmem,
    swapPages: s.swap,
    unevictablePages: s.unevictable,
    slabPages: s.slab,
    kernelStackPages: s.kernel_stack,
    pgtablesPages: s.pgtables,
    sockPages: s.sock,
    pipePages: s.pipe,
    dirtyPages: s.dirty,
    writebackPages: s.writeback,
    maxPages: memcg.memory.max,
    highPages: memcg.high,
    lowPages: memcg.low,
    minPages: memcg.min,
    swapMaxPages: memcg.swap.max,
    oomGroup: memcg.oom_group,
    processes,
    events: own
      ? { ...(k.profile.events_hierarchical ? memcg.events : memcg.events_local) }
      : no_events(),
    psi: snapshot_psi(k, cgroup),
    pgscan: memcg.pgscan,
    pgsteal: memcg.pgsteal,
  };
}

/** Live processes of each cgroup and those below it. */
function processes_below(cgroups: readonly Cgroup[]): ReadonlyMap<Cgroup, number> {
  const counts = new Map<Cgroup, number>();
  // Children come behind their parents: from the end, each is complete when it is added.
  for (let i = cgroups.length - 1; i >= 0; i--) {
    const cgroup = cgroups[i]!;
    const count = (counts.get(cgroup) ?? 0) + count_processes(cgroup);
    counts.set(cgroup, count);
    const { parent } = cgroup;
    if (parent !== null) counts.set(parent, (counts.get(parent) ?? 0) + count);
  }
  return counts;
}

const NO_PSI: PsiSnapshot = {
  someAvg10: 0,
  someAvg60: 0,
  someAvg300: 0,
  someTotalNs: 0,
  fullAvg10: 0,
  fullAvg60: 0,
  fullAvg300: 0,
  fullTotalNs: 0,
};

function snapshot_psi(k: Kernel, cgroup: Cgroup): PsiSnapshot {
  if (k.psi === null) return NO_PSI;
  const group = k.psi.group(cgroup);
  const some = group.averages('some');
  const full = group.averages('full');
  return {
    someAvg10: some[0]!,
    someAvg60: some[1]!,
    someAvg300: some[2]!,
    someTotalNs: group.total_ns[0]!,
    fullAvg10: full[0]!,
    fullAvg60: full[1]!,
    fullAvg300: full[2]!,
    fullTotalNs: group.total_ns[1]!,
  };
}

/** Every thread of every user process, in process-list order. */
export function snapshot_tasks(k: Kernel): TaskSnapshot[] {
  const tasks: TaskSnapshot[] = [];
  for (const leader of k.processes) {
    if (leader.kthread) continue;
    for (const t of leader.signal.threads) tasks.push(snapshot_task(t));
  }
  return tasks;
}

function snapshot_task(t: Task): TaskSnapshot {
  return {
    pid: t.pid,
    tgid: t.tgid,
    comm: t.comm,
    cgroup: t.cgroup.path,
    state: state_of(t),
    wchan: t.wchan,
    oomScoreAdj: t.signal.oom_score_adj,
    anonPages: t.mm?.anon_pages ?? 0,
    filePages: t.mm?.file_pages ?? 0,
    shmemPages: t.mm?.shmem_pages ?? 0,
    swapPages: t.mm?.swapents ?? 0,
    pgtablesPages: t.mm?.pgtables_pages ?? 0,
    oomVictim: t.signal.oom_mm !== null,
    memdie: t.memdie,
    mmfOomSkip: t.mm?.oom_skip ?? t.signal.oom_mm?.oom_skip ?? false,
  };
}
