import { BLOCK, type Flow, type Waiter } from './coroutine.js';
import { WaitQueue } from './wait_queue.js';

/**
 * Who gets a mutex that is released while others wait:
 * - `barging`: it is free until the first waiter has run, so a trylock in between wins; a waiter that
 *   was robbed once is handed it next time (kernel/locking/mutex.c, MUTEX_FLAG_HANDOFF).
 * - `fifo`: it goes to the first waiter at once.
 */
export type HandOff = 'barging' | 'fifo';

/**
 * A sleeping lock. States: free (owner null) → owned → free or, on a hand-off, owned by a waiter.
 * Not recursive.
 */
export class Mutex<W extends Waiter> {
  owner: W | null = null;
  readonly waiters = new WaitQueue<W>();
  #robbed: W | null = null;

  constructor(readonly handOff: HandOff) {}

  /** Takes the lock if it is free; never waits. */
  tryLock(self: W): boolean {
    if (this.owner !== null) return false;
    this.owner = self;
    return true;
  }

  /**
   * Waits for the lock. Returns false, without it, when `interrupted` says so before it sleeps, or
   * after a wake-up (mutex_lock_killable).
   */
  *lock(self: W, interrupted?: () => boolean): Flow<boolean> {
    if (this.tryLock(self)) return true;
    this.waiters.add(self);
    for (;;) {
      if (interrupted?.()) {
        this.#forget(self);
        return false;
      }
      yield BLOCK;
      if (this.owner === self || this.tryLock(self)) break;
      if (this.waiters.first() === self) this.#robbed = self;
    }
    this.#forget(self);
    return true;
  }

  /** @throws Error if `self` is not the owner. */
  unlock(self: W): void {
    if (this.owner !== self) throw new Error('mutex released by a task that does not own it');
    const next = this.waiters.first();
    this.owner = next !== null && (this.handOff === 'fifo' || this.#robbed === next) ? next : null;
    next?.wake();
  }

  #forget(self: W): void {
    this.waiters.delete(self);
    if (this.#robbed === self) this.#robbed = null;
  }
}
