import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ObservedSystem } from './observed_system.js';

/** Someone who watches a run without taking part in it. */
export interface RunObserver {
  /** Called once, before the first event: subscribe to tracepoints here. */
  begin?(system: ObservedSystem): void;
  /** Called at time 0, after every sample interval and at the end. */
  sample?(system: ObservedSystem, timeNs: number): void;
  /** Called between slices of events; a promise holds the run up until it is resolved. */
  slice?(system: ObservedSystem): void | Promise<void>;
}

export interface DriveOptions {
  /** Simulated ns between two calls of `sample`. */
  readonly sampleIntervalNs: number;
  /** Called about four times a second of real time. */
  readonly flush: () => void;
  readonly observers: readonly RunObserver[];
  readonly signal?: AbortSignal | undefined;
  /** A slice ends after so many events from the beginning. */
  readonly pauseAtEvents?: number | undefined;
}

/** Long enough to cost nothing, short enough to notice a signal at once. */
const SLICE_EVENTS = 8192;
/** Real time after which timers, signals and terminal input get their turn. */
const TURN_MS = 20;
const FLUSH_MS = 250;

/**
 * Plays a system until it ends or `signal` aborts it. How the run is cut into slices, and with it
 * every observer, has no influence on what happens in it.
 *
 * @returns `interrupted` when the signal came first
 */
export async function drive(
  system: ObservedSystem,
  options: DriveOptions,
): Promise<'ended' | 'interrupted'> {
  const { sampleIntervalNs, observers, signal, pauseAtEvents = 0 } = options;
  const sample = (timeNs: number): void => {
    for (const observer of observers) observer.sample?.(system, timeNs);
  };
  const breath = new Breath(options.flush);
  for (const observer of observers) observer.begin?.(system);
  sample(0);
  let sampledNs = 0;
  for (;;) {
    const beforePause = pauseAtEvents - system.events;
    const sliceEvents = beforePause > 0 ? Math.min(SLICE_EVENTS, beforePause) : SLICE_EVENTS;
    const stopped = system.advance(sampledNs + sampleIntervalNs, sliceEvents);
    if (stopped === 'until') {
      sampledNs += sampleIntervalNs;
      sample(sampledNs);
    }
    if (stopped === 'ended') break;
    await breath.take();
    await watch(system, observers);
    if (signal?.aborted) break;
  }
  if (system.nowNs > sampledNs) sample(system.nowNs);
  await watch(system, observers);
  return system.endedBy === null ? 'interrupted' : 'ended';
}

async function watch(system: ObservedSystem, observers: readonly RunObserver[]): Promise<void> {
  for (const observer of observers) {
    const wait = observer.slice?.(system);
    if (wait !== undefined) await wait; // awaiting nothing would cost a turn for each slice
  }
}

/** Lets the rest of the program live while the simulation takes the thread. */
class Breath {
  readonly #flush: () => void;
  #turnMs = performance.now();
  #flushMs = performance.now();

  constructor(flush: () => void) {
    this.#flush = flush;
  }

  async take(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#flushMs >= FLUSH_MS) {
      this.#flushMs = nowMs;
      this.#flush();
    }
    if (nowMs - this.#turnMs < TURN_MS) return;
    await nextTurn();
    this.#turnMs = performance.now();
  }
}
