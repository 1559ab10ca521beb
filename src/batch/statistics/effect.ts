/** How large a difference is, apart from whether it is there. */
import { mean, standardDeviation } from './moments.js';

/**
 * Cohen's d_z: the mean of paired differences in their standard deviations. About 0.2 is small, 0.5
 * medium, 0.8 large. NaN where all differences are the same: then it has no scale.
 * Source: Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed. 1988, section 2.3.5.
 */
export function cohenDz(differences: Float64Array): number {
  const sd = standardDeviation(differences);
  return sd > 0 ? mean(differences) / sd : Number.NaN;
}

/**
 * Dominance: the share of pairs in which the difference is above 0, less the share in which it is
 * below. ±1: always the same way.
 * Source: Cliff, Dominance statistics, Psychological Bulletin 114, 1993 (within pairs: d_w).
 */
export function dominance(differences: Float64Array): number {
  let balance = 0;
  for (const difference of differences) balance += Math.sign(difference);
  return balance / differences.length;
}
