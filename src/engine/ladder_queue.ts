/**
 * A ladder queue: events far ahead wait unsorted, and are sorted into finer and finer buckets as their time comes.
 * Good for large populations, many equal times and timers that are cancelled all the time; not for two or three
 * pending events, where the heap is faster.
 *
 *   top      rung 0, one bucket: everything later than what the rungs cover
 *   rungs    1 … depth, each covering the bucket of the rung above that was taken last
 *   bottom   a sorted list of the events that come first
 *
 * Why equal times stay in order without sequence numbers: at any moment one place only takes events of a given time,
 * each place keeps the order in which events came, and what moves down moves in that order.
 *
 * Lists are doubly linked through the records, so that cancel is a real removal.
 */
import { ACTOR, ARG, EventSlots, KIND, NEXT, PREVIOUS } from './event_slots.js';
import type { EventQueue } from './queue.js';
import { append, Rung, takeAll, unlink } from './rung.js';

/** A bucket of at most this many events is sorted; a fuller one becomes a rung. */
const SORT_EVENTS_MAX = 48;
/** An insertion into the bottom that passes more events than this says that the bottom should be a rung. */
const BOTTOM_STEPS_MAX = 48;

export class LadderQueue implements EventQueue {
  size = 0;
  timeNs = 0;
  kind = 0;
  actor = 0;
  arg = 0;

  private readonly slots: EventSlots;
  private readonly rungs: Rung[] = [new Rung()];
  /** Index of the finest rung in use; 0 when only the top is. */
  private depth = 0;
  /** First and last record of the sorted events. */
  private readonly bottom = new Int32Array(2).fill(-1);
  private readonly sortTimes = new Float64Array(SORT_EVENTS_MAX);
  private readonly sortHandles = new Int32Array(SORT_EVENTS_MAX);

  constructor(capacity: number) {
    this.slots = new EventSlots(capacity);
  }

  push(timeNs: number, kind: number, actor: number, arg: number): number {
    const handle = this.slots.allocate(timeNs, kind, actor, arg);
    this.size += 1;
    const rung = this.rungOf(timeNs);
    if (rung === undefined) this.insertIntoBottom(timeNs, handle);
    else append(rung.lists, rung.listOf(timeNs), this.slots.words, handle);
    return handle;
  }

  peekTimeNs(): number {
    if (this.bottom[0]! < 0 && !this.refillBottom()) return Number.POSITIVE_INFINITY;
    return this.slots.times[this.bottom[0]! << 2]!;
  }

  pop(untilNs = Number.POSITIVE_INFINITY): boolean {
    const bottom = this.bottom;
    if (bottom[0]! < 0 && !this.refillBottom()) return false;
    const handle = bottom[0]!;
    const timeNs = this.slots.times[handle << 2]!;
    if (timeNs > untilNs) return false;
    const words = this.slots.words;
    const at = handle << 3;
    const next = words[at + NEXT]!;
    bottom[0] = next;
    if (next < 0) bottom[1] = -1;
    else words[(next << 3) + PREVIOUS] = -1;
    this.timeNs = timeNs;
    this.kind = words[at + KIND]!;
    this.actor = words[at + ACTOR]!;
    this.arg = words[at + ARG]!;
    this.slots.release(handle);
    this.size -= 1;
    return true;
  }

  cancel(handle: number): void {
    this.slots.requirePending(handle);
    const timeNs = this.slots.times[handle << 2]!;
    const rung = this.rungOf(timeNs);
    if (rung === undefined) unlink(this.bottom, 0, this.slots.words, handle);
    else unlink(rung.lists, rung.listOf(timeNs), this.slots.words, handle);
    this.slots.release(handle);
    this.size -= 1;
  }

  /** The rung that takes events of this time; undefined for the bottom. */
  private rungOf(timeNs: number): Rung | undefined {
    const rungs = this.rungs;
    const depth = this.depth;
    for (let i = 0; i <= depth; i++) {
      const rung = rungs[i]!;
      if (timeNs >= rung.fromNs) return rung;
    }
    return undefined;
  }

  /** Inserts behind all events of the same time, searching from the end. */
  private insertIntoBottom(timeNs: number, handle: number): void {
    const bottom = this.bottom;
    const { times, words } = this.slots;
    let before = bottom[1]!;
    let after = -1;
    let steps = 0;
    while (before >= 0 && times[before << 2]! > timeNs) {
      after = before;
      before = words[(before << 3) + PREVIOUS]!;
      steps += 1;
    }
    words[(handle << 3) + PREVIOUS] = before;
    words[(handle << 3) + NEXT] = after;
    if (before < 0) bottom[0] = handle;
    else words[(before << 3) + NEXT] = handle;
    if (after < 0) bottom[1] = handle;
    else words[(after << 3) + PREVIOUS] = handle;
    if (steps > BOTTOM_STEPS_MAX) this.spread(takeAll(bottom, 0), this.rungs[this.depth]!);
  }

  /** Brings the next events down until the bottom has some; false if there are none anywhere. */
  private refillBottom(): boolean {
    while (this.bottom[0]! < 0) {
      const rung = this.rungs[this.depth]!;
      if (this.depth === 0) {
        const first = takeAll(rung.lists, 0);
        if (first < 0) return false;
        if (!this.sortIntoBottom(first, rung)) this.spread(first, rung);
        continue;
      }
      const first = rung.takeBucket();
      // A spent rung makes room for the one that its last bucket may become.
      if (rung.isSpent) this.depth -= 1;
      if (first >= 0 && !this.sortIntoBottom(first, rung)) this.spread(first, rung);
    }
    return true;
  }

  /** Makes a list that was taken from a rung the bottom; false, with nothing done, if it is too long to sort. */
  private sortIntoBottom(first: number, from: Rung): boolean {
    const { sortTimes, sortHandles } = this;
    const { times, words } = this.slots;
    let count = 0;
    for (let handle = first; handle >= 0; handle = words[(handle << 3) + NEXT]!) {
      if (count === SORT_EVENTS_MAX) return false;
      sortTimes[count] = times[handle << 2]!;
      sortHandles[count] = handle;
      count += 1;
    }
    for (let i = 1; i < count; i++) {
      const timeNs = sortTimes[i]!;
      const handle = sortHandles[i]!;
      let at = i;
      while (at > 0 && sortTimes[at - 1]! > timeNs) {
        sortTimes[at] = sortTimes[at - 1]!;
        sortHandles[at] = sortHandles[at - 1]!;
        at -= 1;
      }
      sortTimes[at] = timeNs;
      sortHandles[at] = handle;
    }
    let previous = -1;
    for (let i = 0; i < count; i++) {
      const handle = sortHandles[i]!;
      words[(handle << 3) + PREVIOUS] = previous;
      words[(handle << 3) + NEXT] = i + 1 < count ? sortHandles[i + 1]! : -1;
      previous = handle;
    }
    this.bottom[0] = sortHandles[0]!;
    this.bottom[1] = previous;
    this.raiseTop(from, sortTimes[count - 1]!);
    return true;
  }

  /** Makes a list that was taken from a rung, or from the bottom below it, a new finest rung. */
  private spread(first: number, from: Rung): void {
    const { times, words } = this.slots;
    let firstNs = Number.POSITIVE_INFINITY;
    let lastNs = Number.NEGATIVE_INFINITY;
    let events = 0;
    let last = first;
    for (let handle = first; handle >= 0; handle = words[(handle << 3) + NEXT]!) {
      const timeNs = times[handle << 2]!;
      if (timeNs < firstNs) firstNs = timeNs;
      if (timeNs > lastNs) lastNs = timeNs;
      events += 1;
      last = handle;
    }
    this.raiseTop(from, lastNs);
    if (firstNs === lastNs) {
      // All at one time, so in order already.
      this.bottom[0] = first;
      this.bottom[1] = last;
      return;
    }
    const endNs = from.fromNs;
    this.depth += 1;
    let rung = this.rungs[this.depth];
    if (rung === undefined) {
      rung = new Rung();
      this.rungs.push(rung);
    }
    rung.reset(firstNs, lastNs, endNs, events);
    const lists = rung.lists;
    let handle = first;
    while (handle >= 0) {
      const next = words[(handle << 3) + NEXT]!;
      append(lists, rung.listOf(times[handle << 2]!), words, handle);
      handle = next;
    }
  }

  /** When events were taken from the top, it begins after the last of them. */
  private raiseTop(from: Rung, lastNs: number): void {
    if (from === this.rungs[0] && from.fromNs <= lastNs) from.fromNs = lastNs + 1;
  }
}
