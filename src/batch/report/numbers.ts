/** Numbers as people read them. */
import { formatCount } from '../../run/summary.js';
import type { Interval } from '../statistics/interval.js';

/** Three significant digits, without exponent where that can be; `–` for none. */
export function shortNumber(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || magnitude < 1e-4) return value.toExponential(1);
  if (magnitude >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(3)));
}

/** `0.42 [0.36, 0.49]`; the mean alone where it is certain. */
export function intervalText({ mean, low, high }: Interval): string {
  if (Number.isNaN(low) || low === high) return shortNumber(mean);
  return `${shortNumber(mean)} [${shortNumber(low)}, ${shortNumber(high)}]`;
}

/** `p < 0.001`, `p = 0.012`. */
export function pText(p: number): string {
  if (Number.isNaN(p)) return '–';
  if (p < 0.001) return 'p < 0.001';
  return `p = ${p >= 0.9995 ? '1' : String(Number(p.toPrecision(2)))}`;
}

/** Seconds, minutes or hours, as one would say it. */
export function durationText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `1 cell`, `1,200 cells`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
