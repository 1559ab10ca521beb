import { NUMBER_BYTES_MAX, putInto, putNumber } from './text_bytes.js';

/** Enough for nearly every line; grows. */
const BYTES_AT_FIRST = 256;
/** A number whose length is not known yet. */
const digits = new Uint8Array(NUMBER_BYTES_MAX);

/**
 * A line of fields that is written over and over with little changed, kept as bytes. A field that
 * changes is written in its place; what is behind it is moved if that got longer or shorter.
 */
export class KeptLine {
  /** The text, in the first `length` of these. */
  bytes: Uint8Array = Buffer.allocUnsafe(BYTES_AT_FIRST);
  length = 0;
  #count = 0;
  /** Where the label of each field begins, and one more: where the last field ends. */
  readonly #bounds: number[] = [0];

  /** Sets field `index`, one that is there or the next. @param label what is before its text, always */
  setText(index: number, label: Uint8Array, text: Uint8Array): void {
    this.#place(index, label, text.length);
    this.bytes.set(text, this.#bounds[index]! + label.length);
  }

  /** Likewise. */
  setNumber(index: number, label: Uint8Array, value: number): void {
    const start = this.#bounds[index]! + label.length;
    const isThere = index < this.#count;
    if (isThere && putInto(this.bytes, start, this.#bounds[index + 1]!, value)) return;
    const length = putNumber(digits, 0, value);
    this.#place(index, label, length);
    const { bytes } = this;
    for (let i = 0; i < length; i++) bytes[start + i] = digits[i]!;
  }

  /** Where a field begins, with its label. */
  startOf(index: number): number {
    return this.#bounds[index]!;
  }

  /** Drops the fields from `count` on. */
  cut(count: number): void {
    if (count >= this.#count) return;
    this.#count = count;
    this.length = this.#bounds[count]!;
  }

  /** Makes room for a text of that length, and writes the label if the field is a new one. */
  #place(index: number, label: Uint8Array, length: number): void {
    const bounds = this.#bounds;
    const end = bounds[index]! + label.length + length;
    if (index === this.#count) {
      this.#reserve(end);
      this.bytes.set(label, bounds[index]);
      bounds[index + 1] = end;
      this.#count += 1;
      this.length = end;
      return;
    }
    const more = end - bounds[index + 1]!;
    if (more === 0) return;
    this.#reserve(this.length + more);
    this.bytes.copyWithin(end, end - more, this.length);
    for (let i = index + 1; i <= this.#count; i++) bounds[i]! += more;
    this.length += more;
  }

  #reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const bytes = Buffer.allocUnsafe(2 * length);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}
