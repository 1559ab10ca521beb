/**
 * Named random streams: every consumer draws from its own, so that adding or removing one doesn't
 * shift the draws of the others, and two policies can be compared on the same draws.
 *
 * The seed says which world it is, the run number which repetition in it. The generator is
 * seedrandom's tychei, the fastest of those that give independent streams for similar names.
 */
import seedrandom from 'seedrandom';
import { exponentialVariate } from './variates.js';

const UINT32_RANGE = 2 ** 32;

/** Counts the draws of all streams of one run. */
interface DrawCount {
  draws: number;
}

/** One sequence of random numbers. All results are integers. */
export class RandomStream {
  /** Made at the first draw: many a process never draws, and a generator takes half a kilobyte. */
  private next: (() => number) | null = null;

  /** For RandomStreams; a stream made here twice would repeat its draws. */
  constructor(
    private key: string,
    private readonly count: DrawCount,
  ) {}

  /** Uniform in −2^31 … 2^31 − 1. */
  int32(): number {
    this.count.draws += 1;
    if (this.next === null) {
      this.next = seedrandom.tychei(this.key).int32;
      this.key = ''; // has done its work
    }
    return this.next();
  }

  /**
   * Uniform in 0 … n − 1, without bias: numbers of as many bits as n − 1 has are drawn until one
   * fits.
   * @throws RangeError unless n is an integer from 1 to 2^53 − 1
   */
  below(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new RangeError(`no integer is below ${n}`);
    }
    if (n === 1) return 0;
    if (n > UINT32_RANGE) return this.belowLarge(n);
    const mask = -1 >>> Math.clz32(n - 1);
    for (;;) {
      const value = (this.int32() & mask) >>> 0;
      if (value < n) return value;
    }
  }

  /**
   * Uniform in min … max, both included.
   * @throws RangeError unless both are safe integers, min ≤ max and max − min is below 2^53 − 1
   */
  uniform(min: number, max: number): number {
    if (!Number.isSafeInteger(min) || max < min) {
      throw new RangeError(`no integer is in ${min} … ${max}`);
    }
    return min + this.below(max - min + 1);
  }

  /** Exponential with the given mean, rounded; up to 23 times the mean. */
  exponential(mean: number): number {
    return Math.round(mean * exponentialVariate(this.int32()));
  }

  /**
   * Normal, rounded, and cut off at 0, because it stands for sizes and times.
   *
   * The sum of twelve uniform variates has the variance 1 and is near enough to normal: its density
   * is within 2 % out to two standard deviations, and it ends at six.
   */
  normal(mean: number, standardDeviation: number): number {
    let sum = 0;
    for (let i = 0; i < 6; i++) {
      const bits = this.int32();
      sum += (bits & 0xffff) + (bits >>> 16);
    }
    // Each of the twelve is in 0 … 65535, and their middle is 32767.5.
    const deviations = (sum - 12 * 32767.5) / 65536;
    return Math.max(0, Math.round(mean + standardDeviation * deviations));
  }

  /**
   * One of the items, all equally likely.
   * @throws RangeError if there are none
   */
  choice<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** True `permille` times out of 1000. */
  chance(permille: number): boolean {
    return this.below(1000) < permille;
  }

  private belowLarge(n: number): number {
    const mask = -1 >>> Math.clz32((n - 1) / UINT32_RANGE);
    for (;;) {
      const high = this.int32() & mask;
      const value = high * UINT32_RANGE + (this.int32() >>> 0);
      if (value < n) return value;
    }
  }
}

/** A stream that also counts its own draws. */
class TalliedStream extends RandomStream {
  constructor(
    key: string,
    count: DrawCount,
    private readonly name: string,
    private readonly tally: Map<string, number>,
  ) {
    super(key, count);
  }

  override int32(): number {
    this.tally.set(this.name, (this.tally.get(this.name) ?? 0) + 1);
    return super.int32();
  }
}

/** All streams of one run. */
export class RandomStreams {
  private readonly count: DrawCount = { draws: 0 };
  private readonly streams = new Map<string, RandomStream>();

  /**
   * @param seed - any text; "1" and "01" are different seeds
   * @param run - number of the repetition
   * @param tally - where to count the draws of each stream by its name; slower
   */
  constructor(
    readonly seed: string,
    readonly run: number,
    private readonly tally: Map<string, number> | null = null,
  ) {}

  /** Number of draws so far, over all streams. */
  get draws(): number {
    return this.count.draws;
  }

  /** The stream of that name: the same object every time. */
  stream(name: string): RandomStream {
    let stream = this.streams.get(name);
    if (stream === undefined) {
      stream = this.passing(name);
      this.streams.set(name, stream);
    }
    return stream;
  }

  /**
   * A stream for somebody who comes and goes: it is not kept. The name must never be used again, or
   * the draws are repeated.
   */
  passing(name: string): RandomStream {
    const key = `${this.seed}/${this.run}/${name}`;
    if (this.tally === null) return new RandomStream(key, this.count);
    return new TalliedStream(key, this.count, name, this.tally);
  }
}
