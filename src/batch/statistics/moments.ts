/** Sums and orders of samples, in one defined order of additions. */

/** NaN of nothing. */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** With n − 1 in the denominator; NaN of fewer than two. */
export function standardDeviation(values: Float64Array): number {
  const middle = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - middle) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** Linear interpolation between order statistics (R's type 7); NaN of nothing. */
export function quantileSorted(sorted: Float64Array, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

export function median(values: Float64Array): number {
  return quantileSorted(values.toSorted(), 0.5);
}

/** Whether all are the same. True of nothing. */
export function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}
