/**
 * Records of pending events, 32 bytes each in one buffer: an event is half a cache line, and a
 * handle is the index of its record. Both queues are made on top of this.
 *
 * `times[4 × handle]` is the time; `words[8 × handle + …]` are
 *
 *   2 next, 3 previous   links, for the ladder's lists; the heap has its sequence number there,
 *                        as a float64
 *   4 kind, 5 actor, 6 arg
 *   7 state              0 free → 1 pending → (2 cancelled →) free
 *
 * These offsets are written out as constants in each file that needs them: V8 folds a constant of
 * the module itself into the code, and loads one from another module every time (measured: 8 %).
 */
const NEXT = 2;
const KIND = 4;
const ACTOR = 5;
const ARG = 6;
const STATE = 7;

const FREE = 0;
const PENDING = 1;
const CANCELLED = 2;

/** No record: handles begin at 1. Record 0 takes writes to neighbours that aren't there. */
const NONE = 0;

const RECORD_BYTES = 32;

export class EventSlots {
  /** The event popped last. */
  timeNs = 0;
  kind = 0;
  actor = 0;
  arg = 0;

  /** Two views of one buffer; replaced when `allocate` needs more room. */
  protected times: Float64Array;
  protected words: Int32Array;
  private firstFree = NONE;
  /** Records ever used, with record 0. */
  private used = 1;

  constructor(capacity: number) {
    const buffer = new ArrayBuffer((Math.max(capacity, 1) + 1) * RECORD_BYTES);
    this.times = new Float64Array(buffer);
    this.words = new Int32Array(buffer);
  }

  /** Takes a record and makes it pending; the one freed last first, as it's still in the cache. */
  protected allocate(timeNs: number, kind: number, actor: number, arg: number): number {
    let handle = this.firstFree;
    if (handle === NONE) {
      handle = this.used;
      this.used = handle + 1;
      if (handle << 3 >= this.words.length) this.grow();
    } else {
      this.firstFree = this.words[(handle << 3) + NEXT]!;
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
  protected release(handle: number): void {
    const at = handle << 3;
    this.words[at + STATE] = FREE;
    this.words[at + NEXT] = this.firstFree;
    this.firstFree = handle;
  }

  /** Gives the record of the first event back, and shows its fields. */
  protected releaseFirst(handle: number, timeNs: number): void {
    const words = this.words;
    const at = handle << 3;
    this.timeNs = timeNs;
    this.kind = words[at + KIND]!;
    this.actor = words[at + ACTOR]!;
    this.arg = words[at + ARG]!;
    this.release(handle);
  }

  /** Whether the event is neither popped nor cancelled. */
  protected isPending(handle: number): boolean {
    return this.words[(handle << 3) + STATE] === PENDING;
  }

  /** Leaves the record where it is, to be released when the queue comes across it. */
  protected markCancelled(handle: number): void {
    this.words[(handle << 3) + STATE] = CANCELLED;
  }

  /** @throws RangeError unless the handle is of a pending event */
  protected requirePending(handle: number): void {
    if (!this.isPending(handle)) throw new RangeError(`no pending event has the handle ${handle}`);
  }

  private grow(): void {
    const buffer = new ArrayBuffer(this.words.byteLength * 2);
    const words = new Int32Array(buffer);
    words.set(this.words);
    this.times = new Float64Array(buffer);
    this.words = words;
  }
}
