/** earlyoom (rfjakob/earlyoom: main.c, kill.c), options of its version 1.8. */
import type { Flow } from '../../engine/coroutine.js';
import { process_mrelease } from '../../kernel/mm/process_mrelease.js';
import { OOM_SCORE_ADJ_MIN, type Task } from '../../kernel/sched/task.js';
import { K } from '../../kernel/units.js';
import type { EarlyoomSpec } from '../../workload/types.js';
import type { Host } from '../host.js';
import { nanosleep } from '../sleep.js';
import { Killer, type KillReason, percent_text } from './killer.js';
import {
  is_alive,
  list_processes,
  type Meminfo,
  oom_score,
  read_files,
  read_meminfo,
  statm_resident,
} from './proc.js';

type Signal = 'SIGTERM' | 'SIGKILL';

/** How fast memory and swap can fill up at most, in KiB per ms. */
const MEM_FILL_RATE = 6000;
const SWAP_FILL_RATE = 800;
const SLEEP_MS_MIN = 100;
const SLEEP_MS_MAX = 1000;
const BADNESS_PREFER = 300;
const BADNESS_AVOID = -300;
const MS = 1_000_000;
/** After a kill: so often, and at intervals of so much, does it look whether the victim is gone. */
const WAIT_POLLS = 100;
const WAIT_POLL_NS = 100 * MS;
/** When there is nobody to kill. */
const NOBODY_NS = 1000 * MS;

interface Victim {
  readonly task: Task | null;
  readonly badness: number;
  readonly rss: number;
}

/** Percentages as earlyoom computes them: memory is compared with what user space could have. */
interface Fill {
  /** Hundredths of a percent, with fractions. */
  readonly mem: number;
  readonly swap: number;
  readonly user_total: number;
}

function fill_of(m: Meminfo): Fill {
  const user_total = m.MemAvailable + m.AnonPages;
  return {
    mem: user_total === 0 ? 0 : (m.MemAvailable * 10_000) / user_total,
    swap: m.SwapTotal === 0 ? 0 : (m.SwapFree * 10_000) / m.SwapTotal,
    user_total,
  };
}

export class Earlyoom extends Killer {
  readonly #prefer: RegExp | null;
  readonly #avoid: RegExp | null;
  readonly #ignore: RegExp | null;

  constructor(
    host: Host,
    private readonly spec: EarlyoomSpec,
  ) {
    super('earlyoom', host, spec.anonPages, true);
    const compile = (pattern: string | null) => (pattern === null ? null : new RegExp(pattern));
    this.#prefer = compile(spec.prefer);
    this.#avoid = compile(spec.avoid);
    this.#ignore = compile(spec.ignore);
  }

  protected override *poll(t: Task): Flow {
    let m = yield* read_meminfo(this.k, t);
    const signal = this.lowmem_sig(m);
    if (signal !== null) {
      const victim = yield* this.#find_largest_process(t);
      // The search takes time: is it still true?
      m = yield* read_meminfo(this.k, t);
      if (this.lowmem_sig(m) !== null) yield* this.#kill_process(t, signal, victim, m);
    }
    if (!t.sigkill_pending) yield* nanosleep(this.k, t, this.sleep_time_ms(m) * MS);
  }

  /** Memory and swap are both at or below the limits. */
  lowmem_sig(m: Meminfo): Signal | null {
    const { mem, swap } = fill_of(m);
    const { memAvail, swapFree } = this.spec;
    if (mem <= memAvail.kill && swap <= swapFree.kill) return 'SIGKILL';
    if (mem <= memAvail.term && swap <= swapFree.term) return 'SIGTERM';
    return null;
  }

  /** So long that memory could just run into the limit if it filled as fast as can be. */
  sleep_time_ms(m: Meminfo): number {
    const { mem, swap, user_total } = fill_of(m);
    const { memAvail, swapFree } = this.spec;
    const headroom = (above: number, pages: number): number =>
      Math.max(0, Math.trunc((above * K(pages)) / 10_000));
    const mem_ms = Math.floor(headroom(mem - memAvail.term, user_total) / MEM_FILL_RATE);
    const swap_ms = Math.floor(headroom(swap - swapFree.term, m.SwapTotal) / SWAP_FILL_RATE);
    return Math.min(SLEEP_MS_MAX, Math.max(SLEEP_MS_MIN, mem_ms + swap_ms));
  }

  *#find_largest_process(t: Task): Flow<Victim> {
    let victim: Victim = { task: null, badness: 0, rss: 0 };
    for (const leader of yield* list_processes(this.k, t)) {
      if (t.sigkill_pending) break;
      victim = (yield* this.#is_larger(t, victim, leader)) ?? victim;
    }
    return victim.task === t ? { task: null, badness: 0, rss: 0 } : victim;
  }

  /** Reads about a process what is needed to tell, and no more; null: it is not the larger one. */
  *#is_larger(t: Task, victim: Victim, leader: Task): Flow<Victim | null> {
    const { k } = this;
    if (leader.pid <= 2) return null;
    yield read_files(k, t, 1);
    if (!is_alive(leader)) return null;
    if (this.spec.ignoreRootUser && leader.uid === 0) return null;
    let badness = oom_score(k, leader);
    if (this.#prefer !== null || this.#avoid !== null || this.#ignore !== null) {
      yield read_files(k, t, 2); // comm, cmdline
      if (this.#prefer?.test(leader.comm)) badness += BADNESS_PREFER;
      if (this.#avoid?.test(leader.comm)) badness += BADNESS_AVOID;
      if (this.#ignore?.test(leader.comm)) return null;
    }
    if (badness < victim.badness) return null;
    yield read_files(k, t, 1);
    const rss = statm_resident(leader);
    if (rss === 0) return null; // a kernel thread
    if (badness === victim.badness && rss <= victim.rss) return null;
    yield read_files(k, t, 1);
    if (leader.signal.oom_score_adj === OOM_SCORE_ADJ_MIN) return null;
    return { task: leader, badness, rss };
  }

  *#kill_process(t: Task, signal: Signal, victim: Victim, m: Meminfo): Flow {
    if (victim.task === null) {
      yield* nanosleep(this.k, t, NOBODY_NS);
      return;
    }
    if (this.spec.dryrun) return;
    yield* this.#kill_wait(t, signal, victim.task, {
      points: victim.badness,
      reason: this.#reason(m, signal),
      memcg: '',
      group: false,
    });
  }

  /** Sends the signal and waits until the victim is gone, ten seconds at most. */
  *#kill_wait(t: Task, first: Signal, victim: Task, why: KillReason): Flow {
    let signal = first;
    if (!(yield* this.#kill_release(t, victim, signal, why))) return;
    for (let i = 0; i < WAIT_POLLS && !t.sigkill_pending; i++) {
      if (signal === 'SIGTERM') {
        const m = yield* read_meminfo(this.k, t);
        if (this.lowmem_sig(m) === 'SIGKILL') {
          signal = 'SIGKILL';
          const reason = `${this.#reason(m, signal)}, after SIGTERM`;
          if (!(yield* this.#kill_release(t, victim, signal, { ...why, reason }))) return;
        }
      }
      yield read_files(this.k, t, 1);
      if (!is_alive(victim)) return;
      yield* nanosleep(this.k, t, WAIT_POLL_NS);
    }
  }

  /** kill(2), and then process_mrelease(2), where there is such a thing (since its version 1.7). */
  *#kill_release(t: Task, victim: Task, signal: Signal, why: KillReason): Flow<boolean> {
    if (!(yield* this.kill(t, victim, signal, why))) return false;
    yield* process_mrelease(this.k, t, victim);
    return true;
  }

  #reason(m: Meminfo, signal: Signal): string {
    const { mem, swap } = fill_of(m);
    const at = `mem avail ${percent_text(mem)}, swap free ${percent_text(swap)}`;
    return `${at}, below the limits for ${signal}`;
  }
}
