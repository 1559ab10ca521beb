/** Runs that are not like the others of their cell. */
import type { Metric } from '../metrics/definitions.js';
import type { Cell } from '../plan/types.js';
import { median } from '../statistics/moments.js';
import type { CellSamples } from './samples.js';

/** A run worth replaying. */
export interface Surprise {
  readonly cell: Cell;
  readonly run: number;
  readonly why: string;
  /** How far it is from the others: the most surprising come first. */
  readonly score: number;
}

/** More than this many deviations from the median is an outlier: Iglewicz and Hoaglin, 1993. */
export const OUTLIER = 3.5;
/** Makes the median absolute deviation comparable with a standard deviation of normal values. */
const CONSISTENCY = 0.6745;
/** A result that fewer than this share of a cell's runs have is an exception. */
const RARE = 0.1;
const KEPT_MAX = 20;

export class SurpriseFinder {
  readonly #metrics: readonly Metric[];
  #found: Surprise[] = [];

  constructor(metrics: readonly Metric[]) {
    this.#metrics = metrics.filter(({ definition }) => !definition.pooled);
  }

  look(samples: CellSamples, columnAt: (id: string) => number): void {
    for (const metric of this.#metrics) {
      const values = samples.column(columnAt(metric.id));
      const odd = mostExceptional(values);
      if (odd === null) continue;
      const { cell, runs } = samples;
      const run = runs[odd.index]!;
      this.#found.push({ cell, run, why: `${metric.id} ${odd.why}`, score: odd.score });
    }
    this.#found = this.all();
  }

  /** The most surprising, one a run. */
  all(): Surprise[] {
    const seen = new Set<string>();
    return this.#found
      .toSorted((a, b) => b.score - a.score || a.cell.index - b.cell.index || a.run - b.run)
      .filter(({ cell, run }) => {
        const key = `${cell.index}.${run}`;
        return !seen.has(key) && seen.add(key);
      })
      .slice(0, KEPT_MAX);
  }
}

interface Exception {
  readonly index: number;
  readonly why: string;
  readonly score: number;
}

/** The value that is farthest out, if it is an outlier; or the rare one of two. */
export function mostExceptional(values: Float64Array): Exception | null {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length < 10) return null;
  const middle = median(known);
  const spread = median(known.map((value) => Math.abs(value - middle)));
  if (spread > 0) {
    let worst = values.findIndex((value) => !Number.isNaN(value));
    for (const [index, value] of values.entries()) {
      if (Math.abs(value - middle) > Math.abs(values[worst]! - middle)) worst = index;
    }
    const score = (CONSISTENCY * Math.abs(values[worst]! - middle)) / spread;
    if (score <= OUTLIER) return null;
    const why = `is ${short(values[worst]!)}, the median of its cell ${short(middle)}`;
    return { index: worst, why, score };
  }
  const others = known.filter((value) => value !== middle).length;
  if (others === 0 || others > RARE * known.length) return null;
  const index = values.findIndex((value) => !Number.isNaN(value) && value !== middle);
  const why = `is ${short(values[index]!)}, in ${known.length - others} of ${known.length} runs ${short(middle)}`;
  return { index, why, score: OUTLIER + known.length / others };
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
