/**
 * Blocking flows. Code that may have to wait is written as a generator and reads like the kernel
 * function it models; each `yield` is a place where the real one could sleep or be preempted. What
 * the yielded number means is agreed between the flow and its driver (sched/core.ts: RUN or BLOCK).
 *
 * A flow costs an allocation, so hot paths are plain functions and a flow starts only where they
 * cannot go on alone.
 */
export type Flow<T = void> = Generator<number, T, void>;

/** Yielded to wait until somebody calls `wake()` on the flow's waiter. */
export const BLOCK = 0;

/** What all generators inherit; each function that makes them has a prototype of its own in between. */
const { next } = Object.getPrototypeOf(function* () {
  yield BLOCK;
}).prototype as Flow<unknown>;

/** `flow.next()`, which V8 would look up each time, as the flows come from so many functions. */
export function resume<T>(flow: Flow<T>): IteratorResult<number, T> {
  return next.call(flow) as IteratorResult<number, T>;
}

/** Whatever can sit on a wait queue. */
export interface Waiter {
  /** Makes the waiter runnable; does nothing if it already is. */
  wake(): void;
}
