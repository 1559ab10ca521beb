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

/** The same of values in any order, which it changes; sorting them would take several times as long. */
export function quantileOf(values: Float64Array, p: number): number {
  const position = p * (values.length - 1);
  const below = Math.floor(position);
  if (!(below >= 0)) return Number.NaN;
  const low = select(values, below);
  const high = below + 1 < values.length ? smallest(values, below + 1) : low;
  return low + (high - low) * (position - below);
}

/** Puts the value where it would be if they were sorted: no larger one before it, no smaller behind. */
function select(values: Float64Array, at: number): number {
  let first = 0;
  let last = values.length - 1;
  while (first < last) {
    const pivot = values[(first + last) >> 1]!;
    let up = first;
    let down = last;
    while (up <= down) {
      while (values[up]! < pivot) up++;
      while (values[down]! > pivot) down--;
      if (up > down) break;
      const value = values[up]!;
      values[up++] = values[down]!;
      values[down--] = value;
    }
    if (at <= down) last = down;
    else if (at >= up) first = up;
    else break; // it is one of those that equal the pivot
  }
  return values[at]!;
}

function smallest(values: Float64Array, from: number): number {
  let least = values[from]!;
  for (let i = from + 1; i < values.length; i++) if (values[i]! < least) least = values[i]!;
  return least;
}

export function median(values: Float64Array): number {
  return quantileSorted(values.toSorted(), 0.5);
}

/** Whether all are the same. True of nothing. */
export function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}
