/** Hierarchical page counter (mm/page_counter.c). All numbers are pages. */
export class PageCounter {
  usage = 0;
  max = Number.POSITIVE_INFINITY;
  failcnt = 0;
  watermark = 0;

  constructor(readonly parent: PageCounter | null) {}
}

/** Adds `n` to the counter and all its ancestors, limits or not. */
export function page_counter_charge(counter: PageCounter, n: number): void {
  for (let c: PageCounter | null = counter; c !== null; c = c.parent) {
    c.usage += n;
    if (c.usage > c.watermark) c.watermark = c.usage;
  }
}

/**
 * Charges `n` at every level or, where a level's limit would be exceeded, nowhere. Returns the level
 * that refused, or null on success.
 */
export function page_counter_try_charge(counter: PageCounter, n: number): PageCounter | null {
  for (let c: PageCounter | null = counter; c !== null; c = c.parent) {
    if (c.usage + n > c.max) {
      c.failcnt++;
      return c;
    }
  }
  page_counter_charge(counter, n);
  return null;
}

/** @throws Error if a level would go below zero: a page was uncharged twice. */
export function page_counter_uncharge(counter: PageCounter, n: number): void {
  for (let c: PageCounter | null = counter; c !== null; c = c.parent) {
    c.usage -= n;
    if (c.usage < 0) throw new Error('page_counter underflow: a page was uncharged twice');
  }
}
