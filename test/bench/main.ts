/**
 * `npm run bench [-- --quick] [--group NAME] [--only TEXT] [--json FILE]`
 *
 * Measures every benchmark of groups/; prints medians of rounds, with the fastest and the slowest.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
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
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});

function wanted(measured: Benchmark | Reading): boolean {
  const { group, slow = false } = measured;
  const title = 'comparison' in measured ? measured.comparison : measured.name;
  return group.includes(options.group) && title.includes(options.only) && !(slow && options.quick);
}

/**
 * Everything that is written goes with this process, at its end: ext4 makes new files several times
 * slower for minutes after many were deleted (fs/ext4/ialloc.c, recently_deleted()).
 */
const scratch = mkdtempSync(join(tmpdir(), 'oomsim-bench-'));
process.env.TMPDIR = scratch; // for the processes that measure
process.on('exit', () => rmSync(scratch, { recursive: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

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
  console.error(`nothing is called so; there are the groups ${GROUPS.join(', ')}`);
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
