import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Jiffies } from '../../src/engine/jiffies.js';

const MS = 1_000_000;

describe('Jiffies', () => {
  it('counts ticks from time 0', () => {
    const jiffies = new Jiffies(250);
    expect(jiffies.tickNs).toBe(4 * MS);
    expect(jiffies.at(0)).toBe(0);
    expect(jiffies.at(4 * MS - 1)).toBe(0);
    expect(jiffies.at(4 * MS)).toBe(1);
  });

  it('cuts the tick to whole nanoseconds', () => {
    expect(new Jiffies(300).tickNs).toBe(3_333_333);
  });

  it.each([
    // [called at, jiffies, comes back at], in ticks
    [0, 1, 2],
    [0.5, 1, 2],
    [0.999, 1, 2],
    [1, 1, 3],
    [7.25, 1, 9],
    [0, 0, 1],
    [0.5, 0, 1],
    [0, 2, 3],
    [10.5, 25, 36],
    // The last that fits level 0, which is counted from the next tick.
    [0, 63, 64],
    // Level 1 has one bucket for 8 ticks; a timer goes to the one after its own.
    [0, 64, 72],
    [0, 71, 72],
    [0, 72, 80],
    [5.5, 100, 112],
    [0, 504, 512],
    // Level 2, 64 ticks.
    [0, 505, 512],
    [0, 511, 512],
    [0, 512, 576],
    [3, 1000, 1024],
  ])('at tick %d, a sleep of %d jiffies ends at tick %d', (nowTicks, sleep, expected) => {
    const jiffies = new Jiffies(250);
    const nowNs = nowTicks * jiffies.tickNs;
    expect(jiffies.timeoutExpiryNs(nowNs, sleep) / jiffies.tickNs).toBe(expected);
  });

  const anyHz = fc.constantFrom(100, 250, 300, 1000);
  const anyNowNs = fc.nat({ max: 1e12 });

  it('sleeps one jiffy for more than one tick and at most two', () => {
    fc.assert(
      fc.property(anyHz, anyNowNs, (hz, nowNs) => {
        const jiffies = new Jiffies(hz);
        const sleptNs = jiffies.timeoutExpiryNs(nowNs, 1) - nowNs;
        expect(sleptNs).toBeGreaterThan(jiffies.tickNs);
        expect(sleptNs).toBeLessThanOrEqual(2 * jiffies.tickNs);
      }),
    );
  });

  it('is never early, and late by a tick or, in long sleeps, an eighth', () => {
    fc.assert(
      fc.property(anyHz, anyNowNs, fc.integer({ min: 1, max: 1e6 }), (hz, nowNs, sleep) => {
        const jiffies = new Jiffies(hz);
        const sleptTicks = (jiffies.timeoutExpiryNs(nowNs, sleep) - nowNs) / jiffies.tickNs;
        expect(sleptTicks).toBeGreaterThan(sleep);
        expect(sleptTicks).toBeLessThanOrEqual(sleep <= 63 ? sleep + 1 : (sleep * 9) / 8 + 1);
      }),
    );
  });

  it('cuts sleeps that the wheel cannot hold', () => {
    const jiffies = new Jiffies(250);
    const longestTicks = 63 * 8 ** 8 - 8 ** 8;
    const expiryTicks = jiffies.timeoutExpiryNs(0, 1e15) / jiffies.tickNs;
    expect(expiryTicks).toBe(longestTicks + 8 ** 8);
  });

  it('converts as msecs_to_jiffies does, rounding up', () => {
    const jiffies = new Jiffies(250);
    expect([0, 1, 4, 5, 100].map((ms) => jiffies.msToJiffies(ms))).toEqual([0, 1, 1, 2, 25]);
    expect(new Jiffies(1000).msToJiffies(7)).toBe(7);
    expect(jiffies.nsToJiffiesUp(4 * MS)).toBe(1);
    expect(jiffies.nsToJiffiesUp(4 * MS + 1)).toBe(2);
  });

  it.each([0, -1, 2.5, 10_001, Number.NaN])('refuses hz %d', (hz) => {
    expect(() => new Jiffies(hz)).toThrow(RangeError);
  });

  it.each([-1, 0.5, Number.POSITIVE_INFINITY])('refuses a sleep of %d jiffies', (sleep) => {
    expect(() => new Jiffies(250).timeoutExpiryNs(0, sleep)).toThrow(RangeError);
  });
});
