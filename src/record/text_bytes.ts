/**
 * Text as UTF-8 bytes in one growing buffer. Made for many short pieces: numbers become digits
 * without a string in between, and plain ASCII is copied character by character, which beats
 * Buffer.write() up to some dozens of them (measurements in test/bench/README.md).
 */

/** What an ASCII character needs in a cell of comma-separated values and in `key=value` pairs. */
export const PLAIN = 0;
/** Plain in a cell, but not in a pair: a space and `=`. */
export const PLAIN_IN_CELL = 1;
const SPECIAL = 2;

const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (code < 32 || code === 127 || character === ',' || character === '"') return SPECIAL;
  return character === ' ' || character === '=' ? PLAIN_IN_CELL : PLAIN;
});

const BILLION = 1e9;
/** Digits of the largest safe integer. */
const DIGITS_MAX = 16;
const ZERO = 48;
/** UTF-8 bytes that a UTF-16 code unit takes at most. */
const BYTES_PER_UNIT = 3;

export class TextBytes {
  /** Bytes in use. May be set back, to take back what was added last. */
  length = 0;
  #bytes: Buffer;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** The bytes so far; to be used before anything else is added. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Adds one ASCII character. */
  character(code: number): void {
    this.#reserve(1);
    this.#bytes[this.length] = code;
    this.length += 1;
  }

  /** Adds any text. */
  text(text: string): void {
    this.#reserve(text.length * BYTES_PER_UNIT);
    this.length += this.#bytes.write(text, this.length);
  }

  /** Adds a text if all its characters are of class `most` or plainer; otherwise returns false. */
  plain(text: string, most: number): boolean {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127 || CLASSES[code]! > most) return false;
      bytes[at++] = code;
    }
    this.length = at;
    return true;
  }

  /** Adds a number as String() prints it. */
  number(value: number): void {
    if (!(value >= 0 && Number.isSafeInteger(value))) {
      this.plain(String(value), PLAIN);
      return;
    }
    this.#reserve(DIGITS_MAX);
    if (value < BILLION) {
      this.#digits(value, digitCount(value));
      return;
    }
    // In two parts, as integer arithmetic is on 32 bits.
    const high = Math.floor(value / BILLION);
    this.#digits(high, digitCount(high));
    this.#digits(value - high * BILLION, 9);
  }

  /** Adds the last `count` digits of an integer below 2^31. */
  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let left = value;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const rest = (left / 10) | 0;
      bytes[at] = ZERO + left - rest * 10;
      left = rest;
    }
    this.length += count;
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    bytes.set(this.view());
    this.#bytes = bytes;
  }
}

/** Digits of an integer from 0 to 2^31 − 1. */
function digitCount(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count += 1;
  return count;
}
