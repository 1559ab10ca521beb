/**
 * The clock and the loop: take the first event, set the clock, dispatch.
 *
 * States: idle (before, between and after runs) → running (inside `run`) → idle. Events may be
 * scheduled and cancelled in both. A run cut into slices dispatches the same sequence as an uncut
 * one.
 */
import type { EventQueue } from './queue.js';

/** Handles one event. `kind` says what it is, `actor` and `arg` are its own; all are int32. */
export type Dispatch = (kind: number, actor: number, arg: number) => void;

/** Sees every event just before it is dispatched: for the fingerprint and for tracing. */
export type Observe = (timeNs: number, kind: number, actor: number, arg: number) => void;

/**
 * Why `run` returned:
 * - `empty`: no event is pending; the clock stands at the last event
 * - `until`: no event is due at or before `untilNs`; the clock stands there
 * - `budget`: `maxEvents` were dispatched; the clock stands at the last of them
 * - `stopped`: a handler called `stop`; the clock stands at its event
 */
export type RunEnd = 'empty' | 'until' | 'budget' | 'stopped';

export class Simulation {
  /** Simulated time, in ns. Never goes back. */
  nowNs = 0;
  /** Number of events dispatched so far. */
  seq = 0;
  private stopRequested = false;
  private running = false;

  constructor(
    readonly queue: EventQueue,
    private readonly dispatch: Dispatch,
    private readonly observe?: Observe,
  ) {}

  /**
   * Schedules an event at an absolute time, behind those already scheduled for that time.
   * @returns the handle for `cancel`; void once the event is dispatched
   * @throws RangeError if the time is past or isn't a safe integer
   */
  schedule(timeNs: number, kind: number, actor: number, arg: number): number {
    if (timeNs < this.nowNs || !Number.isSafeInteger(timeNs)) {
      throw new RangeError(`event of kind ${kind} at ${timeNs} ns, scheduled at ${this.nowNs} ns`);
    }
    return this.queue.push(timeNs, kind, actor, arg);
  }

  /**
   * Schedules an event `delayNs` from now; 0 means after everything else that is due now.
   * @throws RangeError if the delay is negative or isn't a safe integer
   */
  after(delayNs: number, kind: number, actor: number, arg: number): number {
    return this.schedule(this.nowNs + delayNs, kind, actor, arg);
  }

  /**
   * Takes back an event that was not yet dispatched.
   * @throws RangeError if the handle isn't of a pending event
   */
  cancel(handle: number): void {
    this.queue.cancel(handle);
  }

  /** Makes the current run end after the event being dispatched. Does nothing between runs. */
  stop(): void {
    this.stopRequested = this.running;
  }

  /**
   * Dispatches all events up to and including `untilNs`, or the first `maxEvents` of them.
   * An error thrown by a handler comes through; the events after it stay pending.
   * @param untilNs - absolute simulated time; Infinity for no limit
   * @throws RangeError if `untilNs` is past; Error if called by a handler
   */
  run(untilNs: number, maxEvents = Number.POSITIVE_INFINITY): RunEnd {
    if (!(untilNs >= this.nowNs)) {
      throw new RangeError(`run until ${untilNs} ns, but it is ${this.nowNs} ns already`);
    }
    if (this.running) throw new Error('run() called while running');
    this.running = true;
    this.stopRequested = false;
    try {
      return this.loop(untilNs, maxEvents);
    } finally {
      this.running = false;
    }
  }

  private loop(untilNs: number, maxEvents: number): RunEnd {
    const { queue, dispatch, observe } = this;
    for (let left = maxEvents; left > 0; left--) {
      if (!queue.pop(untilNs)) {
        if (queue.size === 0) return 'empty';
        this.nowNs = untilNs;
        return 'until';
      }
      const { kind, actor, arg } = queue;
      this.nowNs = queue.timeNs;
      this.seq += 1;
      if (observe !== undefined) observe(this.nowNs, kind, actor, arg);
      dispatch(kind, actor, arg);
      if (this.stopRequested) return 'stopped';
    }
    return 'budget';
  }
}
