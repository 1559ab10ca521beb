/**
 * One rung of the ladder: a row of buckets, each a list of events in the order in which they were added.
 *
 * A rung's life: reset (empty, all buckets ahead) → buckets are taken from the left, and events later than the last
 * taken bucket may still be added → all buckets taken. Bucket widths are powers of two, so that the bucket of a time
 * is an exact multiplication: no rounding can put an event behind a later one.
 */
import { NEXT, PREVIOUS } from './event_slots.js';

const NONE = -1;

/** Adds a record to the end of a list; `lists[at]` is the first and `lists[at + 1]` the last of it, -1 if empty. */
export function append(lists: Int32Array, at: number, words: Int32Array, handle: number): void {
  const last = lists[at + 1]!;
  words[(handle << 3) + NEXT] = NONE;
  words[(handle << 3) + PREVIOUS] = last;
  lists[at + 1] = handle;
  if (last < 0) lists[at] = handle;
  else words[(last << 3) + NEXT] = handle;
}

/** Takes a record out of the list it's in. */
export function unlink(lists: Int32Array, at: number, words: Int32Array, handle: number): void {
  const next = words[(handle << 3) + NEXT]!;
  const previous = words[(handle << 3) + PREVIOUS]!;
  if (previous < 0) lists[at] = next;
  else words[(previous << 3) + NEXT] = next;
  if (next < 0) lists[at + 1] = previous;
  else words[(next << 3) + PREVIOUS] = previous;
}

/** Makes a list empty and returns its first record. */
export function takeAll(lists: Int32Array, at: number): number {
  const first = lists[at]!;
  lists[at] = NONE;
  lists[at + 1] = NONE;
  return first;
}

export class Rung {
  /** First and last record of each bucket. Buckets already taken are empty, so reset needn't clear them. */
  lists: Int32Array = new Int32Array(2).fill(NONE);
  /** Times from here on belong to this rung; it moves right as buckets are taken. */
  fromNs = Number.NEGATIVE_INFINITY;
  private startNs = 0;
  private endNs = Number.POSITIVE_INFINITY;
  private widthNs = 0;
  /** 0 until reset: one bucket for all times. */
  private bucketsPerNs = 0;
  private buckets = 1;
  private nextBucket = 0;

  /**
   * Makes the rung empty, with about one bucket per event.
   * @param startNs - first time of the first bucket
   * @param lastNs - the last bucket starts at or before this time …
   * @param endNs - … and ends here; times up to here may be added later
   */
  reset(startNs: number, lastNs: number, endNs: number, events: number): void {
    let widthNs = 1;
    while (widthNs * events <= lastNs - startNs) widthNs *= 2;
    this.startNs = startNs;
    this.fromNs = startNs;
    this.endNs = endNs;
    this.widthNs = widthNs;
    this.bucketsPerNs = 1 / widthNs;
    this.buckets = Math.floor((lastNs - startNs) / widthNs) + 1;
    this.nextBucket = 0;
    if (this.lists.length < this.buckets * 2) {
      this.lists = new Int32Array(this.buckets * 4).fill(NONE);
    }
  }

  /** Index in `lists` of the bucket that a time belongs to. */
  listOf(timeNs: number): number {
    const bucket = (timeNs - this.startNs) * this.bucketsPerNs;
    return bucket < this.buckets ? (bucket | 0) << 1 : (this.buckets - 1) << 1;
  }

  /** Takes the events of the first non-empty bucket, as a list without ends; -1 if there are no more. */
  takeBucket(): number {
    const lists = this.lists;
    const buckets = this.buckets;
    let bucket = this.nextBucket;
    while (bucket < buckets && lists[bucket << 1]! < 0) bucket += 1;
    const first = bucket < buckets ? takeAll(lists, bucket << 1) : NONE;
    this.nextBucket = bucket + 1;
    const nextNs = this.startNs + this.nextBucket * this.widthNs;
    this.fromNs = this.nextBucket < buckets ? nextNs : this.endNs;
    return first;
  }

  /** Whether all buckets were taken. */
  get isSpent(): boolean {
    return this.nextBucket >= this.buckets;
  }
}
