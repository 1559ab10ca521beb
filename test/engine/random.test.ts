import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RandomStream, RandomStreams } from '../../src/engine/random.js';

const DRAWS = 50_000;

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

/** Pearson's statistic for values 0 … cells − 1 that should be equally frequent. */
function chiSquare(values: readonly number[], cells: number): number {
  const counts = new Array<number>(cells).fill(0);
  for (const value of values) counts[value]! += 1;
  const expected = values.length / cells;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Five standard deviations above what chance gives; for a fixed seed it holds or it doesn't. */
function chiSquareMax(cells: number): number {
  return cells - 1 + 5 * Math.sqrt(2 * (cells - 1));
}

describe('RandomStreams', () => {
  const streams = (seed = 'seed', run = 0) => new RandomStreams(seed, run);
  const firstDraws = (stream: RandomStream) => draw(8, () => stream.int32());

  it('gives the same draws on every machine and in every version', () => {
    const stream = streams().stream('reclaim');
    expect(draw(3, () => stream.int32())).toMatchInlineSnapshot(`
      [
        -1534690861,
        655375698,
        1151611336,
      ]
    `);
    expect(draw(3, () => stream.below(1000))).toMatchInlineSnapshot(`
      [
        582,
        863,
        569,
      ]
    `);
    expect(draw(3, () => stream.below(1e12))).toMatchInlineSnapshot(`
      [
        930749741144,
        790629800768,
        273879999479,
      ]
    `);
    expect(draw(3, () => stream.uniform(-5, 5))).toMatchInlineSnapshot(`
      [
        2,
        5,
        -3,
      ]
    `);
    expect(draw(3, () => stream.exponential(1e6))).toMatchInlineSnapshot(`
      [
        224875,
        444483,
        178186,
      ]
    `);
    expect(draw(3, () => stream.normal(1e6, 1e5))).toMatchInlineSnapshot(`
      [
        1064169,
        1119733,
        1013698,
      ]
    `);
  });

  it('gives the same draws for the same seed, run and name', () => {
    const expected = firstDraws(streams().stream('task 1'));
    expect(firstDraws(streams().stream('task 1'))).toEqual(expected);
    expect(firstDraws(streams().stream('task 2'))).not.toEqual(expected);
    expect(firstDraws(streams('seed', 1).stream('task 1'))).not.toEqual(expected);
    expect(firstDraws(streams('other').stream('task 1'))).not.toEqual(expected);
  });

  it('gives one stream per name', () => {
    const all = streams();
    expect(all.stream('a')).toBe(all.stream('a'));
    expect(all.stream('a')).not.toBe(all.stream('b'));
  });

  it('makes a passing stream anew each time, with the draws of its name', () => {
    const all = streams();
    expect(all.passing('a')).not.toBe(all.passing('a'));
    expect(firstDraws(all.passing('a'))).toEqual(firstDraws(all.stream('a')));
  });

  it('keeps streams independent of each other and of the order in which they are made', () => {
    const alone = firstDraws(streams().stream('b'));
    const all = streams();
    const [c, a] = [all.stream('c'), all.stream('a')];
    a.int32();
    c.exponential(10);
    expect(firstDraws(all.stream('b'))).toEqual(alone);
  });

  it('counts the draws of all streams', () => {
    const all = streams();
    expect(all.draws).toBe(0);
    all.stream('a').int32();
    all.stream('b').exponential(5);
    all.stream('b').normal(5, 1);
    expect(all.draws).toBe(8);
    all.stream('a').below(1);
    expect(all.draws).toBe(8);
  });

  it('gives unrelated streams for similar names', () => {
    const all = streams();
    const names = draw(16_000, () => 0).map((_, i) => `task ${i}`);
    const first = names.map((name) => all.stream(name).below(64));
    const second = names.map((name) => all.stream(name).below(64));
    expect(chiSquare(first, 64)).toBeLessThan(chiSquareMax(64));
    expect(chiSquare(second, 64)).toBeLessThan(chiSquareMax(64));
    const pairs = first.slice(1).map((value, i) => (value % 8) * 8 + (first[i]! % 8));
    expect(chiSquare(pairs, 64)).toBeLessThan(chiSquareMax(64));
  });
});

describe('RandomStream', () => {
  const stream = () => new RandomStreams('seed', 7).stream('test');

  it.each([2, 3, 10, 64, 100, 1000])('below(%d) is uniform', (n) => {
    const uniform = stream();
    expect(
      chiSquare(
        draw(DRAWS, () => uniform.below(n)),
        n,
      ),
    ).toBeLessThan(chiSquareMax(n));
  });

  it('below(n) is uniform for n beyond 32 bits', () => {
    const uniform = stream();
    const n = 100 * 2 ** 40;
    const cells = draw(DRAWS, () => Math.floor(uniform.below(n) / 2 ** 40));
    expect(chiSquare(cells, 100)).toBeLessThan(chiSquareMax(100));
  });

  it('below and uniform stay in their ranges', () => {
    const uniform = stream();
    const safe = fc.maxSafeInteger();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (n) => {
        const value = uniform.below(n);
        expect(Number.isSafeInteger(value) && value >= 0 && value < n).toBe(true);
      }),
    );
    fc.assert(
      fc.property(safe, fc.nat({ max: 2 ** 31 - 1 }), (min, range) => {
        const max = Math.min(min + range, Number.MAX_SAFE_INTEGER);
        const value = uniform.uniform(min, max);
        expect(Number.isSafeInteger(value) && value >= min && value <= max).toBe(true);
      }),
    );
  });

  it('uniform reaches both ends', () => {
    const uniform = stream();
    const values = new Set(draw(200, () => uniform.uniform(-1, 2)));
    expect([...values].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    expect(uniform.uniform(7, 7)).toBe(7);
  });

  it('exponential has the mean, the variance and the quantiles of its distribution', () => {
    const exponential = stream();
    const values = draw(DRAWS, () => exponential.exponential(1e6)).sort((a, b) => a - b);
    expect(mean(values) / 1e6).toBeCloseTo(1, 1);
    expect(variance(values) / 1e12).toBeCloseTo(1, 1);
    for (const p of [0.01, 0.1, 0.5, 0.9, 0.99, 0.999]) {
      const expected = -Math.log(1 - p);
      expect(values[Math.floor(p * DRAWS)]! / 1e6 / expected).toBeCloseTo(1, p === 0.5 ? 1.5 : 0.5);
    }
    expect(values[0]).toBeGreaterThanOrEqual(0);
    expect(values.every(Number.isInteger)).toBe(true);
  });

  it('normal has the mean, the deviation and the tails of its distribution', () => {
    const normal = stream();
    const values = draw(DRAWS, () => normal.normal(1e6, 1e5));
    expect(mean(values) / 1e6).toBeCloseTo(1, 2);
    expect(Math.sqrt(variance(values)) / 1e5).toBeCloseTo(1, 1);
    const within = (sigmas: number) =>
      values.filter((value) => Math.abs(value - 1e6) <= sigmas * 1e5).length / DRAWS;
    expect(within(1)).toBeCloseTo(0.683, 1.5);
    expect(within(2)).toBeCloseTo(0.954, 1.5);
    expect(values.every(Number.isInteger)).toBe(true);
  });

  it('normal is cut off at 0', () => {
    const normal = stream();
    const values = draw(1000, () => normal.normal(1, 100));
    expect(Math.min(...values)).toBe(0);
  });

  it('choice takes every item equally often', () => {
    const chooser = stream();
    const values = draw(DRAWS, () => chooser.choice([0, 1, 2, 3, 4]));
    expect(chiSquare(values, 5)).toBeLessThan(chiSquareMax(5));
  });

  it('chance is true so many times in a thousand', () => {
    const chance = stream();
    const hits = draw(DRAWS, () => +chance.chance(250)).filter(Boolean).length;
    expect(hits / DRAWS).toBeCloseTo(0.25, 1.5);
    expect(chance.chance(0)).toBe(false);
    expect(chance.chance(1000)).toBe(true);
  });

  it('refuses empty ranges', () => {
    const empty = stream();
    expect(() => empty.below(0)).toThrow(RangeError);
    expect(() => empty.below(1.5)).toThrow(RangeError);
    expect(() => empty.below(2 ** 53)).toThrow(RangeError);
    expect(() => empty.uniform(2, 1)).toThrow(RangeError);
    expect(() => empty.uniform(0.5, 1)).toThrow(RangeError);
    expect(() => empty.choice([])).toThrow(RangeError);
  });
});
