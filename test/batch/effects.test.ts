/** Effects that are there are found, and those that are not are not. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatSummary } from '../../src/batch/report/terminal.js';
import { bcaInterval, Resamples } from '../../src/batch/statistics/bootstrap.js';
import { signFlipTest } from '../../src/batch/statistics/sign_flip.js';
import { RandomStreams } from '../../src/engine/random.js';
import { tempDir } from '../record/temp_dir.js';
import { planTiny, summaryOf, TINY } from './tiny.js';

/** TINY with other factors, and one metric. */
const withFactors = (factors: string, metric: string, runs = 20): string =>
  TINY.replace(/factors:[\s\S]*replications: 6/, `${factors}\nreplications: ${runs}`).replace(
    /metrics: .*/,
    `metrics: [${metric}]`,
  );

async function verdictsOf(text: string) {
  const { plan, estimates } = await summaryOf(join(tempDir(), 'x'), planTiny(text));
  const [metric] = plan.experiment.metrics!;
  return plan.cells.map(
    ({ index }) => estimates[index]!.get(metric!)?.compared?.verdict ?? 'baseline',
  );
}

describe('planted in the workload', () => {
  const levels = (changes: string): string => `compare: { factor: size, to: base }
factors:
  size:
    levels:
      base: {}
      other: { ${changes} }`;

  test('processes of 2 MiB more: their kills free more', async () => {
    const more = levels('processes.small.program.anon: { uniform: [6MiB, 10MiB] }');
    expect(await verdictsOf(withFactors(more, 'freed_per_kill'))).toEqual(['baseline', 'higher']);
  });

  test('the same, drawn anew three times: not significant', async () => {
    const anew = ['x', 'y', 'z'].map((name) => `${name}: { processes.small.name: ${name} }`);
    const renamed = `${levels('').split('other:')[0]}${anew.join('\n      ')}`;
    const verdicts = await verdictsOf(withFactors(renamed, 'freed_per_kill', 60));
    expect(verdicts).toEqual(['baseline', ...anew.map(() => 'not significant')]);
  });

  test('nothing at all: no difference in any run', async () => {
    expect(await verdictsOf(withFactors(levels(''), 'freed_per_kill'))).toEqual([
      'baseline',
      'no difference',
    ]);
  });

  test('nothing to test is said as such', async () => {
    const text = withFactors(levels(''), 'freed_per_kill');
    const summary = await summaryOf(join(tempDir(), 'x'), planTiny(text));
    const lines = formatSummary(summary, 'x').split('\n');
    expect(lines).toContain(
      '= the same as base (size) in every run: no difference is left to test. In brackets: 95 % confidence intervals.',
    );
  });

  test('two runs are too few to say anything', async () => {
    const more = levels('processes.small.program.anon: { uniform: [6MiB, 10MiB] }');
    const text = withFactors(more, 'freed_per_kill', 2);
    expect(await verdictsOf(text)).toEqual(['baseline', 'not significant']);
  });
});

describe('calibration, on numbers with a known distribution', () => {
  const stream = new RandomStreams('calibration', 0).stream('normal');
  const normal = (): number => (stream.normal(1_000_000, 100_000) - 1_000_000) / 100_000;
  const repeat = (times: number, hit: () => boolean): number =>
    Array.from({ length: times }, hit).filter(Boolean).length / times;

  test('without an effect, 5 % of sign-flip tests say p ≤ 0.05', () => {
    const share = repeat(
      2000,
      () => signFlipTest(Float64Array.from({ length: 12 }, normal)) <= 0.05,
    );
    // Three standard errors of a share of 5 % among 2000.
    expect(Math.abs(share - 0.05)).toBeLessThan(0.015);
  });

  test('with an effect of one standard deviation and 12 pairs, 87 % do (power of the t test)', () => {
    const share = repeat(2000, () => {
      return signFlipTest(Float64Array.from({ length: 12 }, () => normal() + 1)) <= 0.05;
    });
    expect(share).toBeGreaterThan(0.83);
    expect(share).toBeLessThan(0.91);
  });

  test('of 95 % intervals of the mean of 30 skewed values, 91 to 97 % hold it', () => {
    const resamples = new Resamples('1', 400);
    const share = repeat(600, () => {
      const values = Float64Array.from({ length: 30 }, () => stream.exponential(1_000_000) / 1e6);
      const mean = (at: Uint32Array) => at.reduce((sum, i) => sum + values[i]!, 0) / at.length;
      const { low, high } = bcaInterval(30, mean, resamples);
      return low <= 1 && 1 <= high;
    });
    expect(share).toBeGreaterThan(0.91);
    expect(share).toBeLessThan(0.97);
  });
});
