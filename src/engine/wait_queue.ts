import type { Waiter } from './coroutine.js';

/** Waiters in arrival order. O(1) to add, remove and wake one. */
export class WaitQueue<W extends Waiter> {
  // A Set iterates in insertion order, which makes it a FIFO with O(1) removal from the middle. Most
  // queues never have a waiter, and do without.
  #waiters: Set<W> | null = null;

  get size(): number {
    return this.#waiters === null ? 0 : this.#waiters.size;
  }

  [Symbol.iterator](): Iterator<W> {
    return (this.#waiters ?? []).values();
  }

  /** The one that has waited longest, or null. */
  first(): W | null {
    if (this.#waiters !== null) for (const waiter of this.#waiters) return waiter;
    return null;
  }

  add(waiter: W): void {
    this.#waiters ??= new Set();
    this.#waiters.add(waiter);
  }

  delete(waiter: W): boolean {
    return this.#waiters?.delete(waiter) ?? false;
  }

  /** Removes and wakes the one that has waited longest. */
  wakeOne(): W | null {
    const waiter = this.first();
    if (waiter !== null) {
      this.delete(waiter);
      waiter.wake();
    }
    return waiter;
  }

  /** Removes and wakes all, or all that `matches` is true of, in arrival order. */
  wakeAll(matches: (waiter: W) => boolean = () => true): void {
    if (this.#waiters === null) return;
    for (const waiter of this.#waiters) {
      if (!matches(waiter)) continue;
      this.#waiters.delete(waiter);
      waiter.wake();
    }
  }
}
