import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatSize,
  formatTime,
  type Parsed,
  parsePages,
  parseSize,
  parseTime,
} from '../../src/workload/units.js';

const value = (parsed: Parsed): number | string => (parsed.ok ? parsed.value : parsed.why);

describe('sizes', () => {
  it.each<[string | number, number]>([
    ['512MiB', 512 * 2 ** 20],
    ['4G', 4 * 2 ** 30], // as memory.max reads it
    ['4g', 4 * 2 ** 30],
    ['4Gi', 4 * 2 ** 30], // as Kubernetes writes it
    ['64 kB', 64 * 1024], // as the kernel prints it
    ['300 pages', 300 * 4096],
    ['1 page', 4096],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['0.5K', 512],
    ['1.2GiB', 1_288_490_188], // and 0.8 of a byte, which nobody meant
    ['100', 100],
    ['100B', 100],
    [0, 0],
    [12345, 12345],
    ['8191 TiB', 8191 * 2 ** 40],
  ])('%s is %d bytes', (written, bytes) => {
    expect(parseSize(written)).toEqual({ ok: true, value: bytes });
  });

  it.each<[string | number, string]>([
    ['512MB', 'is that 1000 or 1024? write MiB, which is 1024-based'],
    ['10kb', 'is that 1000 or 1024? write KiB, which is 1024-based'],
    ['-1MiB', 'negative'],
    [-1, 'negative'],
    ['1.5B', 'a fraction of a byte'],
    [1.5, 'a fraction of a byte'],
    ['5s', 'a time, not a size'],
    ['3 parsecs', 'unknown unit "parsecs": use KiB, MiB, GiB, TiB or pages'],
    ['8192TiB', 'too large: at most 2^53 bytes'],
    [2 ** 53, 'too large: at most 2^53 bytes'],
    [Number.POSITIVE_INFINITY, 'too large: at most 2^53 bytes'],
    [Number.NaN, 'not a number'],
    ['', 'nothing but space'],
    ['MiB', 'not a number with a unit'],
    ['1e3MiB', 'not a number with a unit'],
    ['0x10', 'not a number with a unit'],
    ['9'.repeat(41), 'too long'],
  ])('%s is refused: %s', (written, why) => {
    expect(value(parseSize(written))).toBe(why);
  });

  it('counts pages, and refuses parts of one', () => {
    expect(value(parsePages('8KiB'))).toBe(2);
    expect(value(parsePages('300 pages'))).toBe(300);
    expect(value(parsePages(5000))).toBe('not a whole number of 4096-byte pages');
  });

  it('writes what it reads back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => value(parseSize(formatSize(bytes))) === bytes),
    );
    expect(formatSize(512 * 2 ** 20)).toBe('512MiB');
    expect(formatSize(Number.POSITIVE_INFINITY)).toBe('max');
  });
});

describe('times', () => {
  it.each<[string | number, number]>([
    ['250ns', 250],
    ['500us', 500_000],
    ['500µs', 500_000],
    ['10ms', 10_000_000],
    ['1.5s', 1_500_000_000],
    ['2 s', 2_000_000_000],
    ['1m', 60_000_000_000],
    ['2min', 120_000_000_000],
    ['1h', 3_600_000_000_000],
    ['0', 0],
    [0, 0],
  ])('%s is %d ns', (written, ns) => {
    expect(parseTime(written)).toEqual({ ok: true, value: ns });
  });

  it.each<[string | number, string]>([
    [5, 'a time needs a unit: ns, us, ms, s, m or h'],
    ['5', 'a time needs a unit: ns, us, ms, s, m or h'],
    ['-5ms', 'negative'],
    ['0.5ns', 'a fraction of a nanosecond'],
    ['5MiB', 'a size, not a time'],
    ['5M', 'a size, not a time'],
    ['4 pages', 'a size, not a time'],
    ['2 jiffies', 'unknown unit "jiffies": use ns, us, ms, s, m or h'],
    ['9999999h', 'too large: at most 2^53 nanoseconds'],
  ])('%s is refused: %s', (written, why) => {
    expect(value(parseTime(written))).toBe(why);
  });

  it('writes what it reads back', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (ns) => value(parseTime(formatTime(ns))) === ns));
    expect(formatTime(20_000_000)).toBe('20ms');
  });
});
