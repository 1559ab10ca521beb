import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkpointEvents, SLICE_EVENTS } from './checkpoint.js';
import type { ObservedSystem } from './observed_system.js';

/** Someone who watches a run without taking part in it. */
export interface RunObserver {
  /** Called once, before the first event: subscribe to tracepoints here. */
  begin?(system: ObservedSystem): void;
  /** Called at time 0, after every sample interval and at the end. */
  sample?(system: ObservedSystem, timeNs: number): void;
  /** Called after every so many events, the same ones in every repetition, and at the end. */
  checkpoint?(system: ObservedSystem): void;
  /** Called about four times a second of real time: write what is in memory. */
  flush?(): void;
  /** Called between slices of events; a promise holds the run up until it is resolved. */
  slice?(system: ObservedSystem): void | Promise<void>;
}

export interface DriveOptions {
  /** Simulated ns between two calls of `sample`. */
  readonly sampleIntervalNs: number;
  readonly observers: readonly RunObserver[];
  readonly signal?: AbortSignal | undefined;
  /** A slice ends after so many events from the beginning. */
  readonly pauseAtEvents?: number | undefined;
}

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
  const everyEvents = checkpointEvents(system.workload);
  let checkedEvents = 0;
  const checkpoint = (): void => {
    if (system.events === checkedEvents) return;
    checkedEvents = system.events;
    for (const observer of observers) observer.checkpoint?.(system);
  };
  const breath = new Breath(observers);
  for (const observer of observers) observer.begin?.(system);
  sample(0);
  let sampledNs = 0;
  for (;;) {
    const slice = sliceEvents(system.events, pauseAtEvents);
    const stopped = system.advance(sampledNs + sampleIntervalNs, slice);
    if (stopped === 'until') {
      sampledNs += sampleIntervalNs;
      sample(sampledNs);
    }
    if (stopped === 'ended') break;
    if (system.events % everyEvents === 0) checkpoint();
    await breath.take();
    await watch(system, observers);
    if (signal?.aborted) break;
  }
  if (system.nowNs > sampledNs) sample(system.nowNs);
  checkpoint();
  await watch(system, observers);
  return system.endedBy === null ? 'interrupted' : 'ended';
}

/** Slices end at checkpoints, and where somebody wants to look. */
function sliceEvents(events: number, pauseAtEvents: number): number {
  const slice = SLICE_EVENTS - (events % SLICE_EVENTS);
  return pauseAtEvents > events ? Math.min(slice, pauseAtEvents - events) : slice;
}

async function watch(system: ObservedSystem, observers: readonly RunObserver[]): Promise<void> {
  for (const observer of observers) {
    const wait = observer.slice?.(system);
    if (wait !== undefined) await wait; // awaiting nothing would cost a turn for each slice
  }
}

/** Lets the rest of the program live while the simulation takes the thread. */
class Breath {
  readonly #observers: readonly RunObserver[];
  #turnMs = performance.now();
  #flushMs = performance.now();

  constructor(observers: readonly RunObserver[]) {
    this.#observers = observers;
  }

  async take(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#flushMs >= FLUSH_MS) {
      this.#flushMs = nowMs;
      for (const observer of this.#observers) observer.flush?.();
    }
    if (nowMs - this.#turnMs < TURN_MS) return;
    await nextTurn();
    this.#turnMs = performance.now();
  }
}
