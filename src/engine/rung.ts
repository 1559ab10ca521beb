/**
 * One rung of the ladder: a row of buckets, each a list of events in the order in which they came.
 *
 * A rung's life: reset (empty, all buckets ahead) → buckets are taken from the left, and events
 * later than the last one taken may still be added → all buckets taken. Bucket widths are powers of
 * two, so that the bucket of a time is an exact multiplication: no rounding can put an event behind
 * a later one.
 *
 * A list is known by its newest record. Each record has the one before it as PREVIOUS, and the
 * newest excepted, the one after it as NEXT. Record 0 stands for none, and takes the link
 * to a neighbour that isn't there.
 */
const NEXT = 2;
const PREVIOUS = 3;
const NONE = 0;

/** More buckets need less sorting and more room. */
const BUCKETS_PER_EVENT = 4;

export class Rung {
  /** Newest record of each bucket. Buckets already taken are empty, so reset needn't clear them. */
  newest: Int32Array = new Int32Array(1);
  /** Times from here on belong to this rung; it moves right as buckets are taken. */
  fromNs = Number.NEGATIVE_INFINITY;
  private startNs = 0;
  private widthNs = 0;
  /** 0 until reset: one bucket for all times. */
  private bucketsPerNs = 0;
  private buckets = 1;
  private nextBucket = 0;

  /**
   * Makes the rung empty, with a few buckets per event.
   * @param firstNs - first time of the first bucket
   * @param lastNs - latest time so far; what comes after it will go to the last bucket, too
   */
  reset(firstNs: number, lastNs: number, events: number): void {
    const bucketsMax = events * BUCKETS_PER_EVENT;
    let widthNs = 1;
    while (widthNs * bucketsMax <= lastNs - firstNs) widthNs *= 2;
    this.startNs = firstNs;
    this.fromNs = firstNs;
    this.widthNs = widthNs;
    this.bucketsPerNs = 1 / widthNs;
    this.buckets = Math.floor((lastNs - firstNs) / widthNs) + 1;
    this.nextBucket = 0;
    if (this.newest.length < this.buckets) this.newest = new Int32Array(this.buckets * 2);
  }

  /** Adds a record to the bucket of its time. */
  add(timeNs: number, handle: number, words: Int32Array): void {
    const newest = this.newest;
    const bucket = this.bucketOf(timeNs);
    const previous = newest[bucket]!;
    newest[bucket] = handle;
    words[(handle << 3) + PREVIOUS] = previous;
    words[(previous << 3) + NEXT] = handle;
  }

  /** Takes a record out of the bucket of its time. */
  remove(timeNs: number, handle: number, words: Int32Array): void {
    const bucket = this.bucketOf(timeNs);
    const previous = words[(handle << 3) + PREVIOUS]!;
    if (this.newest[bucket] === handle) {
      this.newest[bucket] = previous;
      return;
    }
    const next = words[(handle << 3) + NEXT]!;
    words[(next << 3) + PREVIOUS] = previous;
    words[(previous << 3) + NEXT] = next;
  }

  /** The first bucket with events, or -1. */
  firstBucket(): number {
    const newest = this.newest;
    const buckets = this.buckets;
    for (let bucket = this.nextBucket; bucket < buckets; bucket++) {
      if (newest[bucket] !== NONE) return bucket;
    }
    return -1;
  }

  /** Empties a bucket; it and those before it are done with. */
  take(bucket: number): void {
    this.newest[bucket] = NONE;
    this.nextBucket = bucket + 1;
    this.fromNs = this.startNs + this.nextBucket * this.widthNs;
  }

  /** Whether all buckets were taken. */
  get isSpent(): boolean {
    return this.nextBucket >= this.buckets;
  }

  private bucketOf(timeNs: number): number {
    const bucket = (timeNs - this.startNs) * this.bucketsPerNs;
    return bucket < this.buckets ? bucket | 0 : this.buckets - 1;
  }
}
