/** What a batch came to, on one screen. */
import { formatCount } from '../../run/summary.js';
import { alignColumns } from '../../run/text_table.js';
import type { Summary } from '../results/summary.js';
import { counted } from './numbers.js';
import {
  comparedLevels,
  crossoverLines,
  metricTable,
  overview,
  type Table,
  tooFewRuns,
  untestedMetrics,
} from './tables.js';

/** Settings that are listed one by one; all are in summary.csv. */
const ROWS_MAX = 40;
const FAILURES_MAX = 5;

export function formatSummary(summary: Summary, dir: string): string {
  const { plan, runs, panics, failed, tests, metrics } = summary;
  const { name, compare } = plan.experiment;
  const size = `${counted(plan.cells.length, 'cell')}, ${counted(runs, 'run')}`;
  const parts = [`${name}: ${size}${panics === 0 ? '' : `, ${formatCount(panics)} panicked`}`];
  const [lead] = metrics;
  if (lead !== undefined && plan.blocks.length > 1) {
    parts.push(tableText(metricTable(summary, lead)));
  }
  parts.push(tableText(overview(summary)));
  const crossovers = crossoverLines(summary);
  if (crossovers.length > 0) parts.push(crossovers.join('\n'));
  if (compare !== null && comparedLevels(summary).length > 1) {
    parts.push(legend(compare, tests));
    const untested = untestedMetrics(summary);
    if (untested !== null) parts.push(untested);
    const few = tooFewRuns(summary);
    if (few !== null) parts.push(few);
  } else parts.push('In brackets: 95 % confidence intervals.');
  for (const { cell, run, token, error } of failed.slice(0, FAILURES_MAX)) {
    parts.push(`FAILED cell ${cell} run ${run}: ${error}\n  ${token}`);
  }
  if (failed.length > FAILURES_MAX) parts.push(`… and ${failed.length - FAILURES_MAX} more failed`);
  parts.push(`files  ${dir}: report.html summary.csv runs.csv`);
  return `${parts.join('\n\n')}\n`;
}

/** What the marks mean, and by which test they were given. */
function legend({ factor, to }: { factor: string; to: string }, tests: number): string {
  const intervals = 'In brackets: 95 % confidence intervals.';
  if (tests === 0) {
    return `= the same as ${to} (${factor}) in every run: no difference is left to test. ${intervals}`;
  }
  return (
    `▲ higher and ▼ lower than ${to} (${factor}), = the same in every run; unmarked: ` +
    `not significant\n(sign-flip test on the same seeds, Holm over ${counted(tests, 'test')}, level 0.05). ` +
    intervals
  );
}

function tableText({ title, head, rows, names }: Table): string {
  const sides = head.map((_, at): 'left' | 'right' => (at < names ? 'left' : 'right'));
  const lines = alignColumns([head, ...rows.slice(0, ROWS_MAX)], sides);
  if (rows.length > ROWS_MAX) lines.push(`… and ${rows.length - ROWS_MAX} more`);
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}
