/** summary.csv: one row a cell and metric. */
import { stringify } from 'csv-stringify/sync';
import type { Interval } from '../statistics/interval.js';
import { type Estimate, estimateIds, type Summary } from './summary.js';

const AFTER_FACTORS = [
  'metric',
  'runs',
  'mean',
  'ci_low',
  'ci_high',
  'sd',
  'median',
  'min',
  'max',
  'pairs',
  'difference',
  'difference_ci_low',
  'difference_ci_high',
  'cohen_dz',
  'dominance',
  'p',
  'p_holm',
  'verdict',
];

/** More digits would differ between versions of the mathematical library. */
const DIGITS = 9;

export function summaryCsv(summary: Summary, columns: readonly string[]): string {
  const { plan, estimates } = summary;
  const ids = estimateIds(columns, plan.containers);
  const factors = plan.experiment.factors.map(({ name }) => name);
  const rows: (string | number)[][] = [['cell', ...factors, ...AFTER_FACTORS]];
  for (const cell of plan.cells) {
    const labels = cell.levels.map(({ label }) => label);
    for (const id of ids) {
      const estimate = estimates[cell.index]?.get(id);
      if (estimate !== undefined) rows.push([cell.index, ...labels, ...cellsOf(estimate)]);
    }
  }
  return stringify(rows);
}

function cellsOf(estimate: Estimate): (string | number)[] {
  const { metric, n, interval, sd, median, min, max, compared } = estimate;
  const own = [metric, n, ...intervalCells(interval), ...[sd, median, min, max].map(numberText)];
  if (compared === null) return [...own, ...new Array<string>(9).fill('')];
  const { pairs, difference, dz, dominance, p, pHolm, verdict } = compared;
  const sizes = [dz, dominance, p, pHolm].map(numberText);
  return [...own, pairs, ...intervalCells(difference), ...sizes, verdict];
}

const intervalCells = ({ mean, low, high }: Interval): string[] =>
  [mean, low, high].map(numberText);

function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(DIGITS))) : '';
}
