/**
 * Pressure stall information (kernel/sched/psi.c, 4.20 and 6.1): for the system and every cgroup, how
 * much time some or all of the runnable tasks lose to a shortage of memory. Integer arithmetic as in
 * the kernel; times in ns.
 */
import type { Cgroup } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { TASK_RUNNING, type Task } from './task.js';

export const TSK_MEMSTALL = 1;
export const TSK_RUNNING = 2;
const BOTH = TSK_MEMSTALL | TSK_RUNNING;
const is_memstall = (flags: number): boolean => (flags & TSK_MEMSTALL) !== 0;
const is_running = (flags: number): boolean => (flags & TSK_RUNNING) !== 0;

const FSHIFT = 11;
const FIXED_1 = 1 << FSHIFT;
/** exp(-2s/10s), exp(-2s/60s), exp(-2s/300s) in fixed point. */
const EXP = [1677, 1981, 2034] as const;

/** States of one group on one CPU. */
const MEM_SOME = 0;
const MEM_FULL = 1;
const NONIDLE = 2;

interface GroupCpu {
  memstall: number;
  running: number;
  memstall_running: number;
  since_ns: number;
  times: number[];
  times_prev: number[];
}

/** Pressure of one cgroup and everything below it (struct psi_group). */
export class PsiGroup {
  readonly cpus: GroupCpu[];
  /** Total stall time, [some, full]. */
  readonly total_ns = [0, 0];
  readonly #avg_total_ns = [0, 0];
  /** Fixed point (11 bits), [some, full][10 s, 60 s, 300 s]. */
  readonly avg = [
    [0, 0, 0],
    [0, 0, 0],
  ];

  constructor(
    /** The group of the cgroup above; null: this is the system's. */
    readonly parent: PsiGroup | null,
    cpus: number,
    now_ns: number,
  ) {
    this.cpus = Array.from({ length: cpus }, () => ({
      memstall: 0,
      running: 0,
      memstall_running: 0,
      since_ns: now_ns,
      times: [0, 0, 0],
      times_prev: [0, 0, 0],
    }));
  }

  /** Adds the time since the last change to the states that were on. */
  record_times(cpu: GroupCpu, now_ns: number, full_needs_idle: boolean): void {
    const delta = now_ns - cpu.since_ns;
    cpu.since_ns = now_ns;
    if (delta === 0) return;
    if (cpu.memstall > 0) {
      cpu.times[MEM_SOME]! += delta;
      const full = full_needs_idle ? cpu.running === 0 : cpu.running === cpu.memstall_running;
      if (full) cpu.times[MEM_FULL]! += delta;
    }
    if (cpu.memstall > 0 || cpu.running > 0) cpu.times[NONIDLE]! += delta;
  }

  /** Sums the CPUs, each weighted by the jiffies it was not idle (collect_percpu_times). */
  collect(now_ns: number, full_needs_idle: boolean, tick_ns: number): void {
    const deltas = [0, 0];
    let nonidle_total = 0;
    for (const cpu of this.cpus) {
      this.record_times(cpu, now_ns, full_needs_idle);
      const nonidle = Math.floor((cpu.times[NONIDLE]! - cpu.times_prev[NONIDLE]!) / tick_ns);
      nonidle_total += nonidle;
      for (const state of [MEM_SOME, MEM_FULL]) {
        deltas[state]! += (cpu.times[state]! - cpu.times_prev[state]!) * nonidle;
      }
      cpu.times_prev = [...cpu.times];
    }
    for (const state of [MEM_SOME, MEM_FULL]) {
      this.total_ns[state]! += Math.floor(deltas[state]! / Math.max(1, nonidle_total));
    }
  }

  /** One averaging period is over (update_averages). */
  update_averages(period_ns: number): void {
    for (const state of [MEM_SOME, MEM_FULL]) {
      const sample = Math.min(this.total_ns[state]! - this.#avg_total_ns[state]!, period_ns);
      this.#avg_total_ns[state]! += sample;
      const pct = Math.floor((sample * 100) / period_ns) * FIXED_1;
      const avg = this.avg[state]!;
      EXP.forEach((exp, i) => {
        let load = avg[i]! * exp + pct * (FIXED_1 - exp);
        if (pct >= avg[i]!) load += FIXED_1 - 1;
        avg[i] = Math.floor(load / FIXED_1);
      });
    }
  }

  /** Averages in hundredths of a percent, as they are printed: [10 s, 60 s, 300 s]. */
  averages(state: 'some' | 'full'): readonly number[] {
    return this.avg[state === 'some' ? MEM_SOME : MEM_FULL]!.map((avg) => {
      const whole = Math.floor(avg / FIXED_1);
      const hundredths = Math.floor(((avg - whole * FIXED_1) * 100) / FIXED_1);
      return whole * 100 + hundredths;
    });
  }
}

/** All groups of a kernel. */
export class Psi {
  readonly system: PsiGroup;
  readonly #groups = new Map<Cgroup, PsiGroup>();
  /** 4.20: FULL only while nothing runs at all, but ticks that hit a stalled task count as FULL. */
  readonly #full_needs_idle: boolean;
  readonly #period_ns: number;

  constructor(private readonly k: Kernel) {
    this.#full_needs_idle = k.profile.psi === '4.20';
    this.#period_ns = (2 * k.jiffies.hz + 1) * k.jiffies.tickNs;
    this.system = new PsiGroup(null, k.sched.cpus.length, 0);
    this.#schedule();
  }

  group(cgroup: Cgroup): PsiGroup {
    if (cgroup.parent === null) return this.system;
    let group = this.#groups.get(cgroup);
    if (group === undefined) {
      const { sched, sim } = this.k;
      group = new PsiGroup(this.group(cgroup.parent), sched.cpus.length, sim.nowNs);
      this.#groups.set(cgroup, group);
    }
    return group;
  }

  groups(): readonly PsiGroup[] {
    return [this.system, ...this.#groups.values()];
  }

  forget(cgroup: Cgroup): void {
    this.#groups.delete(cgroup);
  }

  /** The task began or stopped running or stalling: psi_task_change() for it and its ancestors. */
  task_change(t: Task): void {
    if (t.kthread && t.psi_flags === 0 && t.memstall === 0) return;
    const running = t.state === TASK_RUNNING;
    const flags = (t.memstall > 0 ? TSK_MEMSTALL : 0) | (running ? TSK_RUNNING : 0);
    const cpu = t.cpu >= 0 ? t.cpu : t.psi_cpu;
    if (flags === t.psi_flags && cpu === t.psi_cpu) return;
    if (cpu === t.psi_cpu) this.#change(t.cgroup, cpu, t.psi_flags, flags);
    else {
      this.#change(t.cgroup, t.psi_cpu, t.psi_flags, 0);
      this.#change(t.cgroup, cpu, 0, flags);
    }
    t.psi_flags = flags;
    t.psi_cpu = cpu;
  }

  /** The task moves: its state leaves the old groups and enters the new ones (cgroup_move_task). */
  move_task(t: Task, to: Cgroup): void {
    this.#change(t.cgroup, t.psi_cpu, t.psi_flags, 0);
    this.#change(to, t.psi_cpu, 0, t.psi_flags);
  }

  /** A burst of a task inside a memstall section, 4.20: each tick in it counts as full stall. */
  memstall_ticks(t: Task, start_ns: number, end_ns: number): void {
    if (!this.#full_needs_idle) return;
    const { tickNs } = this.k.jiffies;
    const ticks = Math.floor(end_ns / tickNs) - Math.floor(start_ns / tickNs);
    if (ticks === 0) return;
    for (let group: PsiGroup | null = this.group(t.cgroup); group !== null; group = group.parent) {
      group.cpus[t.psi_cpu]!.times[MEM_FULL]! += ticks * tickNs;
    }
  }

  /** Brings the totals of a group up to now; for reading. */
  refresh(group: PsiGroup): void {
    group.collect(this.k.sim.nowNs, this.#full_needs_idle, this.k.jiffies.tickNs);
  }

  /** Of a task of the cgroup on this CPU, flags are cleared, and others set (psi_group_change). */
  #change(cgroup: Cgroup, cpu: number, clear: number, set: number): void {
    const memstall = +is_memstall(set) - +is_memstall(clear);
    const running = +is_running(set) - +is_running(clear);
    const memstall_running = +(set === BOTH) - +(clear === BOTH);
    const { nowNs } = this.k.sim;
    for (let group: PsiGroup | null = this.group(cgroup); group !== null; group = group.parent) {
      const on = group.cpus[cpu]!;
      group.record_times(on, nowNs, this.#full_needs_idle);
      on.memstall += memstall;
      on.running += running;
      on.memstall_running += memstall_running;
      if (on.memstall < 0 || on.running < 0) throw new Error(`psi underflow in ${cgroup.path}`);
    }
  }

  #schedule(): void {
    this.k.defer(this.k.sim.nowNs + this.#period_ns, () => {
      for (const group of this.groups()) {
        this.refresh(group);
        group.update_averages(this.#period_ns);
      }
      this.#schedule();
    });
  }
}
