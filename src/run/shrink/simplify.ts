/** Simpler values for what stands in a workload file: smaller, rounder, or not random. */
import { formatSize, formatTime, parseSize, parseTime } from '../../workload/units.js';
import { type Data, isMap } from './tree.js';

const DISTRIBUTIONS = ['constant', 'exponential', 'uniform', 'normal', 'choice'];

/**
 * Values to try instead, the simplest first. All are smaller in the same sense, so that taking one
 * after the other comes to an end.
 */
export function simpler(value: Data): Data[] {
  if (typeof value === 'number') return simplerNumbers(value);
  if (typeof value === 'string') return simplerAmounts(value);
  const key = isMap(value) ? Object.keys(value)[0] : undefined;
  if (key === undefined || !isMap(value) || !DISTRIBUTIONS.includes(key)) return [];
  const inner = value[key]!;
  return Array.isArray(inner) ? [inner[0]!] : [inner];
}

function simplerNumbers(value: number): number[] {
  if (!Number.isSafeInteger(value)) return [];
  const sign = Math.sign(value);
  const size = Math.abs(value);
  const sizes = [0, 1, 10 ** (digits(size) - 1), Math.floor(size / 2), roundDown(size, 10)];
  return distinct(sizes.filter((n) => n < size)).map((n) => sign * n);
}

function simplerAmounts(text: string): string[] {
  const size = parseSize(text);
  if (size.ok && /[a-z]/i.test(text)) {
    return written(text, powersBelow(size.value), formatSize, (other) => parseSize(other));
  }
  const time = parseTime(text);
  if (!time.ok) return [];
  const times = [roundDown(time.value / 10, 10), roundDown(time.value / 2, 10)];
  times.push(roundDown(time.value, 10));
  return written(text, times, formatTime, (other) => parseTime(other));
}

/** As texts; of those that mean the same as before, only a shorter one counts as simpler. */
function written(
  text: string,
  values: readonly number[],
  format: (value: number) => string,
  parse: (text: string) => ReturnType<typeof parseSize>,
): string[] {
  const before = parse(text);
  const smaller = values.filter((value) => value > 0 && before.ok && value < before.value);
  return distinct(smaller).map(format);
}

const MIB = 1024 * 1024;

/** An eighth and a half, as powers of two; and whole mebibytes. */
function powersBelow(bytes: number): number[] {
  const power = 2 ** Math.floor(Math.log2(Math.max(bytes, 1)));
  const half = power < bytes ? power : power / 2;
  const between = (half * 3) / 2;
  return [power / 8, half, between, Math.floor(bytes / MIB) * MIB].filter(Number.isSafeInteger);
}

/** Only the first digit stays. */
function roundDown(value: number, base: number): number {
  const whole = Math.floor(value);
  if (whole <= 0) return 0;
  const unit = base ** (digits(whole) - 1);
  return Math.floor(whole / unit) * unit;
}

const digits = (value: number): number => String(Math.floor(value)).length;

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
