import { setImmediate as nextTurn } from 'node:timers/promises';
import { TRACE_NAMES, type TraceContext, type TraceName } from '../kernel/trace.js';
import { formatArgs } from '../record/events_csv.js';
import { takeFrame } from '../record/frames.js';
import type { ObservedSystem } from '../run/observed_system.js';
import type { Moment } from './track.js';
import type { Exact } from './view.js';

interface TracedEvent {
  readonly name: TraceName;
  readonly context: TraceContext;
  readonly fields: Record<string, unknown>;
}

/** How far back single steps go without playing the run again from its start. */
const EVENTS_KEPT = 1024;
/** Real time after which the screen gets its turn. */
const TURN_MS = 10;
const SLICE_EVENTS = 512;
const TRACED = TRACE_NAMES.filter((name) => name !== 'oomsim:printk');

/**
 * Any moment of a run exactly, to the single event: a second system of the same run, played to there
 * from the start, for a run is the same whenever it is played. Forward it goes on from where it is.
 */
export class ExactCursor {
  readonly #boot: () => ObservedSystem;
  readonly #arrived: () => void;
  #system: ObservedSystem | null = null;
  #events: TracedEvent[] = [];
  #hits = 0;
  #at: { moment: Moment; focus: string | null; exact: Exact } | null = null;
  #wanted: { moment: Moment; focus: string | null } | null = null;
  #work: Promise<void> = Promise.resolve();

  /**
   * @param boot makes a new system of the run, before its first event
   * @param arrived is told when a moment that was asked for is there
   */
  constructor(boot: () => ObservedSystem, arrived: () => void) {
    this.#boot = boot;
    this.#arrived = arrived;
  }

  /**
   * The frame of a moment, if it is there; otherwise it will be fetched, unless another one is asked
   * for first.
   * @param focus a cgroup whose processes are all wanted
   */
  at(moment: Moment, focus: string | null): Exact | null {
    if (this.#at !== null && isSame(this.#at, moment, focus)) return this.#at.exact;
    const isIdle = this.#wanted === null;
    this.#wanted = { moment, focus };
    if (isIdle) this.#work = this.#work.then(() => this.#fetch());
    return null;
  }

  /** The nearest event with a tracepoint after or before a moment; its own seq and time. */
  async step(from: Moment, by: 1 | -1): Promise<Moment> {
    let result = from;
    this.#work = this.#work.then(async () => {
      await this.#goTo(from);
      result = by > 0 ? await this.#forward() : this.#before(from);
    });
    await this.#work;
    return result;
  }

  async #fetch(): Promise<void> {
    for (let wanted = this.#wanted; wanted !== null; wanted = this.#wanted) {
      const { moment, focus } = wanted;
      await this.#goTo(moment, () => this.#wanted !== wanted);
      if (this.#wanted !== wanted) continue;
      this.#wanted = null;
      const frame = takeFrame(this.#system!, focus);
      this.#at = { moment, focus, exact: { frame, lastEvent: this.#lastEvent() } };
      this.#arrived();
    }
  }

  async #goTo(moment: Moment, isObsolete: () => boolean = () => false): Promise<void> {
    const system = this.#systemBefore(moment);
    const maxEvents = moment.seq ?? Number.POSITIVE_INFINITY;
    let turnMs = performance.now();
    while (!isObsolete()) {
      const untilNs = moment.seq === null ? moment.timeNs : Number.POSITIVE_INFINITY;
      const budget = Math.min(SLICE_EVENTS, maxEvents - system.events);
      if (budget <= 0 || system.advance(untilNs, budget) !== 'budget') return;
      if (performance.now() - turnMs < TURN_MS) continue;
      await nextTurn();
      turnMs = performance.now();
    }
  }

  /** A system that is not beyond the moment. */
  #systemBefore({ timeNs, seq }: Moment): ObservedSystem {
    const now = this.#system;
    const isUsable = now !== null && (seq === null ? now.nowNs <= timeNs : now.events <= seq);
    if (now !== null && isUsable) return now;
    const system = this.#boot();
    this.#events = [];
    system.trace.subscribe(TRACED, (name, context, fields) => {
      this.#hits++;
      this.#events.push({ name, context, fields });
      if (this.#events.length >= 2 * EVENTS_KEPT) this.#events.splice(0, EVENTS_KEPT);
    });
    this.#system = system;
    return system;
  }

  async #forward(): Promise<Moment> {
    const system = this.#system!;
    const before = this.#hits;
    let turnMs = performance.now();
    while (this.#hits === before) {
      if (system.advance(Number.POSITIVE_INFINITY, 1) === 'ended') break;
      if (performance.now() - turnMs < TURN_MS) continue;
      await nextTurn();
      turnMs = performance.now();
    }
    return { timeNs: system.nowNs, seq: system.events };
  }

  /** The start of the run when nothing happened before. */
  #before({ seq }: Moment): Moment {
    const last = this.#events.findLast(({ context }) => seq === null || context.seq < seq);
    if (last === undefined) return { timeNs: 0, seq: null };
    return { timeNs: last.context.timeNs, seq: last.context.seq };
  }

  /** The tracepoints of the last event that had any, in words. */
  #lastEvent(): string | null {
    const last = this.#events.at(-1);
    if (last === undefined) return null;
    const together = this.#events.filter(({ context }) => context.seq === last.context.seq);
    const { comm, pid } = last.context;
    const texts = together.map(({ name, fields }) => `${name} ${formatArgs(fields)}`.trim());
    return `${comm} (${pid}): ${texts.join('; ')}`;
  }
}

function isSame(
  at: { moment: Moment; focus: string | null },
  moment: Moment,
  focus: string | null,
): boolean {
  const { timeNs, seq } = at.moment;
  return timeNs === moment.timeNs && seq === moment.seq && at.focus === focus;
}
