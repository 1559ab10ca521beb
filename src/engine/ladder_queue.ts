/**
 * A ladder queue: events far ahead wait unsorted, and are sorted into finer and finer buckets as
 * their time comes. Good for large populations, many equal times and timers that are cancelled all
 * the time; not for two or three pending events, where the heap is faster.
 *
 *   top      rung 0, one bucket: everything later than what the rungs cover
 *   rungs    1 … depth, each covering the bucket of the rung above that was taken last
 *   bottom   a sorted list of the events that come first
 *
 * Why equal times stay in order without sequence numbers: at any moment one place only takes events
 * of a given time, each place keeps the order in which they came, and what moves down moves in that
 * order. Lists are doubly linked, so that cancel is a real removal.
 */
import { EventSlots } from './event_slots.js';
import type { EventQueue } from './queue.js';
import { Rung } from './rung.js';

const NEXT = 2;
const PREVIOUS = 3;
const NONE = 0;

/** A bucket of at most this many events is sorted; a fuller one becomes a rung. */
const SORT_EVENTS_MAX = 48;
/** When an insertion into the bottom passes more events than this, the bottom becomes a rung. */
const BOTTOM_STEPS_MAX = 48;

export class LadderQueue extends EventSlots implements EventQueue {
  size = 0;
  private readonly rungs: Rung[] = [new Rung()];
  /** Index of the finest rung in use; 0 when only the top is. */
  private depth = 0;
  /** Ends of the bottom. `last` has a meaning only while `first` isn't NONE. */
  private first = NONE;
  private last = NONE;

  push(timeNs: number, kind: number, actor: number, arg: number): number {
    const handle = this.allocate(timeNs, kind, actor, arg);
    this.size += 1;
    const rung = this.rungOf(timeNs);
    if (rung === undefined) this.insertIntoBottom(timeNs, handle);
    else rung.add(timeNs, handle, this.words);
    return handle;
  }

  peekTimeNs(): number {
    if (this.first === NONE && !this.refillBottom()) return Number.POSITIVE_INFINITY;
    return this.times[this.first << 2]!;
  }

  pop(untilNs = Number.POSITIVE_INFINITY): boolean {
    if (this.first === NONE && !this.refillBottom()) return false;
    const handle = this.first;
    const timeNs = this.times[handle << 2]!;
    if (timeNs > untilNs) return false;
    const words = this.words;
    const next = words[(handle << 3) + NEXT]!;
    words[(next << 3) + PREVIOUS] = NONE;
    this.first = next;
    this.size -= 1;
    this.releaseFirst(handle, timeNs);
    return true;
  }

  cancel(handle: number): void {
    this.requirePending(handle);
    const timeNs = this.times[handle << 2]!;
    const rung = this.rungOf(timeNs);
    if (rung === undefined) this.removeFromBottom(handle);
    else rung.remove(timeNs, handle, this.words);
    this.size -= 1;
    this.release(handle);
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

  /** Inserts behind all events of the same time, searching from the nearer end. */
  private insertIntoBottom(timeNs: number, handle: number): void {
    const { times, words, first } = this;
    let before = first === NONE ? NONE : this.last;
    let after = NONE;
    let steps = 0;
    if (before !== NONE && timeNs - times[first << 2]! < times[before << 2]! - timeNs) {
      before = NONE;
      after = first;
      while (times[after << 2]! <= timeNs) {
        before = after;
        after = words[(after << 3) + NEXT]!;
        steps += 1;
      }
    } else {
      while (before !== NONE && times[before << 2]! > timeNs) {
        after = before;
        before = words[(before << 3) + PREVIOUS]!;
        steps += 1;
      }
    }
    words[(handle << 3) + PREVIOUS] = before;
    words[(handle << 3) + NEXT] = after;
    words[(before << 3) + NEXT] = handle;
    words[(after << 3) + PREVIOUS] = handle;
    if (before === NONE) this.first = handle;
    if (after === NONE) this.last = handle;
    if (steps > BOTTOM_STEPS_MAX) {
      this.first = NONE;
      this.spread(this.last, this.rungs[this.depth]!);
    }
  }

  private removeFromBottom(handle: number): void {
    const words = this.words;
    const next = words[(handle << 3) + NEXT]!;
    const previous = words[(handle << 3) + PREVIOUS]!;
    words[(previous << 3) + NEXT] = next;
    words[(next << 3) + PREVIOUS] = previous;
    if (previous === NONE) this.first = next;
    if (next === NONE) this.last = previous;
  }

  /** Brings the next events down into the empty bottom; false if there are none anywhere. */
  private refillBottom(): boolean {
    while (this.first === NONE) {
      const rung = this.rungs[this.depth]!;
      const bucket = rung.firstBucket();
      if (bucket < 0) {
        if (this.depth === 0) return false;
        this.depth -= 1;
        continue;
      }
      const newest = rung.newest[bucket]!;
      if (this.depth === 0) {
        rung.newest[bucket] = NONE;
      } else {
        rung.take(bucket);
        // A spent rung makes room for the one that its last bucket may become.
        if (rung.isSpent) this.depth -= 1;
      }
      this.sortIntoBottom(newest, rung);
    }
    return true;
  }

  /** After events were taken from the top, it begins after the last of them. */
  private raiseTop(lastNs: number): void {
    this.rungs[0]!.fromNs = lastNs + 1;
  }

  /**
   * Makes the list of a bucket the bottom, or a rung if it's too long to sort. Its events are taken
   * from the newest to the oldest, and each goes before those of its time.
   */
  private sortIntoBottom(newest: number, from: Rung): void {
    const { times, words } = this;
    let first = newest;
    let last = newest;
    let firstNs = times[first << 2]!;
    let older = words[(first << 3) + PREVIOUS]!;
    let events = 1;
    words[(first << 3) + NEXT] = NONE;
    while (older !== NONE) {
      const handle = older;
      const timeNs = times[handle << 2]!;
      older = words[(handle << 3) + PREVIOUS]!;
      if (timeNs <= firstNs) {
        words[(handle << 3) + NEXT] = first;
        words[(first << 3) + PREVIOUS] = handle;
        first = handle;
        firstNs = timeNs;
      } else if (this.insertAfter(first, timeNs, handle)) {
        last = handle;
      }
      events += 1;
      if (events > SORT_EVENTS_MAX) {
        // Those sorted so far are newer than the rest, and in a good order for a list, too.
        words[(first << 3) + PREVIOUS] = older;
        words[(older << 3) + NEXT] = first;
        this.spread(last, from);
        return;
      }
    }
    words[(first << 3) + PREVIOUS] = NONE;
    this.first = first;
    this.last = last;
    if (from === this.rungs[0]) this.raiseTop(times[last << 2]!);
  }

  /** Inserts behind `first` and all earlier events that follow it; true if that is the end. */
  private insertAfter(first: number, timeNs: number, handle: number): boolean {
    const { times, words } = this;
    let before = first;
    let after = words[(before << 3) + NEXT]!;
    while (after !== NONE && times[after << 2]! < timeNs) {
      before = after;
      after = words[(before << 3) + NEXT]!;
    }
    words[(handle << 3) + PREVIOUS] = before;
    words[(handle << 3) + NEXT] = after;
    words[(before << 3) + NEXT] = handle;
    words[(after << 3) + PREVIOUS] = handle;
    return after === NONE;
  }

  /** Makes a list that was taken from a rung, or from the bottom below it, a new finest rung. */
  private spread(newest: number, from: Rung): void {
    const { times, words } = this;
    let firstNs = Number.POSITIVE_INFINITY;
    let lastNs = Number.NEGATIVE_INFINITY;
    let events = 0;
    let oldest = newest;
    for (let handle = newest; handle !== NONE; handle = words[(handle << 3) + PREVIOUS]!) {
      const timeNs = times[handle << 2]!;
      if (timeNs < firstNs) firstNs = timeNs;
      if (timeNs > lastNs) lastNs = timeNs;
      events += 1;
      oldest = handle;
    }
    if (from === this.rungs[0]) this.raiseTop(lastNs);
    if (firstNs === lastNs) {
      // All at one time, so in order already.
      this.first = oldest;
      this.last = newest;
      return;
    }
    this.depth += 1;
    let rung = this.rungs[this.depth];
    if (rung === undefined) {
      rung = new Rung();
      this.rungs.push(rung);
    }
    rung.reset(firstNs, lastNs, events);
    let handle = oldest;
    while (handle !== NONE) {
      const next = words[(handle << 3) + NEXT]!;
      rung.add(times[handle << 2]!, handle, words);
      handle = next;
    }
  }
}
