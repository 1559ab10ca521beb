/**
 * Unmapping in batches (mm/memory.c: tlb_gather_mmu and friends). Page-table entries are cleared
 * first, a page table between two preemption points; the pages are gathered, up to ten thousand, and
 * then uncharged and freed, which takes most of the time. Until then they are lost to the process but
 * not yet free.
 */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { cond_resched, spend } from '../sched/core.js';
import type { Task } from '../sched/task.js';
import type { Mapping, PageSet } from './mm_types.js';
import { flush_pages, unmap_pages } from './rmap.js';

/** MAX_GATHER_BATCH_COUNT batches of MAX_GATHER_BATCH pages, in whole page tables. */
const GATHER_PAGES = 19 * 512;
/** One page table's worth: what is done between two chances to be preempted. */
const PMD_PAGES = 512;
/** Part of the time for a page that goes into clearing its entry (docs/costs.md). */
const UNMAP_SHARE = 1 / 4;

/** Pages that were unmapped and wait to be freed (struct mmu_gather). */
export class MmuGather {
  readonly #batches: { set: PageSet; pages: number }[] = [];
  #gathered = 0;
  /** Entries cleared so far. */
  cleared = 0;

  /** @param page_ns CPU time to unmap and free one page */
  constructor(
    private readonly k: Kernel,
    private readonly t: Task,
    private readonly page_ns: number,
  ) {}

  /** Clears all entries of a mapping. */
  *unmap(mapping: Mapping): Flow {
    while (mapping.present + mapping.swapped > 0) {
      const { cleared, gathered } = unmap_pages(this.k, mapping, PMD_PAGES);
      this.cleared += cleared;
      if (gathered > 0) this.#batches.push({ set: mapping.set, pages: gathered });
      this.#gathered += gathered;
      yield spend(this.t, cleared * this.page_ns * UNMAP_SHARE);
      if (this.#gathered >= this.#limit()) yield* this.flush();
    }
  }

  /** Frees what was gathered (tlb_finish_mmu). */
  *flush(): Flow {
    const { k, t } = this;
    for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift()) {
      this.#gathered -= batch.pages;
      // Nobody else gets this CPU before the pages are free, or, up to 5.17, all of them are.
      t.no_resched = true;
      yield spend(t, batch.pages * this.page_ns * (1 - UNMAP_SHARE));
      flush_pages(k, batch.set, batch.pages);
      if (!k.profile.mmu_gather_resched) continue;
      t.no_resched = false;
      yield cond_resched(t);
    }
    t.no_resched = false;
  }

  /** A gather takes pages itself, without waiting: where there are none it is flushed early. */
  #limit(): number {
    const zones = this.k.zonelists[0]!;
    return zones.some((zone) => zone.free > zone.min / 2) ? GATHER_PAGES : PMD_PAGES;
  }
}
