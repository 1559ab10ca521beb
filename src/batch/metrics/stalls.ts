/**
 * Allocation stalls: the time that tasks spend in direct reclaim instead of getting their page. An
 * allocation that finds nothing tries again, with sleeps of a jiffy in between; such passes are one
 * stall.
 */
export class Stalls {
  readonly #gapMaxNs: number;
  /** By pid: when its stall began, and when its last pass ended (null: it is in one). */
  readonly #open = new Map<number, { beginNs: number; endNs: number | null }>();
  #lengthsNs: number[] = [];

  /** @param jiffyNs 1 s / CONFIG_HZ; sleeps between two passes are at most one, and rounded up. */
  constructor(jiffyNs: number) {
    this.#gapMaxNs = 2 * jiffyNs;
  }

  begin(pid: number, nowNs: number): void {
    const stall = this.#open.get(pid);
    if (stall !== undefined && (stall.endNs === null || nowNs - stall.endNs <= this.#gapMaxNs)) {
      stall.endNs = null;
      return;
    }
    if (stall !== undefined) this.#lengthsNs.push(stall.endNs! - stall.beginNs);
    this.#open.set(pid, { beginNs: nowNs, endNs: null });
  }

  end(pid: number, nowNs: number): void {
    const stall = this.#open.get(pid);
    if (stall !== undefined) stall.endNs = nowNs;
  }

  /** The task is gone: what it waited for, nobody waits for any more. */
  exit(pid: number, nowNs: number): void {
    const stall = this.#open.get(pid);
    if (stall === undefined) return;
    this.#open.delete(pid);
    this.#lengthsNs.push((stall.endNs ?? nowNs) - stall.beginNs);
  }

  /** Lengths of all stalls, ascending; those not over yet last until now. */
  finish(nowNs: number): Float64Array {
    for (const pid of [...this.#open.keys()]) this.exit(pid, nowNs);
    return Float64Array.from(this.#lengthsNs).sort();
  }
}
