import { BLOCK, type Flow, type Waiter } from './coroutine.js';
import { WaitQueue } from './wait_queue.js';

/**
 * Many readers or one writer; a waiting writer keeps new readers out, as kernel/locking/rwsem.c does.
 */
export class RwSemaphore<W extends Waiter> {
  #readers = 0;
  #writer: W | null = null;
  /** Made for the first that has to wait: most semaphores are never contended. */
  #waiters: WaitQueue<W> | null = null;
  #waitingWriters = 0;

  /** Readers and writers that wait, in the order they came. */
  get waiters(): Iterable<W> {
    return this.#waiters ?? [];
  }

  /** The one that has waited longest, or null. */
  get firstWaiter(): W | null {
    return this.#waiters === null ? null : this.#waiters.first();
  }

  get writer(): W | null {
    return this.#writer;
  }

  /** A reader would have to wait. */
  get contended(): boolean {
    return this.#writer !== null || this.#waitingWriters > 0;
  }

  get readers(): number {
    return this.#readers;
  }

  /** Never waits. */
  tryDownRead(): boolean {
    if (this.contended) return false;
    this.#readers++;
    return true;
  }

  *downRead(self: W): Flow {
    if (this.tryDownRead()) return;
    const waiters = this.queueUp(self);
    do yield BLOCK;
    while (this.#writer !== null || waiters.first() !== self);
    waiters.delete(self);
    this.#readers++;
    waiters.first()?.wake();
  }

  /** Returns false, without the semaphore, when `interrupted` says so after a wake-up. */
  *downWrite(self: W, interrupted?: () => boolean): Flow<boolean> {
    if (this.#writer === null && this.#readers === 0 && this.firstWaiter === null) {
      this.#writer = self;
      return true;
    }
    const waiters = this.queueUp(self);
    this.#waitingWriters++;
    let got = true;
    do {
      yield BLOCK;
      got = !interrupted?.();
    } while (got && (this.#writer !== null || this.#readers > 0 || waiters.first() !== self));
    waiters.delete(self);
    this.#waitingWriters--;
    if (got) this.#writer = self;
    else waiters.first()?.wake();
    return got;
  }

  /** @throws Error if nobody holds it for reading. */
  upRead(): void {
    if (this.#readers === 0) throw new Error('up_read without down_read');
    this.#readers--;
    if (this.#readers === 0) this.firstWaiter?.wake();
  }

  /** @throws Error if `self` does not hold it for writing. */
  upWrite(self: W): void {
    if (this.#writer !== self) throw new Error('up_write by a task that is not the writer');
    this.#writer = null;
    this.firstWaiter?.wake();
  }

  // A private method with # would mark each semaphore with a hidden field.
  private queueUp(self: W): WaitQueue<W> {
    this.#waiters ??= new WaitQueue();
    this.#waiters.add(self);
    return this.#waiters;
  }
}
