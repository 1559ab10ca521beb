import type { EventQueue } from '../../src/engine/queue.js';

interface Entry {
  timeNs: number;
  sequence: number;
  kind: number;
  actor: number;
  arg: number;
}

function compareEntries(a: Entry, b: Entry): number {
  return a.timeNs - b.timeNs || a.sequence - b.sequence;
}

/** The plain reference: a binary heap of objects with a comparator, as one would write it first. */
export class ObjectHeap implements EventQueue {
  timeNs = 0;
  kind = 0;
  actor = 0;
  arg = 0;
  private readonly entries: Entry[] = [];
  private sequence = 0;

  constructor(private readonly compare: (a: Entry, b: Entry) => number = compareEntries) {}

  get size(): number {
    return this.entries.length;
  }

  push(timeNs: number, kind: number, actor: number, arg: number): number {
    const { entries, compare } = this;
    const entry = { timeNs, sequence: this.sequence, kind, actor, arg };
    this.sequence += 1;
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compare(entries[parent]!, entry) <= 0) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
    return 0;
  }

  peekTimeNs(): number {
    return this.entries[0]?.timeNs ?? Number.POSITIVE_INFINITY;
  }

  pop(untilNs = Number.POSITIVE_INFINITY): boolean {
    const { entries } = this;
    const first = entries[0];
    if (first === undefined || first.timeNs > untilNs) return false;
    const last = entries.pop()!;
    if (entries.length > 0) this.siftDown(last);
    this.timeNs = first.timeNs;
    this.kind = first.kind;
    this.actor = first.actor;
    this.arg = first.arg;
    return true;
  }

  cancel(): void {
    throw new Error('the reference has no cancel');
  }

  private siftDown(entry: Entry): void {
    const { entries, compare } = this;
    const length = entries.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && compare(entries[child + 1]!, entries[child]!) < 0) child += 1;
      if (compare(entry, entries[child]!) <= 0) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = entry;
  }
}
