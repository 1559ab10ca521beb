import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  importObstacle,
  judgeReport,
  parseOomReports,
  reportToWorkload,
} from '../../../src/import/dmesg/index.js';
import { stripPrefix } from '../../../src/import/dmesg/prefix.js';
import { compose, hardWrap, newKill, oldKill, PREFIXES, wordWrap } from './compose.js';
import { loadCorpus } from './corpus.js';

// Goal: no log crashes or stalls the importer. Method: cut, shuffle, double, soil and inflate good
// logs, and run everything that follows on what comes out.

const MS_MAX = 1000;
const VICTIM = { pid: 3117, comm: 'cache main', rss: 150_000, uid: 1000, pgt: 300 };
const MEMCG = { path: '/a/b', limitKb: 700_000 };
const SEEDS: readonly (readonly string[])[] = [
  compose({ kernel: '5.10.0', layout: 'pgtables_bytes', tasks: [VICTIM], kills: newKill(VICTIM) }),
  compose({
    kernel: '6.8.0',
    layout: 'rss_split',
    tasks: [VICTIM, { ...VICTIM, pid: 5 }],
    kills: newKill(VICTIM, '/a/b'),
    memcg: MEMCG,
  }),
  compose({ kernel: '4.9.0', layout: 'nr_pmds', tasks: [VICTIM], kills: oldKill(VICTIM, 577) }),
  compose({ kernel: '2.6.32', layout: 'oom_adj', tasks: [VICTIM], kills: oldKill(VICTIM, 577) }),
  ...(loadCorpus() ?? []).map((log) => log.lines),
];

/** Everything that the importer can do with a log; throws if any of it throws or takes too long. */
function digest(lines: readonly string[]): void {
  const started = performance.now();
  for (const report of parseOomReports(lines)) {
    judgeReport(report);
    if (importObstacle(report) === null) reportToWorkload(report);
  }
  expect(performance.now() - started).toBeLessThan(MS_MAX);
}

type Mutation = (lines: readonly string[], random: (below: number) => number) => string[];

const JUNK = [
  '\u0000\u0001\u0002\ufffd',
  ']',
  '[',
  '[[[[',
  '((((',
  '=',
  '\u001b[31m',
  '9'.repeat(400),
];

const MUTATIONS: readonly Mutation[] = [
  (lines, random) => lines.slice(random(lines.length)),
  (lines, random) => lines.slice(0, random(lines.length)),
  (lines, random) => lines.filter(() => random(4) > 0),
  (lines, random) => [...lines, ...lines.slice(random(lines.length))],
  (lines) => lines.flatMap((line) => [line, line]),
  (lines) => lines.toReversed(),
  (lines, random) => lines.map((_, i) => lines[(i * 7 + random(3)) % lines.length] ?? ''),
  (lines, random) => lines.map((line) => line.slice(0, random(line.length + 1))),
  (lines, random) => lines.map((line) => line.slice(random(line.length + 1))),
  (lines, random) =>
    lines.map((line) => {
      const at = random(line.length + 1);
      return line.slice(0, at) + (JUNK[random(JUNK.length)] ?? '') + line.slice(at);
    }),
  (lines, random) => lines.map((line) => line.replaceAll(/\d+/g, (n) => n.repeat(1 + random(9)))),
  (lines) => lines.map((line) => line.replaceAll(/\d+/g, '18446744073709551615')),
  (lines) => lines.map((line) => line.replaceAll(/\d+/g, '-1')),
  (lines) => lines.map((line) => line.replaceAll(/\d+/g, '0')),
  (lines) => lines.map((line) => line.replaceAll(' ', '')),
  (lines, random) => lines.flatMap((line) => hardWrap(line, 20 + random(80))),
  (lines, random) => lines.flatMap((line) => wordWrap(line, 20 + random(80))),
  (lines) => [lines.join('#012')],
  (lines) => [lines.join(' ')],
  (lines, random) => {
    const prefixes = Object.values(PREFIXES);
    return lines.map((line, i) => prefixes[random(prefixes.length)]?.(line, i) ?? line);
  },
];

describe('mutated logs', () => {
  test('never crash, never stall', () => {
    fc.assert(
      fc.property(
        fc.nat(SEEDS.length - 1),
        fc.array(fc.nat(MUTATIONS.length - 1), { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat(1 << 20)),
        (seed, steps, numbers) => {
          const random = (below: number): number =>
            (numbers.next().value ?? 0) % Math.max(1, below);
          let lines: readonly string[] = SEEDS[seed] ?? [];
          for (const step of steps) lines = MUTATIONS[step]?.(lines, random) ?? lines;
          digest(lines);
        },
      ),
      { numRuns: 250, seed: 20_260_1 },
    );
  });

  test('each mutation alone, on every log', () => {
    for (const [index, seed] of SEEDS.entries()) {
      let state = index + 1;
      const random = (below: number): number => {
        state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647;
        return state % Math.max(1, below);
      };
      for (const mutate of MUTATIONS) digest(mutate(seed, random));
    }
  });
});

describe('hostile lines', () => {
  const MB = 1 << 20;
  const invoked = 'x invoked oom-killer: gfp_mask=0x0, order=0, oom_score_adj=0';
  const tail = ['[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name'];
  test.each([
    ['digits', '1'.repeat(MB)],
    ['spaces', ' '.repeat(MB)],
    ['quotes', '> '.repeat(MB / 2)],
    ['brackets', '['.repeat(MB)],
    ['a row without end', `[ 12] ${'1 '.repeat(MB / 2)}`],
    ['a zone without end', `Node 0 DMA free:1kB ${'min:1kB '.repeat(MB / 8)}`],
    ['a summary without end', `oom-kill:constraint=${'a,pid='.repeat(MB / 6)}`],
    ['a kill without end', `Killed process 1 (${')'.repeat(MB)}`],
    ['stamps without end', '[ 1.000000] '.repeat(MB / 12)],
    ['dates without end', 'Sep  9 08:12:34 '.repeat(MB / 16)],
    ['JSON without end', `{"log":"${'a'.repeat(2 * MB)}`],
    ['deep JSON', `{"jsonPayload":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_001)}`],
    ['escapes', '#012'.repeat(MB / 4)],
    ['binary', String.fromCharCode(...Array.from({ length: 60_000 }, (_, i) => i))],
  ])('%s', (_, line) => {
    digest([invoked, line, ...tail, line, ...newKill(VICTIM)]);
  });

  test('a hundred thousand rows', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `[${i}] 0 ${i} 10 10 1 0 0 t${i}`);
    const started = performance.now();
    const [report] = parseOomReports([
      invoked,
      ...tail,
      ...rows,
      ...newKill({ ...VICTIM, pid: 5 }),
    ]);
    judgeReport(report!);
    expect(report?.tasks?.rows).toHaveLength(100_000);
    expect(performance.now() - started).toBeLessThan(5 * MS_MAX);
  });

  test('a hundred thousand lines that might begin something', () => {
    digest(Array.from({ length: 100_000 }, (_, i) => `memory: usage ${i}kB, limit 1kB, failcnt 0`));
    digest(Array.from({ length: 20_000 }, () => `${invoked} and more`));
  });

  test('a prefix is found in time that does not depend on the line', () => {
    const started = performance.now();
    for (let i = 0; i < 200; i++) stripPrefix(`a b c d ${'12:34 '.repeat(20_000)}`);
    expect(performance.now() - started).toBeLessThan(MS_MAX);
  });
});
