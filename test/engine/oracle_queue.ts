import type { EventQueue } from '../../src/engine/queue.js';

interface Entry {
  handle: number;
  timeNs: number;
  kind: number;
  actor: number;
  arg: number;
}

/** The order in its plainest form: an array in order of arrival, searched for the first minimum. */
export class OracleQueue implements EventQueue {
  timeNs = 0;
  kind = 0;
  actor = 0;
  arg = 0;
  private entries: Entry[] = [];
  private handles = 0;

  get size(): number {
    return this.entries.length;
  }

  push(timeNs: number, kind: number, actor: number, arg: number): number {
    this.handles += 1;
    this.entries.push({ handle: this.handles, timeNs, kind, actor, arg });
    return this.handles;
  }

  peekTimeNs(): number {
    return Math.min(...this.entries.map((entry) => entry.timeNs));
  }

  pop(untilNs = Number.POSITIVE_INFINITY): boolean {
    const timeNs = this.peekTimeNs();
    const at = this.entries.findIndex((entry) => entry.timeNs === timeNs);
    if (at < 0 || timeNs > untilNs) return false;
    const { kind, actor, arg } = this.entries[at]!;
    Object.assign(this, { timeNs, kind, actor, arg });
    this.entries.splice(at, 1);
    return true;
  }

  cancel(handle: number): void {
    const at = this.entries.findIndex((entry) => entry.handle === handle);
    if (at < 0) throw new RangeError(`no pending event has the handle ${handle}`);
    this.entries.splice(at, 1);
  }
}
