/** Where two runs part, exactly: the first event that is not the same, or does not do the same. */

import { checkpointOf } from '../checkpoint.js';
import { EventLog, type EventNote } from './event_log.js';
import { bootSide, playTo, type Side } from './side.js';
import { type StateDifference, stateDifferences } from './state_difference.js';
import { isSame, isSameCourse, type Window } from './window.js';

/** How often a random stream was drawn from, where that differs. */
export interface StreamDifference {
  readonly stream: string;
  readonly a: number;
  readonly b: number;
}

/** The event at which two runs part, and what is around it. */
export interface Parting {
  /** Its number, from 1, and 0 for `start`: those before it are the same in both runs. */
  readonly event: number;
  /**
   * start: the machines differ before the first event. event: another event comes. effect: the same event does something else. end: one of the runs is
   * over.
   */
  readonly kind: 'start' | 'event' | 'effect' | 'end';
  /** The events before it, the same in both. */
  readonly before: readonly EventNote[];
  /** It, and those after it, in each of the runs; empty where the run is over. */
  readonly a: readonly EventNote[];
  readonly b: readonly EventNote[];
  /** What differs once it has happened. */
  readonly state: readonly StateDifference[];
  readonly streams: readonly StreamDifference[];
}

/** Plays both runs up to the window, and then event by event. @param context events shown around */
export function findParting(a: Side, b: Side, window: Window, context: number): Parting | null {
  const [left, right] = [new Follower(a, window.from), new Follower(b, window.from)];
  const before: EventNote[] = [];
  if (window.from === 0) {
    const state = stateDifferences(left.log.system, right.log.system);
    if (state.length > 0) return differentStart(left, right, state, context);
  }
  while (left.log.system.events < window.to) {
    const [x, y] = [left.log.next(), right.log.next()];
    const [p, q] = [left.log.system, right.log.system];
    if (isSame(p, q) && left.draws === right.draws) {
      if (x === null) return null;
      before.push(x);
      if (before.length > context) before.shift();
      continue;
    }
    const isEnd = x === null || y === null;
    const isSameEvent = isSameCourse(checkpointOf(p), checkpointOf(q));
    const state = stateDifferences(p, q);
    const streams = streamDifferences(left.tally, right.tally);
    return {
      event: Math.max(p.events, q.events),
      kind: isEnd ? 'end' : isSameEvent ? 'effect' : 'event',
      before,
      a: left.rest(x, context),
      b: right.rest(y, context),
      state,
      streams,
    };
  }
  return null;
}

function differentStart(
  left: Follower,
  right: Follower,
  state: readonly StateDifference[],
  context: number,
): Parting {
  const a = left.rest(left.log.next(), context);
  const b = right.rest(right.log.next(), context);
  return { event: 0, kind: 'start', before: [], a, b, state, streams: [] };
}

/** One of the two runs, on its way through the window. */
class Follower {
  readonly log: EventLog;
  readonly tally = new Map<string, number>();

  constructor(side: Side, from: number) {
    const system = bootSide(side, this.tally);
    playTo(system, from);
    this.log = new EventLog(system);
  }

  get draws(): number {
    let draws = 0;
    for (const count of this.tally.values()) draws += count;
    return draws;
  }

  /** An event and `context` more. */
  rest(first: EventNote | null, context: number): EventNote[] {
    const notes: EventNote[] = [];
    for (let note = first; note !== null; note = this.log.next()) {
      notes.push(note);
      if (notes.length > context) break;
    }
    return notes;
  }
}

function streamDifferences(
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
): StreamDifference[] {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names
    .map((stream) => ({ stream, a: a.get(stream) ?? 0, b: b.get(stream) ?? 0 }))
    .filter((counts) => counts.a !== counts.b);
}
