/** Random choices for the generator, all from one seed. */
import { type RandomStream, RandomStreams } from '../../src/engine/random.js';

/** Sizes and times as files write them: plain, or a distribution. */
export type Amount = string | number | Readonly<Record<string, unknown>>;

const PAGE_BYTES = 4096;

export class Dice {
  readonly #random: RandomStream;

  constructor(seed: string) {
    this.#random = new RandomStreams(seed, 1).stream('generator');
  }

  /** True so many times out of a hundred. */
  percent(n: number): boolean {
    return this.#random.chance(n * 10);
  }

  /** Uniform in min … max. */
  int(min: number, max: number): number {
    return this.#random.uniform(min, Math.max(min, max));
  }

  /** In min … max: half of the time any of them, half of the time of any order of magnitude. */
  spread(min: number, max: number): number {
    if (max <= min || this.percent(50)) return this.int(min, max);
    const first = Math.max(1, min);
    const doublings = Math.max(1, 32 - Math.clz32(Math.floor(max / first)));
    const low = first * 2 ** this.int(0, doublings - 1);
    return this.int(low, Math.min(max, low * 2));
  }

  of<T>(items: readonly T[]): T {
    return this.#random.choice(items);
  }

  /** Some of the items, each with even odds, in their order. */
  some<T>(items: readonly T[]): T[] {
    return items.filter(() => this.percent(50));
  }

  /** A number of pages, in one of the ways to write it. */
  pages(min: number, max: number): string | number {
    const pages = this.spread(min, max);
    return this.percent(70) ? `${pages} pages` : pages * PAGE_BYTES;
  }

  /** A time between two numbers of microseconds. */
  time(min_us: number, max_us: number): string {
    return `${this.spread(min_us, max_us)}us`;
  }

  /** A size, or a distribution around it. */
  size(min_pages: number, max_pages: number, distributions: boolean): Amount {
    return this.#amount(() => this.pages(min_pages, max_pages), distributions);
  }

  duration(min_us: number, max_us: number, distributions: boolean): Amount {
    return this.#amount(() => this.time(min_us, max_us), distributions);
  }

  #amount(draw: () => string | number, distributions: boolean): Amount {
    if (!distributions || this.percent(60)) return draw();
    switch (this.int(0, 3)) {
      case 0:
        return { exponential: draw() };
      case 1:
        return { normal: [draw(), draw()] };
      case 2:
        return { choice: Array.from({ length: this.int(1, 3) }, draw) };
      default:
        return { constant: draw() };
    }
  }
}
