import { type Benchmark, type Measurement, median, type Reading } from './benchmark.js';

/** One measured line, ready for the table and for JSON. */
export interface Line {
  readonly group: string;
  readonly comparison: string;
  readonly name: string;
  readonly unit: string;
  readonly medianNs: number;
  readonly minNs: number;
  readonly maxNs: number;
  readonly target: string;
  readonly verdict: 'pass' | 'miss' | '';
}

/** The lines of one comparison, with verdicts. */
export function judge(measurements: readonly Measurement[]): Line[] {
  const mediansNs = new Map(
    measurements.map(({ benchmark, roundsNs }) => [benchmark.name, median(roundsNs)]),
  );
  return measurements.map(({ benchmark, roundsNs }) => {
    const medianNs = median(roundsNs);
    const checks = checksOf(benchmark, medianNs, mediansNs);
    return {
      group: benchmark.group,
      comparison: benchmark.comparison,
      name: benchmark.name,
      unit: benchmark.unit,
      medianNs,
      minNs: Math.min(...roundsNs),
      maxNs: Math.max(...roundsNs),
      target: checks.map(({ text }) => text).join(', '),
      verdict: checks.length === 0 ? '' : checks.every(({ met }) => met) ? 'pass' : 'miss',
    };
  });
}

function checksOf(
  { target }: Benchmark,
  medianNs: number,
  mediansNs: ReadonlyMap<string, number>,
): { text: string; met: boolean }[] {
  const checks: { text: string; met: boolean }[] = [];
  if (target?.nsMax !== undefined) {
    checks.push({ text: `≤ ${target.nsMax} ns`, met: medianNs <= target.nsMax });
  }
  if (target?.faster !== undefined) {
    const { than, times } = target.faster;
    const ratio = mediansNs.get(than)! / medianNs;
    const text = `${times} × faster than ${than}: ${ratio.toFixed(1)} ×`;
    checks.push({ text, met: ratio >= times });
  }
  if (target?.beyond !== undefined) {
    const { what, percentMax } = target.beyond;
    const percent = (1 - mediansNs.get(what)! / medianNs) * 100;
    const text = `${percentMax} % of it beyond ${what}: ${percent.toFixed(0)} %`;
    checks.push({ text, met: percent <= percentMax });
  }
  return checks;
}

/** One number of a reading, for the table and for JSON. */
export interface ReadingLine {
  readonly group: string;
  readonly comparison: string;
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly target: string;
  readonly verdict: Line['verdict'];
}

/** @param values of each process, a number for each part */
export function judgeReading(
  { group, name: comparison, parts }: Reading,
  values: readonly (readonly number[])[],
): ReadingLine[] {
  return parts.map(({ name, unit, target = {}, missing = '' }, i) => {
    const numbers = values.map((all) => all[i]!).filter((value) => !Number.isNaN(value));
    const { max = Number.POSITIVE_INFINITY, min = Number.NEGATIVE_INFINITY } = target;
    const limits = [
      ...(target.max === undefined ? [] : [`≤ ${max} ${unit}`]),
      ...(target.min === undefined ? [] : [`≥ ${min} ${unit}`]),
    ];
    if (numbers.length === 0 || limits.length === 0) {
      const text = numbers.length === 0 ? missing : '';
      return { group, comparison, name, unit, values: numbers, target: text, verdict: '' };
    }
    const value = median(numbers);
    const verdict = value <= max && value >= min ? 'pass' : 'miss';
    return { group, comparison, name, unit, values: numbers, target: limits.join(', '), verdict };
  });
}

/** The numbers of a reading. */
export function formatReading(lines: readonly ReadingLine[]): string {
  const rows = lines.map(({ name, unit, values, target, verdict }) => {
    const value = values.length === 0 ? '–' : `${digits(median(values))} ${unit}`;
    const range =
      values.length < 2 ? '' : `[${digits(Math.min(...values))} … ${digits(Math.max(...values))}]`;
    return [name, value, range, verdict, target];
  });
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const table = rows.map((row) =>
    row.map((cell, i) => (i === 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))),
  );
  const text = table.map((row) => `    ${row.join('  ').trimEnd()}`);
  return [`  ${lines[0]!.comparison}`, ...text].join('\n');
}

/** Lines of one comparison as an aligned table with a heading. */
export function format(lines: readonly Line[]): string {
  const fastestNs = Math.min(...lines.map(({ medianNs }) => medianNs));
  const rows = lines.map((line) => [
    line.name,
    `${digits(line.medianNs)} ns/${line.unit}`,
    `[${digits(line.minNs)} … ${digits(line.maxNs)}]`,
    `${digits(1e3 / line.medianNs)} M/s`,
    lines.length > 1 ? `${(line.medianNs / fastestNs).toFixed(1)} ×` : '',
    line.verdict,
    line.target,
  ]);
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const table = rows.map((row) =>
    row
      .map((cell, i) => (i === 0 || i >= 5 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  return [`  ${lines[0]!.comparison}`, ...table.map((row) => `    ${row}`)].join('\n');
}

/** Three significant digits, without exponent. */
function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
