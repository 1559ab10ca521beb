/** The tables of a batch, for the terminal and for the report. */

import { type Metric, titleOf } from '../metrics/definitions.js';
import type { Block, Cell } from '../plan/types.js';
import { crossoversOf } from '../results/crossover.js';
import type { Compared, Summary, Verdict } from '../results/summary.js';
import { counted, intervalText, shortNumber } from './numbers.js';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many of the first columns are names. */
  readonly names: number;
}

export const MARKS: Readonly<Record<Verdict, string>> = {
  higher: '▲',
  lower: '▼',
  'not significant': '',
  'no difference': '=',
  'not tested': '',
};

/** As wide as a mark, so that numbers stand below each other. */
const NO_MARK = '\u2007';

/** The index of the factor that is compared; -1 if there is none. */
export function comparedAt({ plan }: Summary): number {
  const { compare, factors } = plan.experiment;
  return factors.findIndex(({ name }) => name === compare?.factor);
}

/** Labels of the levels that are compared; one without a name if there are none. */
export function comparedLevels(summary: Summary): string[] {
  const at = comparedAt(summary);
  const factor = summary.plan.experiment.factors[at];
  return factor === undefined ? [''] : factor.levels.map(({ label }) => label);
}

/** One metric: a row a block, a column a level of the compared factor. */
export function metricTable(summary: Summary, metric: Metric): Table {
  const at = comparedAt(summary);
  const { factors } = summary.plan.experiment;
  const others = factors.filter((_, index) => index !== at);
  const rows = summary.plan.blocks.map((block) => [
    ...block.cells[0]!.levels.filter((_, index) => index !== at).map(({ label }) => label),
    ...block.cells.map((cell) => cellText(summary, cell, metric)),
  ]);
  const levels = comparedLevels(summary).map((label) => label || 'mean');
  return {
    title: `${metric.id}: ${titleOf(metric)}`,
    head: [...others.map(({ name }) => name), ...levels],
    rows,
    names: others.length,
  };
}

function cellText(summary: Summary, cell: Cell, metric: Metric): string {
  const estimate = summary.estimates[cell.index]?.get(metric.id);
  if (estimate === undefined) return '–';
  const mark = estimate.compared === null ? '' : MARKS[estimate.compared.verdict];
  return `${intervalText(estimate.interval)} ${mark || NO_MARK}`;
}

/** All metrics, a column a level of the compared factor: means over the blocks. */
export function overview(summary: Summary): Table {
  const levels = comparedLevels(summary);
  const { blocks } = summary.plan;
  const rows = summary.metrics.map((metric) => [
    metric.id,
    ...levels.map((_, at) => overallText(summary, blocks, at, metric)),
  ]);
  const head = ['metric', ...levels.map((label) => label || 'mean')];
  const title = blocks.length === 1 ? 'All metrics' : `Means over ${blocks.length} settings`;
  return { title, head, rows, names: 1 };
}

function overallText(
  summary: Summary,
  blocks: readonly Block[],
  at: number,
  metric: Metric,
): string {
  const estimates = blocks.flatMap((block) => {
    const found = summary.estimates[block.cells[at]!.index]?.get(metric.id);
    return found === undefined || Number.isNaN(found.interval.mean) ? [] : [found];
  });
  if (estimates.length === 0) return '–';
  const mean = estimates.reduce((sum, { interval }) => sum + interval.mean, 0) / estimates.length;
  const compared = estimates.flatMap((estimate) => estimate.compared ?? []);
  return `${shortNumber(mean)}${countText(compared)}`;
}

/** `▲3 ▼12`: in how many settings the difference is significant. */
function countText(compared: readonly Compared[]): string {
  const count = (wanted: Verdict) => compared.filter(({ verdict }) => verdict === wanted).length;
  const parts = (['higher', 'lower'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${MARKS[verdict]}${count(verdict)}`);
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`;
}

/** One sentence a line of cells: where the metric passes the value. */
export function crossoverLines(summary: Summary): string[] {
  const { crossover, along, factors } = summary.plan.experiment;
  const unit = factors.find(({ name }) => name === along)?.unit ?? '';
  const names = factors.filter(({ name }) => name !== along);
  return crossoversOf(summary).map(({ line, between, at, direction, again }) => {
    const who = line.shared
      .map(({ factor, level }) =>
        names.length > 1 ? `${factor.name} ${level.label}` : level.label,
      )
      .join(', ');
    const what = `${crossover!.metric} ${direction} ${shortNumber(crossover!.value)}`;
    if (direction === 'has no value') return `${who}: ${crossover!.metric} has no value`;
    if (between === null) return `${who}: ${what} at every ${along}`;
    const about = `${shortNumber(at)}${unit === '' ? '' : ` ${unit}`}`;
    const where = `(between ${between[0].label} and ${between[1].label})`;
    return `${who}: ${what} at ${along} ≈ ${about} ${where}${again ? ', and again further on' : ''}`;
  });
}

/** Which of the metrics have no test, in a sentence; null if all have. */
export function untestedMetrics({ metrics }: Summary): string | null {
  const pooled = metrics.filter(({ definition }) => definition.pooled).map(({ id }) => id);
  return pooled.length === 0
    ? null
    : `Not tested, as they are of all runs of a cell together: ${pooled.join(', ')}.`;
}

/** What to do if no difference can be significant, however large; null if one can. */
export function tooFewRuns({ runsNeeded, tests }: Summary): string | null {
  if (runsNeeded === null) return null;
  return (
    `Too few runs to find anything: with ${counted(tests, 'test')} even the largest difference is ` +
    `significant only from ${runsNeeded} runs a cell on.`
  );
}
