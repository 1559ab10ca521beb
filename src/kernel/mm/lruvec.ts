import type { MemCgroup } from './mem_cgroup.js';
import {
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_FILE,
  LRU_UNEVICTABLE,
  NR_LRU_LISTS,
  type PageSet,
} from './mm_types.js';
import { rescore_memcg } from './oom_index.js';

/**
 * The page sets that have pages on one LRU list, in the order of their turns; taking from a set sends
 * it to the back. Linked through the sets themselves, as lists are in the kernel: a set is on at most
 * one list of each kind. A set that has been emptied keeps its place in case that it is filled again,
 * unless it is dead.
 */
export class SetQueue {
  #first: PageSet | null = null;
  #last: PageSet | null = null;
  readonly #bit: number;
  /** Where a set keeps its neighbours: it is on inactive, active or unevictable lists, of one kind. */
  readonly #next: number;
  readonly #previous: number;

  constructor(lru: number) {
    this.#bit = 1 << lru;
    const place = lru === LRU_UNEVICTABLE ? 2 : lru & 1;
    this.#next = 2 * place;
    this.#previous = 2 * place + 1;
  }

  /** Does nothing if the set is queued already. */
  add(set: PageSet): void {
    if (this.has(set)) return;
    set.queued |= this.#bit;
    const last = this.#last;
    set.links[this.#previous] = last;
    set.links[this.#next] = null;
    if (last === null) this.#first = set;
    else last.links[this.#next] = set;
    this.#last = set;
  }

  has(set: PageSet): boolean {
    return (set.queued & this.#bit) !== 0;
  }

  /** Does nothing if the set is not queued. */
  delete(set: PageSet): void {
    if (!this.has(set)) return;
    set.queued &= ~this.#bit;
    const previous = set.links[this.#previous]!;
    const next = set.links[this.#next]!;
    if (previous === null) this.#first = next;
    else previous.links[this.#next] = next;
    if (next === null) this.#last = previous;
    else next.links[this.#previous] = previous;
    set.links[this.#previous] = null;
    set.links[this.#next] = null;
  }

  *[Symbol.iterator](): Iterator<PageSet> {
    for (let set = this.#first; set !== null; set = set.links[this.#next]!) yield set;
  }

  /** The set whose turn it is, or null. */
  first(): PageSet | null {
    return this.#first;
  }
}

/**
 * The LRU lists of one memcg on one node (struct lruvec). `size[lru]` is the number of pages on a
 * list; which pages they are is known by page set only, and scanning takes sets in turn.
 */
export class Lruvec {
  readonly size = [0, 0, 0, 0, 0];
  readonly queues = Array.from({ length: NR_LRU_LISTS }, (_, lru) => new SetQueue(lru));
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
  rescore_memcg(lruvec.memcg);
  lruvec.queues[lru]!.add(set);
}

/** Takes `n` pages of a set off a list. @throws Error if it has fewer. */
export function del_from_lru(lruvec: Lruvec, set: PageSet, lru: number, n: number): void {
  set.lru[lru]! -= n;
  lruvec.size[lru]! -= n;
  rescore_memcg(lruvec.memcg);
  if (set.lru[lru]! < 0 || lruvec.size[lru]! < 0) throw new Error('LRU list underflow');
  if (set.lru[lru] === 0 && set.dead) lruvec.queues[lru]!.delete(set);
}

/** A dead set leaves the lists that it has no pages on. */
export function forget_set(lruvec: Lruvec, set: PageSet): void {
  for (const [lru, queue] of lruvec.queues.entries()) if (set.lru[lru] === 0) queue.delete(set);
}
