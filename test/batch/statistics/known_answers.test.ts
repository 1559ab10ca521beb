/** The statistics against published examples and closed forms, never against themselves. */
import { describe, expect, test } from 'vitest';
import { bcaInterval, Resamples } from '../../../src/batch/statistics/bootstrap.js';
import {
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from '../../../src/batch/statistics/distributions.js';
import { cohenDz, dominance } from '../../../src/batch/statistics/effect.js';
import { holm } from '../../../src/batch/statistics/holm.js';
import { mean, quantileSorted, standardDeviation } from '../../../src/batch/statistics/moments.js';
import { fewestPairs, signFlipTest } from '../../../src/batch/statistics/sign_flip.js';
import { meanInterval, pairedTTest } from '../../../src/batch/statistics/t_interval.js';
import { shareInterval } from '../../../src/batch/statistics/wilson.js';

const of = (...values: number[]) => Float64Array.from(values);

describe('distributions, against printed tables', () => {
  test('normal', () => {
    expect(normalCdf(1.96)).toBeCloseTo(0.9750021, 7);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
  });

  test.each([
    [1, 12.706],
    [9, 2.262],
    [29, 2.045],
    [120, 1.98],
  ])('Student, %i degrees: 0.975 quantile %d', (degrees, t) => {
    expect(studentQuantile(0.975, degrees)).toBeCloseTo(t, 3);
    expect(studentCdf(studentQuantile(0.975, degrees), degrees)).toBeCloseTo(0.975, 7);
  });
});

/** Extra hours of sleep by two drugs on ten patients: Student 1908, from Cushny and Peebles. */
const SLEEP = of(-1.2, -2.4, -1.3, -1.3, 0, -1.0, -1.8, -0.8, -4.6, -1.4);

describe("Student's sleep data", () => {
  test('the interval and the p-value that R documents (t.test, paired)', () => {
    const { mean, low, high } = meanInterval(SLEEP);
    expect(mean).toBeCloseTo(-1.58, 10);
    expect(low).toBeCloseTo(-2.4598858, 6);
    expect(high).toBeCloseTo(-0.7001142, 6);
    expect(pairedTTest(SLEEP)).toBeCloseTo(0.002833, 6);
  });

  test('nine of nine differences are below 0: 2 of 2^9 choices of signs', () => {
    expect(signFlipTest(SLEEP)).toBeCloseTo(2 / 512, 12);
  });
});

/** Darwin's maize, crossed less self-fertilised, eighths of an inch: Fisher 1935, section 16. */
const MAIZE = of(49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48);

describe("Darwin's maize", () => {
  test('863 of the 32768 choices of signs give 314 or more: Fisher 1935, section 21', () => {
    expect(MAIZE.reduce((sum, d) => sum + d, 0)).toBe(314);
    expect(signFlipTest(MAIZE)).toBeCloseTo((2 * 863) / 32_768, 12);
  });

  test('t = 2.148 with 14 degrees: p = 0.0497', () => {
    expect(pairedTTest(MAIZE)).toBeCloseTo(0.0497, 4);
  });
});

describe('sign-flip test, closed forms', () => {
  test('differences of ±1 are McNemar’s exact test: 2 · P(X ≤ 2 | 10, 1/2)', () => {
    const differences = of(1, 1, 1, 1, 1, 1, 1, 1, -1, -1, 0, 0, 0);
    expect(signFlipTest(differences)).toBeCloseTo((2 * (1 + 10 + 45)) / 1024, 12);
  });

  test.each([1, 2, 7, 29, 30])('%i times the same: 2^(1 - n)', (n) => {
    expect(signFlipTest(new Float64Array(n).fill(0.1))).toBeCloseTo(2 ** (1 - n), 15);
  });

  test.each([0.05, 0.05 / 27, 0.25])('fewest pairs that can be below %d', (level) => {
    const p = (n: number): number => signFlipTest(new Float64Array(n).fill(1));
    expect(p(fewestPairs(level))).toBeLessThan(level);
    expect(p(fewestPairs(level) - 1)).toBeGreaterThanOrEqual(level);
  });

  test('no difference, and balanced differences, say nothing', () => {
    expect(signFlipTest(of(0, 0, 0))).toBe(1);
    expect(signFlipTest(of(3, -3))).toBe(1);
  });

  test('many: the t test, but no less than all signs the same', () => {
    const same = Float64Array.from({ length: 40 }, (_, i) => 1 + i * 1e-9);
    expect(signFlipTest(same)).toBe(2 ** -39);
    expect(signFlipTest(new Float64Array(40).fill(6))).toBe(2 ** -39);
    const mixed = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i));
    expect(signFlipTest(mixed)).toBe(pairedTTest(mixed));
  });
});

test("Holm's adjustment, as R's p.adjust() does it", () => {
  const adjusted = holm([0.01, 0.02, 0.03, 0.04, 0.05]);
  expect(adjusted.map((p) => Number(p.toFixed(12)))).toEqual([0.05, 0.08, 0.09, 0.09, 0.09]);
  expect(holm([0.04, 0.001])).toEqual([0.04, 0.002]);
  expect(holm([0.6, 0.7])).toEqual([1, 1]);
});

describe('Wilson’s score interval: Newcombe, Statistics in Medicine 17, 1998, table I', () => {
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (hits, n, low, high) => {
    const interval = shareInterval(hits, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

/** Spatial perception of 26 children: Efron and Tibshirani 1993, table 14.1, test A. */
const SPATIAL = of(
  ...[48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6],
  ...[0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41],
);

describe('bootstrap', () => {
  const variance = (indexes: Uint32Array): number => {
    const values = Float64Array.from(indexes, (index) => SPATIAL[index]!);
    const middle = mean(values);
    return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length;
  };

  test('BCa of a variance: 115.8 to 259.6 with 90 % (Efron and Tibshirani 1993, table 14.2)', () => {
    const { mean, low, high } = bcaInterval(26, variance, new Resamples('1', 20_000), 0.9);
    expect(mean).toBeCloseTo(171.5, 1);
    // The book has 2000 resamples: its ends are known to about 2 %.
    expect(low / 115.8).toBeCloseTo(1, 1);
    expect(high / 259.6).toBeCloseTo(1, 1);
    expect(Math.abs(low - 115.8)).toBeLessThan(3);
    expect(Math.abs(high - 259.6)).toBeLessThan(6);
  });

  test('the mean of many normal values: as by the normal distribution', () => {
    const n = 400;
    const values = Float64Array.from({ length: n }, (_, i) => normalQuantile((i + 0.5) / n));
    const meanAt = (indexes: Uint32Array) =>
      indexes.reduce((sum, index) => sum + values[index]!, 0) / n;
    const { low, high } = bcaInterval(n, meanAt, new Resamples('1', 5000));
    const half = (1.96 * standardDeviation(values)) / Math.sqrt(n);
    expect(low / -half).toBeCloseTo(1, 1);
    expect(high / half).toBeCloseTo(1, 1);
  });

  test('the same seed gives the same interval, another one another', () => {
    const interval = (seed: string) => bcaInterval(26, variance, new Resamples(seed, 500));
    expect(interval('1')).toEqual(interval('1'));
    expect(interval('1')).not.toEqual(interval('2'));
  });

  test('one value has no interval', () => {
    expect(bcaInterval(1, () => 3, new Resamples('1')).low).toBeNaN();
  });
});

test('effect sizes of differences 1, 2, 3 and of mixed signs', () => {
  expect(cohenDz(of(1, 2, 3))).toBe(2);
  expect(cohenDz(of(2, 2))).toBeNaN();
  expect(dominance(of(1, 5, -2, 0))).toBe(0.25);
});

test('quantiles as R’s type 7', () => {
  expect(quantileSorted(of(1, 2, 3, 4), 0.5)).toBe(2.5);
  expect(quantileSorted(of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 0.9)).toBeCloseTo(9.1, 12);
});
