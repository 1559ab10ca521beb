import { expect, test } from 'vitest';
import { wrapText } from '../../src/run/text_table.js';
import { logLines } from '../../src/ui/panels/log.js';
import { bar, sparkline, stackedBar } from '../../src/ui/text/bars.js';
import { UNICODE } from '../../src/ui/text/glyphs.js';
import {
  fitted,
  keepEnd,
  line,
  merged,
  plain,
  span,
  spread,
  textOf,
} from '../../src/ui/text/line.js';
import { count, duration, instant, size } from '../../src/ui/text/units.js';

test('sizes have at most six columns', () => {
  expect([0, 1, 203, 2000, 112_051, 4e6, 1e9, Infinity].map(size)).toEqual([
    '0',
    '4K',
    '812K',
    '7.8M',
    '437.7M',
    '15.3G',
    '3.7T',
    'max',
  ]);
  for (let pages = 1; pages < 1e12; pages *= 3) expect(size(pages).length).toBeLessThanOrEqual(6);
});

test('durations have three digits that matter', () => {
  expect([0, 830, 12_400, 4_130_000, 280e9].map((ns) => duration(ns))).toEqual([
    '0',
    '830 ns',
    '12.4 µs',
    '4.13 ms',
    '280 s',
  ]);
});

test('counts fit into their columns', () => {
  expect([5, 99_999, 100_000, 12_345_678].map((n) => count(n))).toEqual([
    '5',
    '99999',
    '100k',
    '12M',
  ]);
  expect(count(12_345, 4)).toBe('12k');
});

test('instants are cut off, as in the kernel log', () => {
  expect(instant(1_999_999_999)).toBe('1.999 s');
  expect(instant(553_501_234, 6)).toBe('0.553501 s');
});

test('rows are exactly as wide as they shall be', () => {
  const row = line('abc', span('def', 'bad'));
  expect(textOf(fitted(row, 8))).toBe('abcdef  ');
  expect(textOf(fitted(row, 6))).toBe('abcdef');
  expect(textOf(fitted(row, 5))).toBe('abcd…');
  expect(textOf(fitted(row, 1))).toBe('…');
  expect(textOf(fitted(row, 0))).toBe('');
  expect(textOf(spread(row, line('xyz'), 10))).toBe('abcdef xyz');
  expect(textOf(spread(row, line('xyz'), 7))).toBe('abc…xyz');
});

test('neighbours of one style become one span', () => {
  expect(merged([span('a'), span('b'), span('c', 'bad'), span('d', 'bad'), span('e')])).toEqual([
    { text: 'ab' },
    { text: 'cd', style: 'bad' },
    { text: 'e' },
  ]);
});

test('names from outside cannot break the screen', () => {
  expect(plain('a\x1b[2Jb\nc')).toBe('a?[2Jb?c');
  expect(plain('日本 🎉')).toMatch(/^\?\? \?+$/);
  expect(plain('naïve/web-1')).toBe('naïve/web-1');
});

test('bars show what there is, and something of whatever is there at all', () => {
  expect(textOf(bar(0.5, 8, UNICODE))).toBe('████····');
  expect(textOf(bar(0.001, 8, UNICODE))).toBe('█·······');
  expect(textOf(bar(7, 8, UNICODE))).toBe('████████');
  expect(textOf(bar(0, 8, UNICODE))).toBe('········');
  const parts = [
    { amount: 50, glyph: 'a' },
    { amount: 25, glyph: 'f' },
  ];
  expect(textOf(stackedBar(parts, 100, 8, '.'))).toBe('aaaaff..');
  expect(sparkline([0, 1, 4, 8, Number.NaN], 8, UNICODE.levels)).toBe(' ▁▄█ ');
});

test('text is broken at spaces, paths keep their ends', () => {
  expect(wrapText('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  expect(keepEnd('/a/long/path', 6, '…')).toBe('…/path');
});

test('a message of the kernel that breaks its lines is one line of the log panel', () => {
  const log = [{ seq: 1, timeNs: 0, text: 'isolated_anon:0\n active_file:0' }];
  const state = { logScroll: 0, pane: 'log', search: '' } as const;
  const [, shown] = logLines({ log, logDone: 1 }, state, { width: 80, rows: 2 }, UNICODE);
  expect(textOf(shown!)).toContain('] isolated_anon:0 active_file:0');
});
