/** Which runs are played: each once, by exactly one shard; and how many, by the stopping rule. */

import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concludeBatch } from '../../src/batch/batch.js';
import { mergeBatches } from '../../src/batch/cluster/merge.js';
import { passage } from '../../src/batch/results/crossover.js';
import { Agenda } from '../../src/batch/runner/agenda.js';
import { tempDir } from '../record/temp_dir.js';
import { fileOf, planTiny, playInto, TINY } from './tiny.js';

const RULE = TINY.replace(
  'replications: 6',
  `replications: { min: 4, max: 24, step: 4, until: { metric: regret, half_width: 0.08 } }`,
);

test('shards divide all runs, whatever the sizes of batches', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), sizes, (count, batches) => {
      const played: string[] = [];
      for (let index = 1; index <= count; index++) {
        const agenda = new Agenda(planTiny(), { index, count });
        for (let i = 0; ; i++) {
          const portion = agenda.next(batches[i % batches.length]!);
          if (portion === null) break;
          for (const run of portion.runs) {
            played.push(`${portion.cell.index}.${run}`);
            agenda.add(portion.cell.index, run, 0, true);
          }
        }
        expect(agenda.isComplete).toBe(true);
        expect(agenda.done).toBe(agenda.total);
      }
      expect(played).toHaveLength(24);
      expect(new Set(played).size).toBe(24);
    }),
    { numRuns: 30 },
  );
});

describe('a stopping rule', () => {
  test('plays more where more is needed, and stops at the maximum', async () => {
    const store = await playInto(join(tempDir(), 'r'), planTiny(RULE));
    const counts = store.plan.cells.map(
      ({ index }) => [...store.rows()].filter(({ cell }) => cell === index).length,
    );
    // By process there is no regret at all: the other policy of the setting decides.
    expect(counts[0]).toBe(counts[1]);
    expect(counts[2]).toBe(counts[3]);
    for (const count of counts) expect([4, 8, 12, 16, 20, 24]).toContain(count);
    expect(Math.max(...counts)).toBeGreaterThan(4);
  });

  test('gives the same runs in shards', async () => {
    const root = tempDir();
    const whole = await playInto(join(root, 'whole'), planTiny(RULE));
    const dirs = [1, 2, 3].map((index) => join(root, `part-${index}`));
    for (const [i, dir] of dirs.entries()) {
      await playInto(dir, planTiny(RULE), { index: i + 1, count: 3 });
    }
    const merged = mergeBatches(dirs, (name) => join(root, name), false);
    for (const store of [whole, merged]) await concludeBatch(store);
    for (const file of ['runs.csv', 'summary.csv']) {
      expect(fileOf(merged.dir, file)).toBe(fileOf(whole.dir, file));
    }
  });
});

describe('crossovers', () => {
  const level = (number: number) => ({ label: String(number), number, changes: [], source: [] });
  const points = (...above: number[]) =>
    above.map((value, index) => ({ level: level(10 * index), above: value }));

  test.each([
    [[-0.5, -0.25, 0.75], 'rises above', 12.5],
    [[0.5, -0.5], 'falls below', 5],
    [[-1, -1], 'stays below', Number.NaN],
    [[1, 0], 'stays above', Number.NaN],
    [[], 'has no value', Number.NaN],
  ])('%j: %s at %d', (above, direction, at) => {
    expect(passage(points(...above))).toMatchObject({ direction, at });
  });

  test('a second crossing is told', () => {
    expect(passage(points(-1, 1, -1))).toMatchObject({ again: true, at: 5 });
  });
});
