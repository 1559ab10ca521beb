/** Whether paired differences are as they would be if both sides were the same. */
import { mean } from './moments.js';
import { pairedTTest } from './t_interval.js';

/** Up to so many pairs that differ, the p-value is exact. */
export const EXACT_MAX = 30;
/** Sums that differ by rounding only are the same. */
const TOLERANCE = 1e-9;

/**
 * Two-sided p-value of the sign-flip test, also known as Fisher's randomisation test of paired data:
 * if there is no difference, each difference might as well have the other sign; p is the share of all
 * 2^n ways to choose the signs whose sum is at least as far from 0.
 *
 * Source: Fisher, The Design of Experiments, 1935, section 21. Assumes nothing of the distribution;
 * with differences of −1, 0, 1 it is McNemar's exact test. Above EXACT_MAX pairs: the t test, but
 * never less than the smallest p-value that this test can have.
 */
export function signFlipTest(differences: Float64Array): number {
  const sizes = differences.filter((d) => d !== 0).map(Math.abs);
  const n = sizes.length;
  if (n === 0) return 1;
  if (n > EXACT_MAX) return Math.max(pairedTTest(differences), 2 ** (1 - n));
  const total = Math.abs(mean(differences) * differences.length);
  return shareAtLeast(sizes, total * (1 - TOLERANCE));
}

/** The fewest pairs with which the p-value can be below a level: all differ, and to the same side. */
export function fewestPairs(level: number): number {
  let n = 1;
  while (2 ** (1 - n) >= level) n++;
  return n;
}

/**
 * The share of all sums ±a ± b … that are at least `limit` away from 0. Meets in the middle: the sums
 * of either half are sorted, and two fingers run along them.
 */
function shareAtLeast(sizes: Float64Array, limit: number): number {
  const half = sizes.length >> 1;
  const left = signedSums(sizes.subarray(0, half));
  const right = signedSums(sizes.subarray(half));
  let pairs = 0;
  let finger = right.length;
  for (let i = 0; i < left.length; i++) {
    const sum = left[i]!;
    while (finger > 0 && sum + right[finger - 1]! >= limit) finger--;
    pairs += right.length - finger;
  }
  // The other side is the mirror image; a limit of 0 would count what lies on it twice.
  return Math.min(1, (2 * pairs) / (left.length * right.length));
}

/**
 * All 2^n sums with either sign, ascending. With each size, the sums less it and the sums plus it are
 * two ascending lists; they are merged, as sorting them again would take ten times as long.
 */
function signedSums(sizes: Float64Array): Float64Array {
  let sums = Float64Array.of(0);
  for (const size of sizes) {
    const next = new Float64Array(sums.length * 2);
    let less = 0;
    let more = 0;
    for (let i = 0; i < next.length; i++) {
      const isLess = less < sums.length && sums[less]! - size <= sums[more]! + size;
      next[i] = isLess ? sums[less++]! - size : sums[more++]! + size;
    }
    sums = next;
  }
  return sums;
}
