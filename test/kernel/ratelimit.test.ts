import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RateLimit } from '../../src/kernel/ratelimit.js';

const S = 1_000_000_000;

it('lets ten through in five seconds, and begins anew after that', () => {
  const limit = new RateLimit();
  const burst = (at_ns: number) =>
    Array.from({ length: 12 }, () => limit.allow(at_ns)).filter((ok) => ok).length;
  expect([burst(0), burst(5 * S), burst(5 * S + 1), burst(9 * S)]).toEqual([10, 0, 10, 0]);
  expect(limit.missed).toBe(2 + 12 + 2 + 12);
});

it('the interval begins with the first event', () => {
  const limit = new RateLimit(5 * S, 1);
  expect([3 * S, 8 * S, 8 * S + 1].map((at) => limit.allow(at))).toEqual([true, false, true]);
});

it('never lets more than two bursts through in any interval', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2000 })), fc.integer({ min: 1, max: 5 }), (gaps, burst) => {
      const limit = new RateLimit(1000, burst);
      let now = 0;
      const allowed = gaps.flatMap((gap) => {
        now += gap;
        return limit.allow(now) ? [now] : [];
      });
      for (const from of allowed) {
        const within = allowed.filter((at) => at >= from && at <= from + 1000);
        expect(within.length).toBeLessThanOrEqual(2 * burst);
      }
    }),
  );
});
