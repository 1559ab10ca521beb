/** Quantiles of values in any order are those of the sorted values, to the last bit. */
import { array, assert, double, float64Array, integer, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';
import { quantileOf, quantileSorted } from '../../../src/batch/statistics/moments.js';

const finite = { noNaN: true, noDefaultInfinity: true };
const level = double({ min: 0, max: 1, ...finite });
/** Few different values, or as many as there are. */
const values = oneof(
  array(integer({ min: -3, max: 3 })).map((some) => Float64Array.from(some)),
  float64Array({ min: -1e9, max: 1e9, ...finite }),
);

test('one after the other', () => {
  assert(
    property(values, level, level, (some, p, q) => {
      const sorted = some.toSorted();
      for (const each of [p, q, 0, 1]) {
        expect(quantileOf(some, each)).toBe(quantileSorted(sorted, each));
      }
    }),
  );
});

test('no level has no quantile', () => {
  expect(quantileOf(Float64Array.of(1, 2), Number.NaN)).toBeNaN();
});
