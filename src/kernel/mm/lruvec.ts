import type { MemCgroup } from './mem_cgroup.js';
import { LRU_ACTIVE_FILE, LRU_INACTIVE_FILE, NR_LRU_LISTS, type PageSet } from './mm_types.js';

/** FIFO of the page sets that have pages on one LRU list; taking from a set sends it to the back. */
export class SetQueue {
  #items: PageSet[] = [];
  #head = 0;
  readonly #members = new Set<PageSet>();

  /** Does nothing if the set is queued already. */
  add(set: PageSet): void {
    if (this.#members.has(set)) return;
    this.#members.add(set);
    this.#items.push(set);
  }

  has(set: PageSet): boolean {
    return this.#members.has(set);
  }

  [Symbol.iterator](): Iterator<PageSet> {
    return this.#members.values();
  }

  /** The set whose turn it is, or null. */
  first(): PageSet | null {
    return this.#items[this.#head] ?? null;
  }

  /** Takes the first set out; the caller adds it again if it still has pages. */
  shift(): void {
    const set = this.#items[this.#head];
    if (set === undefined) return;
    this.#members.delete(set);
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

/**
 * The LRU lists of one memcg on one node (struct lruvec). `size[lru]` is the number of pages on a
 * list; which pages they are is known by page set only, and scanning takes sets in turn.
 */
export class Lruvec {
  readonly size = [0, 0, 0, 0, 0];
  readonly queues = Array.from({ length: NR_LRU_LISTS }, () => new SetQueue());
  /** struct zone_reclaim_stat, [anon, file]; from 5.8 the anon_cost and file_cost. */
  readonly recent_scanned = [0, 0];
  readonly recent_rotated = [0, 0];
  anon_cost = 0;
  file_cost = 0;
  /** Workingset activations, and their number at the last reclaim (inactive_list_is_low). */
  activations = 0;
  refaults = 0;

  constructor(
    readonly memcg: MemCgroup,
    readonly node: number,
  ) {}

  get file_pages(): number {
    return this.size[LRU_INACTIVE_FILE]! + this.size[LRU_ACTIVE_FILE]!;
  }
}

/** Puts `n` more pages of a set on a list. */
export function add_to_lru(lruvec: Lruvec, set: PageSet, lru: number, n: number): void {
  if (n === 0) return;
  set.lru[lru]! += n;
  lruvec.size[lru]! += n;
  lruvec.queues[lru]!.add(set);
}

/** Takes `n` pages of a set off a list. @throws Error if it has fewer. */
export function del_from_lru(lruvec: Lruvec, set: PageSet, lru: number, n: number): void {
  set.lru[lru]! -= n;
  lruvec.size[lru]! -= n;
  if (set.lru[lru]! < 0 || lruvec.size[lru]! < 0) throw new Error('LRU list underflow');
}
