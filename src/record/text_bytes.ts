/**
 * Text as bytes, without strings in between. Made for many short pieces: numbers become digits, and
 * texts are bytes already (measurements in test/bench/README.md).
 */

/** Bytes that a number takes at most: -0.0000012345678901234567. */
export const NUMBER_BYTES_MAX = 25;

const BILLION = 1e9;
/** Of the numbers below. */
const BILLION_DIGITS = 9;
const ZERO = 48;

/**
 * Writes a number as String() prints it; there must be room for NUMBER_BYTES_MAX.
 * @returns where it ends
 */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0 && value < BILLION && value === (value | 0)) {
    if (value >= 10) return putDigits(bytes, at, value, digitCount(value));
    bytes[at] = ZERO + value;
    return at + 1;
  }
  if (value >= BILLION && Number.isSafeInteger(value)) {
    // In two parts, as integer arithmetic is on 32 bits.
    const high = Math.floor(value / BILLION);
    const between = putDigits(bytes, at, high, digitCount(high));
    return putDigits(bytes, between, value - high * BILLION, BILLION_DIGITS);
  }
  const text = String(value);
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Integers of n digits are from POWERS[n - 1] on and below POWERS[n]. */
const POWERS = [0, ...Array.from({ length: BILLION_DIGITS }, (_, i) => 10 ** (i + 1))];

/**
 * Writes an integer ≥ 0 of at most nine digits, if they are just what fits between `start` and `end`.
 * @returns whether it was written
 */
export function putInto(bytes: Uint8Array, start: number, end: number, value: number): boolean {
  const digits = end - start;
  const fits = value >= POWERS[digits - 1]! && value < POWERS[digits]! && value === (value | 0);
  if (fits) putDigits(bytes, start, value, digits);
  return fits;
}

/** A text as it is written. */
export interface KnownText {
  readonly bytes: Uint8Array;
  /** It wants quotes around the cell that it is a part of. */
  readonly isQuoted: boolean;
}

/** Texts to keep: enough for the names in most runs. */
const KNOWN_MAX = 4096;

/**
 * Texts that come again and again, as bytes: Uint8Array.set() takes 12 ns for any of them, and
 * writing them anew 2 ns for every character.
 */
export class KnownTexts {
  readonly #known = new Map<string, KnownText>();
  readonly #learn: (text: string) => KnownText;
  #last: string | null = null;
  #lastKnown: KnownText = { bytes: new Uint8Array(), isQuoted: false };

  /** @param learn makes a text's bytes when it comes first */
  constructor(learn: (text: string) => KnownText) {
    this.#learn = learn;
  }

  get(text: string): KnownText {
    if (text !== this.#last) {
      this.#lastKnown = this.#known.get(text) ?? this.#add(text);
      this.#last = text;
    }
    return this.#lastKnown;
  }

  #add(text: string): KnownText {
    const known = this.#learn(text);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(text, known);
    return known;
  }
}

/** Both digits of 0 to 99: one division for two of them. */
const TENS = Uint8Array.from({ length: 100 }, (_, value) => ZERO + Math.floor(value / 10));
const ONES = Uint8Array.from({ length: 100 }, (_, value) => ZERO + (value % 10));

/** Writes the last `count` digits of an integer from 0 to 2^31 − 1. */
function putDigits(bytes: Uint8Array, at: number, value: number, count: number): number {
  let left = value | 0;
  let i = at + count;
  while (i - at >= 2) {
    const rest = (left / 100) | 0;
    const two = left - rest * 100;
    i -= 2;
    bytes[i] = TENS[two]!;
    bytes[i + 1] = ONES[two]!;
    left = rest;
  }
  if (i > at) bytes[at] = ZERO + left;
  return at + count;
}

/** Digits of an integer from 0 to 2^31 − 1. */
function digitCount(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count += 1;
  return count;
}
