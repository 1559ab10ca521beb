/** A userspace killer as a process: its memory, its life from poll to poll, how it kills. */
import type { Flow } from '../../engine/coroutine.js';
import type { Cgroup } from '../../kernel/cgroup/cgroup.js';
import type { Kernel } from '../../kernel/kernel.js';
import { user_fault } from '../../kernel/mm/memory.js';
import { set_unevictable } from '../../kernel/mm/rmap.js';
import { swap_in } from '../../kernel/mm/swap_in.js';
import { ENTER, spend } from '../../kernel/sched/core.js';
import { SIGKILL, SIGTERM, send_sigkill } from '../../kernel/sched/signal.js';
import type { Task, UserProgram } from '../../kernel/sched/task.js';
import type { Host } from '../host.js';
import { map_area } from '../program.js';
import { cgroup_procs } from './cgroup_files.js';
import { is_alive, read_files } from './proc.js';

/** How a victim was chosen; goes into the trace. */
export interface KillReason {
  readonly points: number;
  readonly reason: string;
  /** The cgroup in trouble; '' for the machine. */
  readonly memcg: string;
  /** Killed with everybody in its cgroup. */
  readonly group: boolean;
}

const SWAP_IN_PAGES = 4096;

/**
 * Starting (faults its memory in) → polling for ever. A poll ends in user mode, where signals to the
 * daemon itself take effect.
 */
export abstract class Killer implements UserProgram {
  protected readonly k: Kernel;
  #started = false;

  constructor(
    readonly name: string,
    protected readonly host: Host,
    private readonly anon_pages: number,
    /** mlockall(): it cannot be swapped out. */
    private readonly locked: boolean,
  ) {
    this.k = host.k;
  }

  run(t: Task): number {
    t.flow = this.#started ? this.#wake(t) : this.#start(t);
    this.#started = true;
    return ENTER;
  }

  /** Looks, decides, perhaps kills, and sleeps until it is time to look again. */
  protected abstract poll(t: Task): Flow;

  /** exec() has brought some of the memory; the rest is touched here. */
  *#start(t: Task): Flow {
    const mm = t.mm!;
    mm.lock_future = this.locked;
    if (this.locked) {
      for (const vma of mm.vmas()) {
        vma.locked = true;
        for (const mapping of vma.mappings) set_unevictable(this.k, mapping.set, true);
      }
    }
    const pages = Math.max(0, this.anon_pages - mm.anon_pages);
    const vma = map_area(t, 'anon', pages);
    for (let left = pages; left > 0 && !t.sigkill_pending; ) {
      if (yield* user_fault(this.k, t, vma)) left--;
      yield spend(t, this.k.costs.touchPageNs);
    }
  }

  /** Whatever of it was swapped out while it slept has to come back before it can think. */
  *#wake(t: Task): Flow {
    for (const vma of t.mm!.vmas()) {
      for (const mapping of [...vma.mappings]) {
        while (mapping.swapped > 0 && !t.sigkill_pending) {
          yield* swap_in(this.k, t, mapping, SWAP_IN_PAGES);
        }
        mapping.set.touched_ns = this.k.sim.nowNs;
      }
    }
    yield* this.poll(t);
  }

  /**
   * kill(2). A fatal signal that the process does not ignore starts its group exit at once
   * (kernel/signal.c: complete_signal), SIGTERM as well as SIGKILL. Returns false with ESRCH.
   */
  protected *kill(
    t: Task,
    victim: Task,
    signal: 'SIGTERM' | 'SIGKILL',
    why: KillReason,
  ): Flow<boolean> {
    yield spend(t, this.k.costs.syscallNs);
    if (!is_alive(victim)) return false;
    const ignored = this.host.ignores_signal(victim, signal.slice(3));
    this.#trace(t, victim, signal, why, ignored);
    if (!ignored) send_sigkill(this.k, victim, signal === 'SIGTERM' ? SIGTERM : SIGKILL);
    return true;
  }

  /**
   * SIGKILL for everybody in a cgroup and below, its own processes first, read again and again until
   * no new ones turn up. Returns how many were sent one.
   */
  protected *kill_cgroup(t: Task, cgroup: Cgroup, why: KillReason): Flow<number> {
    const shot = new Set<Task>();
    for (let found = true; found && !t.sigkill_pending; ) {
      found = false;
      yield read_files(this.k, t, 1);
      for (const process of cgroup_procs(this.k, cgroup)) {
        if (process === t || shot.has(process)) continue;
        if (!(yield* this.kill(t, process, 'SIGKILL', why))) continue;
        shot.add(process);
        found = true;
      }
    }
    let killed = shot.size;
    for (const child of [...cgroup.children]) killed += yield* this.kill_cgroup(t, child, why);
    return killed;
  }

  #trace(t: Task, victim: Task, signal: 'SIGTERM' | 'SIGKILL', why: KillReason, ignored: boolean) {
    const { mm } = victim;
    this.k.trace.on['oomsim:userspace_kill']?.({
      killer: this.name,
      pid: victim.tgid,
      comm: victim.comm,
      cgroup: victim.cgroup.path,
      signal,
      reason: why.reason,
      process: victim.spec_name,
      oom_score_adj: victim.signal.oom_score_adj,
      points: why.points,
      memcg: why.memcg,
      killer_pid: t.tgid,
      anon: mm?.anon_pages ?? 0,
      file: mm?.file_pages ?? 0,
      shmem: mm?.shmem_pages ?? 0,
      swap: mm?.swapents ?? 0,
      pgtables: mm?.pgtables_pages ?? 0,
      group: why.group,
      repeat: victim.signal.group_exit,
      ignored,
    });
  }
}

/** Hundredths of a percent, for people. */
export function percent_text(permyriad: number): string {
  return `${(permyriad / 100).toFixed(2)}%`;
}
