/** OOM episodes: from the first selection of a victim until no victim's memory is awaited any more. */

interface Victim {
  readonly pid: number;
  /** The memcg that was out of memory; '' for the machine. */
  readonly memcg: string;
  readonly pages: number;
  readonly killNs: number;
}

/** What is free in a memcg below its limit, or with '' in the machine above its watermarks. Pages. */
export type Headroom = (memcg: string) => number;

export class Episodes {
  /** Sum of the episodes' lengths. */
  lengthNs = 0;
  collateral = 0;
  /** From SIGKILL to free memory. */
  readonly reapedNs: number[] = [];
  #beginNs: number | null = null;
  #selectedNs: number | null = null;
  #victims: Victim[] = [];
  readonly #awaited = new Map<number, Victim>();
  readonly #headroom: Headroom;

  constructor(headroom: Headroom) {
    this.#headroom = headroom;
  }

  /** Somebody is about to be killed. */
  select(nowNs: number): void {
    if (this.#beginNs === null) this.#selectedNs ??= nowNs;
  }

  kill(victim: Victim): void {
    this.#beginNs ??= this.#selectedNs ?? victim.killNs;
    this.#selectedNs = null;
    this.#victims.push(victim);
    this.#awaited.set(victim.pid, victim);
  }

  /** The memory of a process is free, by the reaper or by its exit. */
  freed(pid: number, nowNs: number): void {
    const victim = this.#awaited.get(pid);
    if (victim === undefined) return;
    this.#awaited.delete(pid);
    this.reapedNs.push(nowNs - victim.killNs);
    if (this.#awaited.size === 0) this.#end(nowNs);
  }

  /** The run is over; victims that are still in flight have waited until now. */
  finish(nowNs: number): void {
    for (const pid of [...this.#awaited.keys()]) this.freed(pid, nowNs);
  }

  #end(nowNs: number): void {
    this.lengthNs += nowNs - this.#beginNs!;
    this.#beginNs = null;
    const victims = this.#victims;
    this.#victims = [];
    if (victims.length === 1) return;
    for (const memcg of new Set(victims.map((victim) => victim.memcg))) {
      const pages = victims
        .filter((victim) => victim.memcg === memcg)
        .map((victim) => victim.pages);
      this.collateral += unneeded(pages, this.#headroom(memcg));
    }
  }
}

/**
 * How many of the last victims could have been left alone: together they had no more than what is
 * free now. The first one was needed.
 */
export function unneeded(pages: readonly number[], headroomPages: number): number {
  let left = headroomPages;
  let count = 0;
  for (const size of pages.slice(1).reverse()) {
    left -= size;
    if (left < 0) break;
    count++;
  }
  return count;
}
