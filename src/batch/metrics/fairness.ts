/**
 * Jain's index of a division among n parties: 1 if all have the same, 1/n if one has all.
 *
 * Source: Jain, Chiu, Hawe, A quantitative measure of fairness and discrimination for resource
 * allocation in shared computer systems, DEC-TR-301, 1984.
 * @returns NaN if there is nobody or nothing to divide
 */
export function jainIndex(shares: readonly number[]): number {
  let sum = 0;
  let squares = 0;
  for (const share of shares) {
    sum += share;
    squares += share * share;
  }
  return squares === 0 ? Number.NaN : (sum * sum) / (shares.length * squares);
}

/** The value below which a share `p` of sorted values lies: nearest rank. NaN if there is none. */
export function nearestRank(sorted: Float64Array, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
}
