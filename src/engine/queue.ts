/**
 * The pending-event set: the one place where the order of events is decided.
 *
 * Order is (time, sequence): events at the same nanosecond come out in the order in which they went
 * in. Nothing else takes part (no priority, no actor number), so a run depends only on who
 * scheduled what first, and both implementations give one and the same order.
 *
 * |        | push, pop | cancel           | ns/event, hold model¹, with so many pending  |
 * |        |           |                  |    16 |   1,000 |   100,000 |      1,000,000 |
 * | ------ | --------- | ---------------- | ----- | ------- | --------- | -------------- |
 * | heap   | O(log n)  | tombstone, O(1)² |    33 |      54 |       155 |            605 |
 * | ladder | O(1)²     | unlink, O(1)     |    45 |      31 |        65 |            260 |
 *
 * ¹ each event schedules one at now + exp(1); an object heap takes 67, 153, 726 and 1,890 ns.
 * ² amortised.
 *
 * The heap is best below about 100 pending events; the ladder with many of them, many equal times
 * (jiffies), or timers that are cancelled and armed again all the time. test/bench/README.md has
 * the other loads, and `npm run bench -- --group frequent` measures again.
 */
import { HeapQueue } from './heap_queue.js';
import { LadderQueue } from './ladder_queue.js';

/**
 * Pending events ordered by (time, sequence).
 *
 * The life of an event: pending (push gave a handle) → popped or cancelled (its handle is void and
 * may be given out again). `kind`, `actor` and `arg` are int32; their meaning is the caller's.
 */
export interface EventQueue {
  /** Number of pending events; cancelled ones are not counted. */
  readonly size: number;
  /** Fields of the last popped event. */
  readonly timeNs: number;
  readonly kind: number;
  readonly actor: number;
  readonly arg: number;
  /**
   * Adds an event after all pending events of the same time.
   * @param timeNs - safe integer, not before the last popped time; Simulation checks, queues don't
   * @returns the handle for `cancel`: a small positive integer, given out again after pop or cancel
   */
  push(timeNs: number, kind: number, actor: number, arg: number): number;
  /** Time of the first event, in ns; Infinity when empty. */
  peekTimeNs(): number;
  /**
   * Removes the first event if it is due, and shows it in `timeNs`, `kind`, `actor` and `arg`.
   * @param untilNs - events later than this stay; default: no limit
   * @returns false if no event was due
   */
  pop(untilNs?: number): boolean;
  /**
   * Removes a pending event.
   * @throws RangeError if the handle isn't of a pending event
   */
  cancel(handle: number): void;
}

export type QueueKind = 'heap' | 'ladder';

/** An empty queue; `capacity` is how many events fit before the first growth. */
export function createQueue(kind: QueueKind, capacity = 256): EventQueue {
  return kind === 'heap' ? new HeapQueue(capacity) : new LadderQueue(capacity);
}
