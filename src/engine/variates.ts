/**
 * Variates from 32 random bits by + - * / and tables only.
 *
 * Math.log, Math.exp and Math.pow may differ in the last bit between versions of V8, and one bit is
 * enough to make two runs part. The four operations can't: IEEE 754 defines their results exactly.
 */

/** Cells of the table; linear interpolation in them is off by at most 2^-23 of the mean. */
const CELLS = 1024;
const CELL_BITS = 10;
/** Bits of a draw that are left for the place within a cell. */
const PLACE_BITS = 32 - CELL_BITS;

/** −ln(1 − i / 2·CELLS): the quantiles of an exponential variate up to its median. */
const QUANTILES = Float64Array.from({ length: CELLS + 1 }, (_, i) => -ln(1 - i / (2 * CELLS)));
const MEDIAN = QUANTILES[CELLS]!;

/**
 * Exponential variate with mean 1, from 0 to 23.
 *
 * The exponential distribution has no memory: with even odds the variate is below its median, and
 * otherwise a whole new variate begins there. So the leading ones of the draw count medians, and
 * the bits after the first zero pick a quantile below the next one. The tail is thus as exact as
 * the body.
 */
export function exponentialVariate(bits: number): number {
  const medians = Math.clz32(~bits);
  // Two shifts, because a shift by 32 is one by 0.
  const rest = (bits << medians) << 1;
  const cell = rest >>> PLACE_BITS;
  const place = (rest & (2 ** PLACE_BITS - 1)) / 2 ** PLACE_BITS;
  const from = QUANTILES[cell]!;
  return medians * MEDIAN + from + place * (QUANTILES[cell + 1]! - from);
}

/** Natural logarithm for 0.5 ≤ x ≤ 1, to about 1e-16: 2·artanh((x − 1) / (x + 1)) as a series. */
function ln(x: number): number {
  const z = (x - 1) / (x + 1);
  let sum = 0;
  // z² ≤ 1/9, so that terms beyond the 18th are below the last bit.
  for (let n = 35; n >= 1; n -= 2) sum = sum * z * z + 1 / n;
  return 2 * z * sum;
}
