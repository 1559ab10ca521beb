const PAGE_BYTES = 4096;
const UNITS = ['K', 'M', 'G', 'T'] as const;

/** Pages as a size of at most six columns: `812K`, `7.8M`, `437.7M`, `15.2G`; no limit is `max`. */
export function size(pages: number): string {
  if (pages === Infinity) return 'max';
  if (pages <= 0) return '0';
  let amount = (pages * PAGE_BYTES) / 1024;
  let unit = 0;
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 || amount >= 1000 ? Math.round(amount) : amount.toFixed(1)}${UNITS[unit]}`;
}

/** A count of at most `width` columns, in thousands or millions where it must be. */
export function count(n: number, width = 5): string {
  const exact = String(n);
  if (exact.length <= width) return exact;
  for (const [divisor, letter] of [
    [1e3, 'k'],
    [1e6, 'M'],
    [1e9, 'G'],
  ] as const) {
    const amount = n / divisor;
    const text = `${amount < 10 ? amount.toFixed(1) : Math.round(amount)}${letter}`;
    if (text.length <= width) return text;
  }
  return exact.slice(0, width);
}

const NS_PER_US = 1000;
const NS_PER_MS = 1_000_000;
const NS_PER_S = 1_000_000_000;

/** A duration with three digits that matter: `0`, `830 ns`, `12.4 µs`, `4.13 ms`, `280 s`. */
export function duration(ns: number, micro = 'µs'): string {
  if (ns === 0) return '0';
  if (ns < NS_PER_US) return `${Math.round(ns)} ns`;
  if (ns < NS_PER_MS) return `${threeDigits(ns / NS_PER_US)} ${micro}`;
  if (ns < NS_PER_S) return `${threeDigits(ns / NS_PER_MS)} ms`;
  return `${threeDigits(ns / NS_PER_S)} s`;
}

function threeDigits(amount: number): string {
  if (amount < 10) return amount.toFixed(2);
  return amount < 100 ? amount.toFixed(1) : amount.toFixed(0);
}

/** An instant of a run: seconds with as many decimals as the run's length makes useful. */
export function instant(ns: number, decimals = 3): string {
  const scale = 10 ** decimals;
  return `${(Math.floor((ns / NS_PER_S) * scale) / scale).toFixed(decimals)} s`;
}

/** Hundredths of a percent as PSI has them: `12.34`. */
export function percent(hundredths: number): string {
  return (hundredths / 100).toFixed(2);
}
