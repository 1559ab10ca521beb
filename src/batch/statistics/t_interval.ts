import { studentCdf, studentQuantile } from './distributions.js';
import { CONFIDENCE, type Interval } from './interval.js';
import { mean, standardDeviation } from './moments.js';

/**
 * The confidence interval of a mean by Student's t distribution: exact for normal values, good for
 * means of many.
 * Source: Student, The probable error of a mean, Biometrika 6, 1908.
 */
export function meanInterval(values: Float64Array, confidence = CONFIDENCE): Interval {
  const middle = mean(values);
  if (values.length < 2) return { mean: middle, low: Number.NaN, high: Number.NaN };
  const error = standardDeviation(values) / Math.sqrt(values.length);
  const half = error === 0 ? 0 : error * studentQuantile((1 + confidence) / 2, values.length - 1);
  return { mean: middle, low: middle - half, high: middle + half };
}

/** Two-sided p-value of the paired t test: is the mean of the differences 0? */
export function pairedTTest(differences: Float64Array): number {
  const n = differences.length;
  const middle = mean(differences);
  const error = standardDeviation(differences) / Math.sqrt(n);
  if (error === 0) return middle === 0 ? 1 : 0;
  return 2 * studentCdf(-Math.abs(middle / error), n - 1);
}
