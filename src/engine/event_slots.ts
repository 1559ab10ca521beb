/**
 * Records of pending events, 32 bytes each in one buffer: an event is one cache line, and a handle is its index.
 *
 * Float64 index 4·h is the time; Int32 indexes 8·h + NEXT … STATE are the rest. Queues read the two views directly;
 * they change only in `allocate`, so a local copy is good until the next allocation.
 */

/** Offsets of the int32 fields of a record. NEXT and PREVIOUS are for the queue's own lists. */
export const NEXT = 2;
export const PREVIOUS = 3;
export const KIND = 4;
export const ACTOR = 5;
export const ARG = 6;
export const STATE = 7;

/** States of a record: free → pending → (cancelled →) free. Only the heap leaves cancelled records behind. */
export const FREE = 0;
export const PENDING = 1;
export const CANCELLED = 2;

const RECORD_BYTES = 32;

export class EventSlots {
  times: Float64Array;
  words: Int32Array;
  private firstFree = -1;
  private used = 0;

  constructor(capacity: number) {
    const buffer = new ArrayBuffer(Math.max(capacity, 2) * RECORD_BYTES);
    this.times = new Float64Array(buffer);
    this.words = new Int32Array(buffer);
  }

  /** Takes a record and makes it pending; the most recently freed one first, because it's still in the cache. */
  allocate(timeNs: number, kind: number, actor: number, arg: number): number {
    let handle = this.firstFree;
    if (handle >= 0) {
      this.firstFree = this.words[(handle << 3) + NEXT]!;
    } else {
      handle = this.used;
      this.used += 1;
      if (handle << 3 === this.words.length) this.grow();
    }
    const words = this.words;
    const at = handle << 3;
    this.times[handle << 2] = timeNs;
    words[at + KIND] = kind;
    words[at + ACTOR] = actor;
    words[at + ARG] = arg;
    words[at + STATE] = PENDING;
    return handle;
  }

  /** Gives a record back. */
  release(handle: number): void {
    const at = handle << 3;
    this.words[at + STATE] = FREE;
    this.words[at + NEXT] = this.firstFree;
    this.firstFree = handle;
  }

  /** @throws RangeError unless the handle is of a pending event */
  requirePending(handle: number): void {
    if (this.words[handle * 8 + STATE] !== PENDING) {
      throw new RangeError(`no pending event has the handle ${handle}`);
    }
  }

  private grow(): void {
    const buffer = new ArrayBuffer(this.words.byteLength * 2);
    const words = new Int32Array(buffer);
    words.set(this.words);
    this.times = new Float64Array(buffer);
    this.words = words;
  }
}
