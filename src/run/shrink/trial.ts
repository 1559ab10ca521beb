import type { TraceFields, TraceName } from '../../kernel/trace.js';
import { asKill } from '../../record/userspace_kill.js';
import { InputError } from '../../workload/problems.js';
import type { System } from '../boot.js';
import { PolicyLimitError } from '../policy/errors.js';

/** Somebody who was killed for memory. */
export interface Victim {
  readonly timeNs: number;
  readonly pid: number;
  readonly comm: string;
  readonly cgroup: string;
  /** The userspace killer that did it; null: the kernel. */
  readonly killer: string | null;
}

/** What a run has come to so far: what a property may look at. */
export interface Evidence {
  readonly kills: readonly Victim[];
  readonly allocFailures: number;
  readonly panic: string | null;
  /** The longest that a victim's memory was neither freed nor given up, ns. */
  readonly reapDelayNs: number;
  readonly simulatedNs: number;
  readonly events: number;
  /** null: not yet over. */
  readonly endedBy: string | null;
  /** What went wrong in the simulator itself. */
  readonly crash: string | null;
}

const FOLLOWED: readonly TraceName[] = [
  'oomsim:oom_kill',
  'oomsim:userspace_kill',
  'oomsim:mmf_oom_skip',
  'oomsim:exit_mmap',
];

type Shot = Pick<Victim, 'pid' | 'comm' | 'cgroup'>;

/** Events between two looks at what has come. */
const LOOK_EVENTS = 1024;

/** One run of a candidate. */
export class Trial {
  readonly #system: System;
  readonly #kills: Victim[] = [];
  /** When those were killed whose memory is still there, by pid. */
  readonly #dying = new Map<number, number>();
  #reapDelayNs = 0;
  #crash: string | null = null;

  constructor(system: System) {
    this.#system = system;
    system.trace.subscribe(FOLLOWED, (name, { timeNs }, fields) => {
      if (name === 'oomsim:oom_kill') {
        const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
        if (!kill.repeat) this.#kill(timeNs, kill, null);
      } else if (name === 'oomsim:userspace_kill') {
        const kill = asKill(fields as unknown as TraceFields['oomsim:userspace_kill']);
        if (kill !== null) this.#kill(timeNs, kill, kill.policy);
      } else {
        this.#gone(Number(fields.pid), timeNs);
      }
    });
  }

  /**
   * Plays until `isEnough` says so, the run ends, or so many events have happened.
   * @returns what it has come to
   */
  play(eventsMax: number, isEnough: (evidence: Evidence) => boolean): Evidence {
    const system = this.#system;
    for (;;) {
      const events = Math.min(LOOK_EVENTS, eventsMax - system.events);
      const stopped = this.#advance(events);
      const evidence = this.#evidence();
      if (stopped === 'ended' || system.events >= eventsMax || isEnough(evidence)) return evidence;
    }
  }

  #advance(events: number): string {
    try {
      return this.#system.advance(Number.POSITIVE_INFINITY, events);
    } catch (error) {
      if (error instanceof InputError || error instanceof PolicyLimitError) throw error;
      this.#crash = error instanceof Error ? error.message : String(error);
      return 'ended';
    }
  }

  #evidence(): Evidence {
    const { allocFailures, panic, nowNs: simulatedNs, events, endedBy } = this.#system;
    let reapDelayNs = this.#reapDelayNs;
    for (const killedNs of this.#dying.values()) {
      reapDelayNs = Math.max(reapDelayNs, simulatedNs - killedNs);
    }
    const [kills, crash] = [this.#kills, this.#crash];
    return { kills, allocFailures, panic, reapDelayNs, simulatedNs, events, endedBy, crash };
  }

  #kill(timeNs: number, { pid, comm, cgroup }: Shot, killer: string | null): void {
    if (this.#dying.has(pid)) return; // shot at again
    this.#kills.push({ timeNs, pid, comm, cgroup, killer });
    this.#dying.set(pid, timeNs);
  }

  #gone(pid: number, timeNs: number): void {
    const killedNs = this.#dying.get(pid);
    if (killedNs === undefined) return;
    this.#dying.delete(pid);
    this.#reapDelayNs = Math.max(this.#reapDelayNs, timeNs - killedNs);
  }
}
