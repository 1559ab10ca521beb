import type { Task } from './task.js';

/**
 * Runnable tasks by (vruntime, arrival): a binary heap. A task's vruntime stays as it is while it waits
 * here, and is kept beside it: with many tasks, asking each for its own is waiting for memory.
 */
export class RunQueue {
  readonly #tasks: Task[] = [];
  readonly #vruntimes_ns: number[] = [];
  readonly #order: number[] = [];
  #arrivals = 0;

  get size(): number {
    return this.#tasks.length;
  }

  /** The task that has had least CPU time, or null. */
  peek(): Task | null {
    return this.#tasks[0] ?? null;
  }

  /** The queue's tasks, in no order that means anything. */
  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  push(task: Task): void {
    let i = this.#tasks.length;
    const { vruntime_ns } = task;
    const order = this.#arrivals++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(vruntime_ns, order, parent)) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#put(i, task, vruntime_ns, order);
  }

  /** Takes out the task that has had least CPU time. */
  pop(): Task | null {
    const first = this.#tasks[0];
    const last = this.#tasks.pop();
    const vruntime_ns = this.#vruntimes_ns.pop()!;
    const order = this.#order.pop()!;
    if (first === undefined || last === undefined) return null;
    const n = this.#tasks.length;
    if (n === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      const other = child + 1;
      if (other < n && this.#before(this.#vruntimes_ns[other]!, this.#order[other]!, child)) {
        child = other;
      }
      if (this.#before(vruntime_ns, order, child)) break;
      this.#move(child, i);
      i = child;
    }
    this.#put(i, last, vruntime_ns, order);
    return first;
  }

  #before(vruntime_ns: number, order: number, index: number): boolean {
    const other_ns = this.#vruntimes_ns[index]!;
    if (vruntime_ns !== other_ns) return vruntime_ns < other_ns;
    return order < this.#order[index]!;
  }

  #put(index: number, task: Task, vruntime_ns: number, order: number): void {
    this.#tasks[index] = task;
    this.#vruntimes_ns[index] = vruntime_ns;
    this.#order[index] = order;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#tasks[from]!, this.#vruntimes_ns[from]!, this.#order[from]!);
  }
}
