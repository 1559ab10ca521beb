/** Bootstrap confidence intervals. */
import { RandomStreams } from '../../engine/random.js';
import { normalCdf, normalQuantile } from './distributions.js';
import { CONFIDENCE, type Interval } from './interval.js';
import { quantileOf } from './moments.js';

export const RESAMPLES = 2000;

/** A number computed from some of the items, given by their indexes; the order has no influence. */
export type Statistic = (indexes: Uint32Array) => number;

/**
 * Random samples of indexes below `count`, with replacement. Those of one size are drawn once, from a
 * stream of their own, and used for everything of that size: the same data gives the same interval,
 * and both sides of a comparison are resampled alike.
 */
export class Resamples {
  readonly #streams: RandomStreams;
  readonly #kept = new Map<number, readonly Uint32Array[]>();

  constructor(
    seed: string,
    readonly resamples = RESAMPLES,
  ) {
    this.#streams = new RandomStreams(seed, 0);
  }

  of(count: number): readonly Uint32Array[] {
    let samples = this.#kept.get(count);
    if (samples === undefined) {
      const random = this.#streams.passing(`bootstrap/${count}`);
      samples = Array.from({ length: this.resamples }, () =>
        Uint32Array.from({ length: count }, () => random.below(count)),
      );
      if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
      this.#kept.set(count, samples);
    }
    return samples;
  }
}

/** Sizes of samples that are kept: those of a batch are few. */
const KEPT_MAX = 16;

/**
 * The bias-corrected and accelerated bootstrap interval (BCa).
 *
 * Source: Efron, Better bootstrap confidence intervals, JASA 82, 1987; Efron and Tibshirani, An
 * Introduction to the Bootstrap, 1993, section 14.3. Resamples whose statistic is undefined are left
 * out.
 */
export function bcaInterval(
  count: number,
  statistic: Statistic,
  resamples: Resamples,
  confidence = CONFIDENCE,
): Interval {
  const estimate = statistic(Uint32Array.from({ length: count }, (_, index) => index));
  if (Number.isNaN(estimate) || count < 2) {
    return { mean: estimate, low: Number.NaN, high: Number.NaN };
  }
  const replicates = replicatesOf(resamples.of(count), statistic);
  let below = 0;
  for (const value of replicates) below += value < estimate ? 1 : value === estimate ? 0.5 : 0;
  const share = below / replicates.length;
  // Everything on one side: no correction can be estimated.
  const bias = share > 0 && share < 1 ? normalQuantile(share) : 0;
  const acceleration = accelerationOf(count, statistic);
  const bound = (p: number): number => {
    const z = bias + normalQuantile(p);
    const level = normalCdf(bias + z / (1 - acceleration * z));
    return quantileOf(replicates, level);
  };
  return { mean: estimate, low: bound((1 - confidence) / 2), high: bound((1 + confidence) / 2) };
}

/** The statistic of each sample, where it is defined. */
function replicatesOf(samples: readonly Uint32Array[], statistic: Statistic): Float64Array {
  const values = new Float64Array(samples.length);
  let known = 0;
  for (const indexes of samples) {
    const value = statistic(indexes);
    if (!Number.isNaN(value)) values[known++] = value;
  }
  return values.subarray(0, known);
}

/** From the jackknife: how fast the standard error changes with the estimate. */
function accelerationOf(count: number, statistic: Statistic): number {
  const without = new Float64Array(count);
  const indexes = Uint32Array.from({ length: count - 1 }, (_, index) => index + 1);
  for (let left = 0; left < count; left++) {
    if (left > 0) indexes[left - 1] = left - 1;
    without[left] = statistic(indexes);
  }
  const known = without.filter((value) => !Number.isNaN(value));
  const middle = known.reduce((sum, value) => sum + value, 0) / known.length;
  let cubes = 0;
  let squares = 0;
  for (const value of known) {
    cubes += (middle - value) ** 3;
    squares += (middle - value) ** 2;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}
