/**
 * `npm run bench [-- --quick] [--group NAME] [--json FILE]`
 *
 * Measures every benchmark of groups/; prints medians of rounds, with the fastest and the slowest.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Benchmark, GROUPS, type Reading } from './benchmark.js';
import {
  format,
  formatReading,
  judge,
  judgeReading,
  type Line,
  type ReadingLine,
} from './report.js';
import { compare, type Located, type LocatedReading, type Rounds, take } from './runner.js';

const THOROUGH: Rounds = { rounds: 7, roundMs: 150, warmUpMs: 300 };
const QUICK: Rounds = { rounds: 3, roundMs: 50, warmUpMs: 100 };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    group: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});

const wanted = ({ group, slow = false }: Benchmark | Reading): boolean =>
  group.includes(options.group) && !(slow && options.quick);

async function locate(): Promise<{ located: Located[]; readings: LocatedReading[] }> {
  const folder = new URL('./groups/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  const located: Located[] = [];
  const readings: LocatedReading[] = [];
  for (const file of files.toSorted()) {
    const module = new URL(file, folder).href;
    const exported = (await import(module)) as {
      benchmarks?: readonly Benchmark[];
      readings?: readonly Reading[];
    };
    for (const [index, benchmark] of (exported.benchmarks ?? []).entries()) {
      if (wanted(benchmark)) located.push({ benchmark, module, index });
    }
    for (const [index, reading] of (exported.readings ?? []).entries()) {
      if (wanted(reading)) readings.push({ reading, module, index });
    }
  }
  return { located, readings };
}

const { located: chosen, readings } = await locate();
if (chosen.length + readings.length === 0) {
  console.error(`no group is named "${options.group}"; there are: ${GROUPS.join(', ')}`);
  process.exit(2);
}

const lines: (Line | ReadingLine)[] = [];
for (const group of GROUPS) {
  const members = chosen.filter(({ benchmark }) => benchmark.group === group);
  const read = readings.filter(({ reading }) => reading.group === group);
  if (members.length + read.length > 0) console.log(`\n${group}`);
  const comparisons = new Set(members.map(({ benchmark }) => benchmark.comparison));
  for (const comparison of comparisons) {
    const compared = members.filter(({ benchmark }) => benchmark.comparison === comparison);
    const judged = judge(await compare(compared, options.quick ? QUICK : THOROUGH));
    console.log(`\n${format(judged)}`);
    lines.push(...judged);
  }
  for (const located of read) {
    const judged = judgeReading(located.reading, await take(located));
    console.log(`\n${formatReading(judged)}`);
    lines.push(...judged);
  }
}

const missed = lines.filter(({ verdict }) => verdict === 'miss');
const judged = lines.filter(({ verdict }) => verdict !== '');
console.log(`\n${judged.length - missed.length} of ${judged.length} targets met`);
if (options.json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? '', cpus: cpus().length };
  writeFileSync(options.json, `${JSON.stringify({ ...machine, lines }, null, 2)}\n`);
}
