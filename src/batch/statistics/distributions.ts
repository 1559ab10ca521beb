/** Distribution functions, from jStat. */
import jstat from 'jstat';

const { normal, studentt } = jstat.jStat;

/** P(Z ≤ z) of the standard normal distribution. */
export const normalCdf = (z: number): number => normal.cdf(z, 0, 1);

/** The z with P(Z ≤ z) = p. */
export const normalQuantile = (p: number): number => normal.inv(p, 0, 1);

/** P(T ≤ t) of Student's t distribution. */
export const studentCdf = (t: number, degrees: number): number => studentt.cdf(t, degrees);

/** The t with P(T ≤ t) = p. */
export const studentQuantile = (p: number, degrees: number): number => studentt.inv(p, degrees);
