import type { Task } from './task.js';

/** Runnable tasks by (vruntime, arrival): a binary heap. */
export class RunQueue {
  readonly #tasks: Task[] = [];
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
    const order = this.#arrivals++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(task, order, parent)) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#tasks[i] = task;
    this.#order[i] = order;
  }

  /** Takes out the task that has had least CPU time. */
  pop(): Task | null {
    const first = this.#tasks[0];
    const last = this.#tasks.pop();
    const order = this.#order.pop();
    if (first === undefined || last === undefined || order === undefined) return null;
    const n = this.#tasks.length;
    if (n === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && this.#before(this.#tasks[child + 1]!, this.#order[child + 1]!, child)) {
        child++;
      }
      if (this.#before(last, order, child)) break;
      this.#move(child, i);
      i = child;
    }
    this.#tasks[i] = last;
    this.#order[i] = order;
    return first;
  }

  #before(task: Task, order: number, index: number): boolean {
    const other = this.#tasks[index]!;
    if (task.vruntime_ns !== other.vruntime_ns) return task.vruntime_ns < other.vruntime_ns;
    return order < this.#order[index]!;
  }

  #move(from: number, to: number): void {
    this.#tasks[to] = this.#tasks[from]!;
    this.#order[to] = this.#order[from]!;
  }
}
