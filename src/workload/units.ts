/**
 * Amounts with units, as written in workload files: `512MiB`, `4G`, `300 pages`, `10ms`, `2s`.
 *
 * Sizes: K, M, G, T and P are powers of 1024 as in the kernel's memparse(), which is what reads
 * memory.max; `KiB`, `MiB` … and Kubernetes' `Ki`, `Mi` … mean the same, and so does `kB`, because
 * the kernel prints 1024 bytes as kB. `MB` and `GB` are refused: half of their writers mean 1000.
 * A plain integer is a number of bytes. Times always need a unit, except 0.
 *
 * Arithmetic is exact (BigInt). `1.2GiB` is not a whole number of bytes: what is left over is dropped, as
 * it is far below a page. A fraction of a byte written as such, or of a nanosecond, is an error.
 */

/** Bytes in a page of the modelled machine (x86-64). */
export const PAGE_BYTES = 4096;

/** Either the value, or why the text isn't one, as a phrase that follows what was found. */
export type Parsed =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly why: string };

const SIZE_FACTORS = new Map<string, bigint>([
  ['', 1n],
  ['b', 1n],
  ['page', BigInt(PAGE_BYTES)],
  ['pages', BigInt(PAGE_BYTES)],
  ...['k', 'm', 'g', 't', 'p'].flatMap((letter, index): [string, bigint][] => {
    const factor = 1024n ** BigInt(index + 1);
    return [
      [letter, factor],
      [`${letter}i`, factor],
      [`${letter}ib`, factor],
    ];
  }),
]);

const TIME_FACTORS = new Map<string, bigint>([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['min', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** Longest text looked at: nothing sensible is longer, and BigInt work stays bounded. */
const AMOUNT_LENGTH_MAX = 40;
const AMOUNT = /^([0-9]+)(?:\.([0-9]+))?\s*([A-Za-zµ]*)$/;
const VALUE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** Reads a size in bytes. A number is taken as bytes. */
export function parseSize(written: string | number): Parsed {
  if (typeof written === 'number') return parseInteger(written, 'byte');
  const parts = split(written);
  if (!parts.ok) return parts;
  const unit = parts.unit.toLowerCase();
  if (parts.unit === 'kB') return scale(parts, 1024n, 'byte');
  const factor = SIZE_FACTORS.get(unit);
  if (factor !== undefined) return scale(parts, factor, 'byte');
  if (TIME_FACTORS.has(unit)) return fail('a time, not a size');
  if (/^[kmgtp]b$/.test(unit)) {
    const prefix = parts.unit.charAt(0).toUpperCase();
    return fail(`is that 1000 or 1024? write ${prefix}iB, which is 1024-based`);
  }
  return fail(`unknown unit ${JSON.stringify(parts.unit)}: use KiB, MiB, GiB, TiB or pages`);
}

/** Reads a size that is a whole number of pages; the value is in pages. */
export function parsePages(written: string | number): Parsed {
  const size = parseSize(written);
  if (!size.ok) return size;
  if (size.value % PAGE_BYTES !== 0) return fail(`not a whole number of ${PAGE_BYTES}-byte pages`);
  return { ok: true, value: size.value / PAGE_BYTES };
}

/** Reads a time in nanoseconds. Only 0 needs no unit. */
export function parseTime(written: string | number): Parsed {
  if (typeof written === 'number') {
    const integer = parseInteger(written, 'nanosecond');
    if (!integer.ok || integer.value === 0) return integer;
    return fail('a time needs a unit: ns, us, ms, s, m or h');
  }
  const parts = split(written);
  if (!parts.ok) return parts;
  // Lower case only: `M` would be a size everywhere else in the file.
  const factor = TIME_FACTORS.get(parts.unit);
  if (factor !== undefined) return scale(parts, factor, 'nanosecond');
  if (parts.unit === '') {
    if (/^[0.]+$/.test(written.trim())) return { ok: true, value: 0 };
    return fail('a time needs a unit: ns, us, ms, s, m or h');
  }
  if (SIZE_FACTORS.has(parts.unit.toLowerCase())) return fail('a size, not a time');
  return fail(`unknown unit ${JSON.stringify(parts.unit)}: use ns, us, ms, s, m or h`);
}

interface Parts {
  readonly ok: true;
  readonly whole: string;
  readonly fraction: string;
  readonly unit: string;
}

function split(written: string): Parts | { readonly ok: false; readonly why: string } {
  const text = written.trim();
  if (text === '') return fail('nothing but space');
  if (text.length > AMOUNT_LENGTH_MAX) return fail('too long');
  if (/^[-−]/.test(text)) return fail('negative');
  const match = AMOUNT.exec(text);
  if (match === null) return fail('not a number with a unit');
  return { ok: true, whole: match[1]!, fraction: match[2] ?? '', unit: match[3]! };
}

function scale(parts: Parts, factor: bigint, smallest: string): Parsed {
  const denominator = 10n ** BigInt(parts.fraction.length);
  const numerator = BigInt(parts.whole + parts.fraction) * factor;
  const isWhole = numerator % denominator === 0n;
  if (!isWhole && (smallest !== 'byte' || factor === 1n))
    return fail(`a fraction of a ${smallest}`);
  const value = numerator / denominator;
  if (value > VALUE_MAX) return fail(`too large: at most 2^53 ${smallest}s`);
  return { ok: true, value: Number(value) };
}

function parseInteger(value: number, smallest: string): Parsed {
  if (Number.isNaN(value)) return fail('not a number');
  if (value < 0) return fail('negative');
  if (value > Number.MAX_SAFE_INTEGER) return fail(`too large: at most 2^53 ${smallest}s`);
  if (!Number.isInteger(value)) return fail(`a fraction of a ${smallest}`);
  return { ok: true, value: value === 0 ? 0 : value }; // no -0
}

function fail(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why };
}

const SIZE_UNITS_DOWN: readonly (readonly [string, number])[] = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
];

/** Writes bytes in the largest unit that keeps them exact, e.g. `512MiB`; parseSize reads it. */
export function formatSize(bytes: number): string {
  if (bytes === Number.POSITIVE_INFINITY) return 'max';
  if (bytes === 0) return '0';
  for (const [unit, factor] of SIZE_UNITS_DOWN) {
    if (bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}

const TIME_UNITS_DOWN: readonly (readonly [string, number])[] = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
];

/** Writes nanoseconds in the largest unit that keeps them exact, e.g. `20ms`; parseTime reads it. */
export function formatTime(ns: number): string {
  if (ns === 0) return '0';
  for (const [unit, factor] of TIME_UNITS_DOWN) {
    if (ns % factor === 0) return `${ns / factor}${unit}`;
  }
  return `${ns}ns`;
}
