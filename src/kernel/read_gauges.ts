import type { Cgroup } from './cgroup/cgroup.js';
import type { Kernel } from './kernel.js';
import {
  ANON,
  DIRTY,
  FILE,
  KERNEL_STACK,
  MemcgStats,
  PGTABLES,
  PIPE,
  SHMEM,
  SLAB,
  SOCK,
  SWAP,
  UNEVICTABLE,
  WRITEBACK,
} from './mm/memcg_stat.js';
import type { PsiGroup } from './sched/psi_groups.js';
import { CGROUP_GAUGES, type Gauges, MACHINE_GAUGES, PAGE_GAUGES } from './snapshot.js';

/** The first of the counts. */
const PROCESSES = PAGE_GAUGES.length;
/** The first gauge of pressure; kernels without it leave them at 0. */
const PRESSURE = CGROUP_GAUGES - 4;

/** Reads the gauges of one kernel, each time into the same arrays. */
export class GaugeReader implements Gauges {
  readonly paths: string[] = [];
  cgroups = new Float64Array(CGROUP_GAUGES);
  readonly machine = new Float64Array(MACHINE_GAUGES);
  readonly #stats = new MemcgStats();
  /** Where each cgroup's parent is in `paths`. */
  readonly #parents: number[] = [];
  #used_pages = 0;

  constructor(private readonly k: Kernel) {}

  /** All as it is now; the next reading overwrites it. */
  read(): Gauges {
    const { k, machine } = this;
    const free = k.nr_free_pages();
    this.#used_pages = k.totalram_pages - free;
    machine[0] = free;
    machine[1] = k.swap.free;
    machine[2] = k.sched.nr_running;
    machine[3] = k.oom_lock.owner?.pid ?? 0;
    machine[4] = k.reaper.reaping?.pid ?? 0;
    machine[5] = k.kills;
    this.#stats.read(k);
    this.paths.length = 0;
    this.#read_tree(k.root_cgroup, 0);
    this.#sum_processes();
    return this;
  }

  #read_tree(cgroup: Cgroup, parent: number): void {
    const index = this.paths.length;
    const at = index * CGROUP_GAUGES;
    if (at === this.cgroups.length) this.#grow();
    this.paths.push(cgroup.path);
    this.#parents[index] = parent;
    this.#read_cgroup(cgroup, at);
    for (const child of cgroup.children) this.#read_tree(child, index);
  }

  /** In the order of PAGE_GAUGES and COUNT_GAUGES. */
  #read_cgroup(cgroup: Cgroup, start: number): void {
    const { memcg } = cgroup;
    const { cgroups: to } = this;
    const { counters } = this.#stats;
    const from = this.#stats.at(memcg);
    let at = start;
    to[at++] = memcg.is_root ? this.#used_pages : memcg.memory.usage;
    to[at++] = counters[from + ANON]!;
    to[at++] = counters[from + FILE]!;
    to[at++] = counters[from + SWAP]!;
    to[at++] = counters[from + SHMEM]!;
    to[at++] = counters[from + UNEVICTABLE]!;
    to[at++] = counters[from + SLAB]!;
    to[at++] = counters[from + KERNEL_STACK]!;
    to[at++] = counters[from + PGTABLES]!;
    to[at++] = counters[from + SOCK]!;
    to[at++] = counters[from + PIPE]!;
    to[at++] = counters[from + DIRTY]!;
    to[at++] = counters[from + WRITEBACK]!;
    to[at++] = memcg.memory.max;
    to[at++] = memcg.high;
    to[at++] = memcg.low;
    to[at++] = memcg.min;
    to[at++] = memcg.swap.max;
    to[at++] = count_processes(cgroup);
    const own = memcg.cgroup === cgroup;
    const events = this.k.profile.events_hierarchical ? memcg.events : memcg.events_local;
    to[at++] = own ? events.low : 0;
    to[at++] = own ? events.high : 0;
    to[at++] = own ? events.max : 0;
    to[at++] = own ? events.oom : 0;
    to[at++] = own ? events.oom_kill : 0;
    to[at++] = own ? events.oom_group_kill : 0;
    to[at++] = memcg.pgscan;
    to[at++] = memcg.pgsteal;
    if (this.k.psi !== null) this.#read_pressure(this.k.psi.group(cgroup), start + PRESSURE);
  }

  #read_pressure(group: PsiGroup, at: number): void {
    const { cgroups: to } = this;
    to[at] = group.averages('some')[0]! / 100;
    to[at + 1] = group.total_ns[0]!;
    to[at + 2] = group.averages('full')[0]! / 100;
    to[at + 3] = group.total_ns[1]!;
  }

  #sum_processes(): void {
    const { cgroups } = this;
    // Children come behind their parents: from the end, each is complete when it is added.
    for (let i = this.paths.length - 1; i > 0; i--) {
      const count = cgroups[i * CGROUP_GAUGES + PROCESSES]!;
      cgroups[this.#parents[i]! * CGROUP_GAUGES + PROCESSES]! += count;
    }
  }

  #grow(): void {
    const cgroups = new Float64Array(2 * this.cgroups.length);
    cgroups.set(this.cgroups);
    this.cgroups = cgroups;
  }
}

/** Live processes attached to the cgroup itself. */
export function count_processes(cgroup: Cgroup): number {
  let count = 0;
  for (const task of cgroup.tasks) if (task.is_leader && !task.kthread) count++;
  return count;
}
