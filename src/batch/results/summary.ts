/** What the runs of each cell come to, and which differences between cells are there. */

import { METRICS, type Metric, metricOf, USUAL_METRICS } from '../metrics/definitions.js';
import { jainIndex } from '../metrics/fairness.js';
import type { Block, Cell, Plan } from '../plan/types.js';
import { bcaInterval, Resamples, type Statistic } from '../statistics/bootstrap.js';
import {
  type Comparison,
  comparePairs,
  estimateMean,
  estimateShare,
} from '../statistics/estimate.js';
import { holm } from '../statistics/holm.js';
import type { Interval } from '../statistics/interval.js';
import { quantileSorted, standardDeviation } from '../statistics/moments.js';
import { fewestPairs } from '../statistics/sign_flip.js';
import { blockSamples, type CellSamples } from './samples.js';
import type { ResultStore, RunRow } from './store.js';
import { type Surprise, SurpriseFinder } from './surprises.js';

/** Below this, an adjusted p-value counts as a finding. */
export const LEVEL = 0.05;

export type Verdict = 'higher' | 'lower' | 'not significant' | 'no difference' | 'not tested';

export interface Compared extends Comparison {
  /** Adjusted for all tests of the experiment; NaN where the metric is not tested. */
  pHolm: number;
  verdict: Verdict;
}

/** One metric of one cell. */
export interface Estimate {
  readonly cell: Cell;
  readonly metric: string;
  /** Runs in which the metric has a value. */
  readonly n: number;
  readonly interval: Interval;
  readonly sd: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** With the cell of the same block that is the baseline; null for that cell itself. */
  readonly compared: Compared | null;
}

export interface Summary {
  readonly plan: Plan;
  /** Shown and tested metrics. */
  readonly metrics: readonly Metric[];
  /** By cell index: metric id to estimate. */
  readonly estimates: readonly ReadonlyMap<string, Estimate>[];
  /** Tests that p-values are adjusted for. */
  readonly tests: number;
  /** Runs a cell that it takes for any difference to be significant; null if there are as many. */
  readonly runsNeeded: number | null;
  readonly runs: number;
  readonly panics: number;
  readonly failed: readonly RunRow[];
  readonly surprises: readonly Surprise[];
}

/** The metrics that a plan shows and tests. */
export function shownMetrics(plan: Plan): Metric[] {
  const { metrics, crossover } = plan.experiment;
  const ids = [...(metrics ?? USUAL_METRICS)];
  if (crossover !== null && !ids.includes(crossover.metric)) ids.unshift(crossover.metric);
  return ids.map((id) => metricOf(id)!);
}

/** Reads the sorted runs.csv once. */
export function summarise(
  plan: Plan,
  store: ResultStore,
  targetOf: (cell: number) => number,
): Summary {
  const metrics = shownMetrics(plan);
  const summariser = new Summariser(plan, store.columns.values, metrics);
  for (const { block, cells } of blockSamples(plan, store, targetOf)) summariser.add(block, cells);
  return summariser.finish();
}

class Summariser {
  readonly #plan: Plan;
  readonly #columns: readonly string[];
  readonly #metrics: readonly Metric[];
  readonly #resamples: Resamples;
  readonly #estimates: Map<string, Estimate>[] = [];
  readonly #tested: Compared[] = [];
  readonly #failed: RunRow[] = [];
  readonly #surprises: SurpriseFinder;
  #runs = 0;
  #panics = 0;

  constructor(plan: Plan, columns: readonly string[], metrics: readonly Metric[]) {
    this.#plan = plan;
    this.#columns = columns;
    this.#metrics = metrics;
    this.#resamples = new Resamples(plan.experiment.seed);
    this.#surprises = new SurpriseFinder(metrics);
  }

  add(_block: Block, cells: readonly CellSamples[]): void {
    const baseline = cells.find(({ cell }) => this.#isBaseline(cell)) ?? null;
    for (const samples of cells) {
      this.#runs += samples.runs.length;
      this.#failed.push(...samples.failed);
      this.#panics += samples.column(this.#columns.indexOf('panic')).reduce((a, b) => a + b, 0);
      const other = samples === baseline ? null : baseline;
      const estimates = new Map<string, Estimate>();
      for (const [at, id] of this.#columns.entries()) {
        estimates.set(id, this.#estimate(samples, other, at, id));
      }
      for (const estimate of this.#pooled(samples)) estimates.set(estimate.metric, estimate);
      this.#estimates[samples.cell.index] = estimates;
      this.#surprises.look(samples, (id) => this.#columns.indexOf(id));
    }
  }

  #isBaseline({ levels }: Cell): boolean {
    const { compare, factors } = this.#plan.experiment;
    if (compare === null) return false;
    const at = factors.findIndex(({ name }) => name === compare.factor);
    return levels[at]!.label === compare.to;
  }

  #estimate(samples: CellSamples, other: CellSamples | null, at: number, id: string): Estimate {
    const values = samples.column(at);
    const known = values.filter((value) => !Number.isNaN(value));
    const sorted = known.toSorted();
    return {
      cell: samples.cell,
      metric: id,
      n: known.length,
      interval: metricOf(id)!.definition.indicator
        ? estimateShare(known)
        : estimateMean(known, this.#resamples),
      sd: standardDeviation(known),
      median: quantileSorted(sorted, 0.5),
      min: sorted[0] ?? Number.NaN,
      max: sorted.at(-1) ?? Number.NaN,
      compared: other === null ? null : this.#compare(samples, other, values, other.column(at), id),
    };
  }

  #compare(
    samples: CellSamples,
    other: CellSamples,
    values: Float64Array,
    against: Float64Array,
    id: string,
  ): Compared | null {
    const isTested = this.#metrics.some((metric) => metric.id === id);
    if (!isTested) return null;
    const byRun = new Map(other.runs.map((run, index) => [run, against[index]!]));
    const differences = values
      .map((value, index) => value - (byRun.get(samples.runs[index]!) ?? Number.NaN))
      .filter((difference) => !Number.isNaN(difference));
    const comparison = comparePairs(differences, this.#resamples);
    if (comparison === null) return null;
    const isSame = differences.every((difference) => difference === 0);
    const compared: Compared = {
      ...comparison,
      pHolm: Number.NaN,
      verdict: isSame ? 'no difference' : 'not tested',
    };
    if (!isSame) this.#tested.push(compared);
    return compared;
  }

  /** Metrics of the whole cell: all its runs as one. */
  *#pooled(samples: CellSamples): Generator<Estimate> {
    const names = samples.cell.workload.containers.map(({ name }) => name);
    const sums = (id: string) =>
      names.map((name) => grouped(samples.column(this.#columns.indexOf(`${id}[${name}]`))));
    const killed = sums('killed');
    const expected = sums('expected');
    const burdens: Statistic[] = names.map((_, index) => (indexes) => {
      return sumAt(killed[index]!, indexes) / sumAt(expected[index]!, indexes);
    });
    const jain: Statistic = (indexes) =>
      jainIndex(burdens.map((burden) => burden(indexes)).filter((x) => !Number.isNaN(x)));
    const statistics = new Map<string, Statistic>([
      ['jain', jain],
      ['unfairness', (indexes) => 1 - jain(indexes)],
      ...names.map((name, index): [string, Statistic] => [`burden[${name}]`, burdens[index]!]),
    ]);
    const n = samples.runs.length;
    const none = { sd: Number.NaN, median: Number.NaN, min: Number.NaN, max: Number.NaN };
    for (const [metric, statistic] of statistics) {
      const interval = bcaInterval(Math.min(n, GROUPS_MAX), statistic, this.#resamples);
      yield { cell: samples.cell, metric, n, interval, ...none, compared: null };
    }
  }

  #runsNeeded(): number | null {
    const tested = this.#tested;
    const needed = fewestPairs(LEVEL / Math.max(1, tested.length));
    return tested.length > 0 && tested.every(({ pairs }) => pairs < needed) ? needed : null;
  }

  finish(): Summary {
    const adjusted = holm(this.#tested.map(({ p }) => p));
    for (const [index, compared] of this.#tested.entries()) {
      compared.pHolm = adjusted[index]!;
      const isFound = compared.pHolm < LEVEL;
      const word = compared.difference.mean > 0 ? 'higher' : 'lower';
      compared.verdict = isFound ? word : 'not significant';
    }
    return {
      plan: this.#plan,
      metrics: this.#metrics,
      estimates: this.#estimates,
      tests: this.#tested.length,
      runsNeeded: this.#runsNeeded(),
      runs: this.#runs,
      panics: this.#panics,
      failed: this.#failed,
      surprises: this.#surprises.all(),
    };
  }
}

/** More runs are taken together in so many groups: the bootstrap of the groups' sums is as good. */
const GROUPS_MAX = 500;

/** Sums of every GROUPS_MAXth value. */
function grouped(values: Float64Array): Float64Array {
  if (values.length <= GROUPS_MAX) return values;
  const sums = new Float64Array(GROUPS_MAX);
  for (const [index, value] of values.entries()) sums[index % GROUPS_MAX]! += value;
  return sums;
}

function sumAt(values: Float64Array, indexes: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < indexes.length; i++) sum += values[indexes[i]!]!;
  return sum;
}

/** Ids of all metrics that a cell with these containers has an estimate of, in order. */
export function estimateIds(columns: readonly string[], containers: readonly string[]): string[] {
  const pooled = METRICS.filter((metric) => metric.pooled);
  return [
    ...columns,
    ...pooled.filter(({ perContainer }) => !perContainer).map(({ id }) => id),
    ...pooled
      .filter(({ perContainer }) => perContainer)
      .flatMap(({ id }) => containers.map((name) => `${id}[${name}]`)),
  ];
}
