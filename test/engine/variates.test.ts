import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponentialVariate } from '../../src/engine/variates.js';

describe('exponentialVariate', () => {
  it('has its extremes at all zeros and all ones', () => {
    expect(exponentialVariate(0)).toBe(0);
    expect(exponentialVariate(-1)).toBeCloseTo(33 * Math.LN2, 5);
  });

  it('has its median at half of all draws', () => {
    expect(exponentialVariate(0x8000_0000 | 0)).toBe(exponentialVariate(0x8000_0000));
    expect(exponentialVariate(0x8000_0000)).toBeCloseTo(Math.LN2, 15);
  });

  it('is the quantile function of the draw, read as a fraction', () => {
    // In the last 2^-20 of all draws there are too few bits left for this accuracy.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 2 ** 12 }), (bits) => {
        const quantile = -Math.log1p(-bits / 2 ** 32);
        expect(exponentialVariate(bits | 0)).toBeCloseTo(quantile, 6);
      }),
    );
  });

  it('never falls as the draw rises', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 2 }), (bits) => {
        const next = exponentialVariate((bits + 1) | 0);
        expect(next).toBeGreaterThanOrEqual(exponentialVariate(bits | 0));
      }),
    );
  });
});
