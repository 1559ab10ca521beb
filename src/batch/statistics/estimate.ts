/** The interval that fits a sample, and the comparison of two samples run by run. */
import { bcaInterval, type Resamples } from './bootstrap.js';
import { cohenDz, dominance } from './effect.js';
import type { Interval } from './interval.js';
import { isConstant } from './moments.js';
import { signFlipTest } from './sign_flip.js';
import { meanInterval } from './t_interval.js';
import { shareInterval } from './wilson.js';

/** Means of more are normal enough for t, and the bootstrap would only take longer. */
const BOOTSTRAP_MAX = 500;

/** A share of runs, of values 0 and 1. */
export function estimateShare(values: Float64Array): Interval {
  if (values.length === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN };
  return shareInterval(values.filter((value) => value === 1).length, values.length);
}

/** The mean of a sample: BCa for small samples, t for large ones. */
export function estimateMean(values: Float64Array, resamples: Resamples): Interval {
  const constant = values.length > 1 && isConstant(values);
  if (values.length > BOOTSTRAP_MAX || constant) return meanInterval(values);
  return bcaInterval(values.length, (indexes) => meanAt(values, indexes), resamples);
}

function meanAt(values: Float64Array, indexes: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < indexes.length; i++) sum += values[indexes[i]!]!;
  return sum / indexes.length;
}

/** One side of a comparison against the other, on the same runs. */
export interface Comparison {
  readonly pairs: number;
  /** Mean difference. */
  readonly difference: Interval;
  readonly dz: number;
  readonly dominance: number;
  readonly p: number;
}

/** @param differences this side less the other, run by run; null if there are too few to say */
export function comparePairs(differences: Float64Array, resamples: Resamples): Comparison | null {
  if (differences.length < 2) return null;
  return {
    pairs: differences.length,
    difference: estimateMean(differences, resamples),
    dz: cohenDz(differences),
    dominance: dominance(differences),
    p: signFlipTest(differences),
  };
}
