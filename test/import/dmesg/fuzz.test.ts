import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeReport, parseOomReports } from '../../../src/import/dmesg/index.js';
import { stripPrefix } from '../../../src/import/dmesg/prefix.js';
import { newKill } from './compose.js';
import { leastCpuMs } from './cpu_time.js';
import { digest, MUTATIONS, SEEDS, VICTIM } from './mutations.js';

// Goal: no log crashes or stalls the importer. Method: cut, shuffle, double, soil and inflate good
// logs, and run everything that follows on what comes out. `npm run logs:spoil` does more of it.

const CPU_MS_MAX = 1000;

/** All of it, and it must not take long. */
function inTime(lines: readonly string[], alsoDecide = false): void {
  expect(leastCpuMs(CPU_MS_MAX, () => digest(lines, alsoDecide))).toBeLessThan(CPU_MS_MAX);
}

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
          inTime(lines, true);
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
      for (const mutate of MUTATIONS) inTime(mutate(seed, random));
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
    inTime([invoked, line, ...tail, line, ...newKill(VICTIM)]);
  });

  test('a hundred thousand rows', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `[${i}] 0 ${i} 10 10 1 0 0 t${i}`);
    const lines = [invoked, ...tail, ...rows, ...newKill({ ...VICTIM, pid: 5 })];
    const readAndJudge = (): void => {
      const [report] = parseOomReports(lines);
      judgeReport(report!);
      expect(report?.tasks?.rows).toHaveLength(100_000);
    };
    expect(leastCpuMs(5 * CPU_MS_MAX, readAndJudge)).toBeLessThan(5 * CPU_MS_MAX);
  });

  test('a hundred thousand lines that might begin something', () => {
    inTime(Array.from({ length: 100_000 }, (_, i) => `memory: usage ${i}kB, limit 1kB, failcnt 0`));
    inTime(Array.from({ length: 20_000 }, () => `${invoked} and more`));
  });

  test('a prefix is found in time that does not depend on the line', () => {
    const line = `a b c d ${'12:34 '.repeat(20_000)}`;
    const strip = (): void => {
      for (let i = 0; i < 200; i++) stripPrefix(line);
    };
    expect(leastCpuMs(CPU_MS_MAX, strip)).toBeLessThan(CPU_MS_MAX);
  });
});
