import { EVENT_CPU, EVENT_TIMER } from '../../kernel/sched/core.js';
import type { Task } from '../../kernel/sched/task.js';
import { TRACE_NAMES } from '../../kernel/trace.js';
import { formatArgs } from '../../record/events_csv.js';
import type { System } from '../boot.js';

/** One event of a run, in words. */
export interface EventNote {
  /** Counted from 1. */
  readonly event: number;
  readonly timeNs: number;
  /** `cpu 0: small (26)` */
  readonly what: string;
  /** The tracepoints that were hit, `name key=value …`. */
  readonly traces: readonly string[];
}

/** Plays a run event by event and tells what happens. */
export class EventLog {
  readonly system: System;
  #traces: string[] = [];

  /** @param system stands where the first event to be told is the next one */
  constructor(system: System) {
    this.system = system;
    system.trace.subscribe(TRACE_NAMES, (name, _context, fields) => {
      this.#traces.push(`${name} ${formatArgs(fields)}`);
    });
  }

  /** Plays one event; null at the end of the run. */
  next(): EventNote | null {
    const { system } = this;
    this.#traces = [];
    const before = system.events;
    system.advance(Number.POSITIVE_INFINITY, 1);
    if (system.events === before) return null;
    const what = describeEvent(system);
    return { event: system.events, timeNs: system.nowNs, what, traces: this.#traces };
  }
}

/** The event that was dispatched last. */
function describeEvent({ kernel }: System): string {
  const { kind, actor, arg } = kernel.sim.queue;
  if (kind === EVENT_CPU)
    return `cpu ${actor}: ${nameOf(kernel.processes, (t) => t.pid === arg, arg)}`;
  if (kind === EVENT_TIMER) return `timer: ${nameOf(kernel.processes, (t) => t.slot === actor)}`;
  return `deferred call ${actor}`;
}

/** `comm (pid)` of a thread, as far as it is still there. */
function nameOf(processes: Iterable<Task>, is: (t: Task) => boolean, pid?: number): string {
  for (const { signal } of processes) {
    const task = signal.threads.find(is);
    if (task !== undefined) return `${task.comm} (${task.pid})`;
  }
  return pid === undefined ? 'of somebody who is gone' : `(${pid}), gone`;
}
