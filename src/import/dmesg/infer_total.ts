/** Which totalpages give a printed score, where the report does not print the total itself. */

/** What the score is made of, in pages: `base + perUnit × floor(total / 1000)`. */
export interface ScoredSum {
  readonly base: number;
  /** oom_score_adj, less what root is spared. */
  readonly perUnit: number;
}

/** Totals that fit. */
export interface FittingTotals {
  readonly low: number;
  readonly high: number;
  /** The one taken: people set limits to round numbers. */
  readonly pages: number;
  /** How round that is: powers of two in it, as a share of all it could have. */
  readonly roundness: number;
}

/** 4 TiB in pages of 4 KiB, in thousands: what is larger is not looked at. */
const UNITS_MAX = 1 << 20;

/**
 * All totals from `min` to `max` for which `floor(sum × 1000 / total)` is `printed`. The sum counts
 * whole thousands of the total only, so each thousand is looked at by itself.
 *
 * @param offset what a round number is to be added to, e.g. a limit that is known
 */
export function totalsThatScore(
  printed: number,
  { base, perUnit }: ScoredSum,
  { min, max, offset }: { readonly min: number; readonly max: number; readonly offset: number },
): FittingTotals | null {
  const [first, last] = unitsThatScore(printed, base, perUnit);
  let found = null as FittingTotals | null;
  const end = Math.min(last, Math.floor(max / 1000));
  for (let unit = Math.max(first, Math.floor(min / 1000)); unit <= end; unit++) {
    const sum = Math.max(1, base + perUnit * unit);
    const low = Math.max(unit * 1000, min, Math.floor((sum * 1000) / (printed + 1)) + 1);
    const most = printed === 0 ? max : Math.floor((sum * 1000) / printed);
    const high = Math.min(unit * 1000 + 999, max, most);
    if (low > high) continue;
    const pages = roundest(low - offset, high - offset) + offset;
    const roundness = twos(pages - offset) / Math.max(1, Math.log2(pages));
    if (found === null) found = { low, high, pages, roundness };
    else if (roundness > found.roundness) found = { low: found.low, high, pages, roundness };
    else found = { ...found, high };
  }
  return found;
}

/** Between which thousands the total must lie: solved for the remainder's worst cases. */
function unitsThatScore(printed: number, base: number, perUnit: number): [number, number] {
  const above = printed + 1 - perUnit;
  const first = above > 0 ? Math.max(0, Math.floor((base - printed - 1) / above)) : 0;
  // No upper bound: twice the least that fits is as good as any.
  const unbounded = Math.min(UNITS_MAX, 2 * first + 1000);
  if (printed > perUnit)
    return [first, Math.min(UNITS_MAX, Math.floor(base / (printed - perUnit)))];
  if (above >= 0) return [first, unbounded];
  return [first, Math.min(UNITS_MAX, Math.ceil((printed + 1 - base) / -above))];
}

/** The multiple of the highest power of two within the bounds. */
function roundest(low: number, high: number): number {
  for (let unit = 2 ** 40; unit > 1; unit /= 2) {
    const multiple = Math.floor(high / unit) * unit;
    if (multiple >= low) return multiple;
  }
  return high;
}

function twos(value: number): number {
  let power = 0;
  for (let rest = value; rest > 0 && rest % 2 === 0; rest /= 2) power++;
  return power;
}
