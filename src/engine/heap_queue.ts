/**
 * A binary heap in flat arrays. Good for small populations and short steps; the readable reference for the order.
 * Not good for many equal times or very many pending events: take the ladder there.
 *
 * Three things make it fast in V8 (measurements in test/bench/README.md):
 * 1. the smaller child is picked without a branch, which would be mispredicted half of the time; ties have a branch
 *    of their own, which is predicted nearly always;
 * 2. pop leaves the root empty, and the next push sifts down from there: pop and push together are one sift, and a
 *    short step stops at the root;
 * 3. cancel only marks the record. When more than half of the heap is marked, it is rebuilt without them; without
 *    that, timers that are re-armed all the time would fill the memory.
 */
import { ACTOR, ARG, CANCELLED, EventSlots, KIND, PENDING, STATE } from './event_slots.js';
import type { EventQueue } from './queue.js';

/** Below this many cancelled entries a rebuild isn't worth its call. */
const REBUILD_ENTRIES_MIN = 64;

export class HeapQueue implements EventQueue {
  timeNs = 0;
  kind = 0;
  actor = 0;
  arg = 0;

  private readonly slots: EventSlots;
  /** Heap entries 0 … length-1, entry i before 2i+1 and 2i+2. Entries from `length` on have the time Infinity. */
  private times: Float64Array;
  private sequences: Float64Array;
  private handles: Int32Array;
  private length = 0;
  /** Whether entry 0 was popped and not yet replaced; it is counted in `length`. */
  private rootIsEmpty = false;
  private cancelled = 0;
  private nextSequence = 0;

  constructor(capacity: number) {
    const entries = Math.max(capacity, 2);
    this.slots = new EventSlots(entries);
    this.times = new Float64Array(entries).fill(Number.POSITIVE_INFINITY);
    this.sequences = new Float64Array(entries);
    this.handles = new Int32Array(entries);
  }

  get size(): number {
    return this.length - this.cancelled - +this.rootIsEmpty;
  }

  push(timeNs: number, kind: number, actor: number, arg: number): number {
    const handle = this.slots.allocate(timeNs, kind, actor, arg);
    const sequence = this.nextSequence;
    this.nextSequence = sequence + 1;
    if (this.rootIsEmpty) {
      this.rootIsEmpty = false;
      this.siftDown(0, timeNs, sequence, handle);
    } else {
      this.siftUp(timeNs, sequence, handle);
    }
    return handle;
  }

  peekTimeNs(): number {
    return this.settleRoot() ? this.times[0]! : Number.POSITIVE_INFINITY;
  }

  pop(untilNs = Number.POSITIVE_INFINITY): boolean {
    if (!this.settleRoot()) return false;
    const timeNs = this.times[0]!;
    if (timeNs > untilNs) return false;
    const handle = this.handles[0]!;
    const words = this.slots.words;
    const at = handle << 3;
    this.timeNs = timeNs;
    this.kind = words[at + KIND]!;
    this.actor = words[at + ACTOR]!;
    this.arg = words[at + ARG]!;
    this.slots.release(handle);
    this.rootIsEmpty = true;
    return true;
  }

  cancel(handle: number): void {
    this.slots.requirePending(handle);
    this.slots.words[(handle << 3) + STATE] = CANCELLED;
    this.cancelled += 1;
    if (this.cancelled > REBUILD_ENTRIES_MIN && this.cancelled * 2 > this.length) this.rebuild();
  }

  /** Makes entry 0 the first pending event; false if there is none. */
  private settleRoot(): boolean {
    for (;;) {
      if (this.rootIsEmpty) this.fillRoot();
      if (this.length === 0) return false;
      const handle = this.handles[0]!;
      if (this.slots.words[(handle << 3) + STATE] === PENDING) return true;
      this.slots.release(handle);
      this.cancelled -= 1;
      this.rootIsEmpty = true;
    }
  }

  /** Moves the last entry into the empty root and down. */
  private fillRoot(): void {
    const last = this.length - 1;
    const timeNs = this.times[last]!;
    this.rootIsEmpty = false;
    this.length = last;
    this.times[last] = Number.POSITIVE_INFINITY;
    if (last > 0) this.siftDown(0, timeNs, this.sequences[last]!, this.handles[last]!);
  }

  private siftDown(from: number, timeNs: number, sequence: number, handle: number): void {
    const times = this.times;
    const sequences = this.sequences;
    const handles = this.handles;
    const length = this.length;
    let at = from;
    let left = 2 * at + 1;
    while (left < length) {
      // When there is no right child its time is Infinity, and the left one wins.
      const leftNs = times[left]!;
      const rightNs = times[left + 1]!;
      let child = left + +(rightNs < leftNs);
      if (leftNs === rightNs) child = left + +(sequences[left + 1]! < sequences[left]!);
      const childNs = times[child]!;
      if (childNs > timeNs) break;
      if (childNs === timeNs && sequences[child]! > sequence) break;
      times[at] = childNs;
      sequences[at] = sequences[child]!;
      handles[at] = handles[child]!;
      at = child;
      left = 2 * at + 1;
    }
    times[at] = timeNs;
    sequences[at] = sequence;
    handles[at] = handle;
  }

  /** Adds an entry at the end and moves it up. It is the newest: it stays behind entries of the same time. */
  private siftUp(timeNs: number, sequence: number, handle: number): void {
    let at = this.length;
    // One entry beyond the last is read as a right child.
    if (at + 2 > this.times.length) this.grow();
    this.length = at + 1;
    const times = this.times;
    const sequences = this.sequences;
    const handles = this.handles;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentNs = times[parent]!;
      if (parentNs <= timeNs) break;
      times[at] = parentNs;
      sequences[at] = sequences[parent]!;
      handles[at] = handles[parent]!;
      at = parent;
    }
    times[at] = timeNs;
    sequences[at] = sequence;
    handles[at] = handle;
  }

  /** Drops all cancelled entries and makes a heap of the rest. */
  private rebuild(): void {
    const { times, sequences, handles, slots } = this;
    let kept = 0;
    for (let i = +this.rootIsEmpty; i < this.length; i++) {
      const handle = handles[i]!;
      if (slots.words[(handle << 3) + STATE] !== PENDING) {
        slots.release(handle);
        continue;
      }
      times[kept] = times[i]!;
      sequences[kept] = sequences[i]!;
      handles[kept] = handle;
      kept += 1;
    }
    times.fill(Number.POSITIVE_INFINITY, kept, this.length);
    this.length = kept;
    this.cancelled = 0;
    this.rootIsEmpty = false;
    for (let i = (kept >> 1) - 1; i >= 0; i--) {
      this.siftDown(i, times[i]!, sequences[i]!, handles[i]!);
    }
  }

  private grow(): void {
    const entries = this.times.length * 2;
    const times = new Float64Array(entries).fill(Number.POSITIVE_INFINITY, this.length);
    times.set(this.times.subarray(0, this.length));
    const sequences = new Float64Array(entries);
    sequences.set(this.sequences);
    const handles = new Int32Array(entries);
    handles.set(this.handles);
    this.times = times;
    this.sequences = sequences;
    this.handles = handles;
  }
}
