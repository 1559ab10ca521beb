/**
 * A binary heap in flat arrays. Good for small populations and short steps; the readable reference
 * for the order. Not good for many equal times or very many pending events: take the ladder there.
 *
 * Three things make it fast in V8 (measurements in test/bench/README.md):
 * 1. the smaller child is picked without a branch, which would be mispredicted half of the time;
 *    ties have a branch of their own, which is predicted nearly always;
 * 2. pop leaves the root empty, and the next push sifts down from there: pop and push together are
 *    one sift, and a short step stops at the root;
 * 3. cancel only marks the record. When more than half of the heap is marked, it is rebuilt without
 *    them; without that, timers that are re-armed all the time would fill the memory.
 */
import { EventSlots } from './event_slots.js';
import type { EventQueue } from './queue.js';

/** Below this many cancelled entries a rebuild isn't worth its call. */
const REBUILD_ENTRIES_MIN = 64;

export class HeapQueue extends EventSlots implements EventQueue {
  /** Times of the entries: entry i is before 2i+1 and 2i+2. Beyond the last entry it's Infinity. */
  private keys: Float64Array;
  /** Records of the entries. Their sequence numbers are there, as they are needed for ties only. */
  private handles: Int32Array;
  private length = 0;
  /** Whether entry 0 was popped and not yet replaced; it is counted in `length`. */
  private rootIsEmpty = false;
  private cancelled = 0;
  private nextSequence = 0;

  constructor(capacity: number) {
    super(capacity);
    const entries = Math.max(capacity, 2);
    this.keys = new Float64Array(entries).fill(Number.POSITIVE_INFINITY);
    this.handles = new Int32Array(entries);
  }

  get size(): number {
    return this.length - this.cancelled - +this.rootIsEmpty;
  }

  push(timeNs: number, kind: number, actor: number, arg: number): number {
    const handle = this.allocate(timeNs, kind, actor, arg);
    this.times[(handle << 2) + 1] = this.nextSequence;
    this.nextSequence += 1;
    if (this.rootIsEmpty) {
      this.rootIsEmpty = false;
      this.siftDown(0, timeNs, handle);
    } else {
      this.siftUp(timeNs, handle);
    }
    return handle;
  }

  peekTimeNs(): number {
    return this.settleRoot() ? this.keys[0]! : Number.POSITIVE_INFINITY;
  }

  pop(untilNs = Number.POSITIVE_INFINITY): boolean {
    if (!this.settleRoot()) return false;
    const timeNs = this.keys[0]!;
    if (timeNs > untilNs) return false;
    const handle = this.handles[0]!;
    this.releaseFirst(handle, timeNs);
    this.rootIsEmpty = true;
    return true;
  }

  cancel(handle: number): void {
    this.requirePending(handle);
    this.markCancelled(handle);
    this.cancelled += 1;
    if (this.cancelled > REBUILD_ENTRIES_MIN && this.cancelled * 2 > this.length) this.rebuild();
  }

  /** Makes entry 0 the first pending event; false if there is none. */
  private settleRoot(): boolean {
    for (;;) {
      if (this.rootIsEmpty) this.fillRoot();
      if (this.length === 0) return false;
      const handle = this.handles[0]!;
      if (this.isPending(handle)) return true;
      this.release(handle);
      this.cancelled -= 1;
      this.rootIsEmpty = true;
    }
  }

  /** Moves the last entry into the empty root and down. */
  private fillRoot(): void {
    const last = this.length - 1;
    const timeNs = this.keys[last]!;
    this.rootIsEmpty = false;
    this.length = last;
    this.keys[last] = Number.POSITIVE_INFINITY;
    if (last > 0) this.siftDown(0, timeNs, this.handles[last]!);
  }

  private siftDown(from: number, timeNs: number, handle: number): void {
    const { keys, handles, length } = this;
    let at = from;
    let left = (at << 1) | 1;
    while (left < length) {
      // When there is no right child its time is Infinity, and the left one wins.
      const leftNs = keys[left]!;
      const rightNs = keys[left + 1]!;
      let child = left + +(rightNs < leftNs);
      if (leftNs === rightNs) child = left + +this.isBefore(handles[left + 1]!, handles[left]!);
      const childNs = keys[child]!;
      if (childNs >= timeNs && (childNs > timeNs || this.isBefore(handle, handles[child]!))) break;
      keys[at] = childNs;
      handles[at] = handles[child]!;
      at = child;
      left = (at << 1) | 1;
    }
    keys[at] = timeNs;
    handles[at] = handle;
  }

  private isBefore(a: number, b: number): boolean {
    const times = this.times;
    return times[(a << 2) + 1]! < times[(b << 2) + 1]!;
  }

  /** Adds an entry at the end and moves it up; the newest, it stays behind others of its time. */
  private siftUp(timeNs: number, handle: number): void {
    let at = this.length;
    // One entry beyond the last is read as a right child.
    if (at + 2 > this.keys.length) this.growHeap();
    this.length = at + 1;
    const { keys, handles } = this;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentNs = keys[parent]!;
      if (parentNs <= timeNs) break;
      keys[at] = parentNs;
      handles[at] = handles[parent]!;
      at = parent;
    }
    keys[at] = timeNs;
    handles[at] = handle;
  }

  /** Drops all cancelled entries and makes a heap of the rest. */
  private rebuild(): void {
    const { keys, handles } = this;
    let kept = 0;
    for (let i = +this.rootIsEmpty; i < this.length; i++) {
      const handle = handles[i]!;
      if (!this.isPending(handle)) {
        this.release(handle);
        continue;
      }
      keys[kept] = keys[i]!;
      handles[kept] = handle;
      kept += 1;
    }
    keys.fill(Number.POSITIVE_INFINITY, kept, this.length);
    this.length = kept;
    this.cancelled = 0;
    this.rootIsEmpty = false;
    for (let i = (kept >> 1) - 1; i >= 0; i--) {
      this.siftDown(i, keys[i]!, handles[i]!);
    }
  }

  private growHeap(): void {
    const entries = this.keys.length * 2;
    const keys = new Float64Array(entries).fill(Number.POSITIVE_INFINITY, this.length);
    keys.set(this.keys.subarray(0, this.length));
    const handles = new Int32Array(entries);
    handles.set(this.handles);
    this.keys = keys;
    this.handles = handles;
  }
}
