/**
 * Tells a terminal's line breaks from a mailer's: a terminal breaks every line at the same column,
 * a mailer at the last space before it.
 */

/** Breaks seen before one can tell. */
const SAMPLES_MIN = 3;
/** Share of the breaks that stand at one column, when a terminal made them. */
const SHARE_MIN = 0.8;
/** A terminal's breaks often fall beside a space and leave it there; a mailer's swallow it. */
const SPACED_SHARE_MIN = 0.1;
/** Lengths worth remembering. */
const MAX_LENGTHS = 512;

/** Lengths of the lines that were broken. */
export class WrapWidths {
  readonly #lengths = new Map<number, number>();
  #total = 0;
  #commonest = 0;
  #longest = 0;
  #spaced = 0;

  /** A line of this length was seen, broken or not. */
  see(length: number): void {
    if (length > this.#longest) this.#longest = length;
  }

  /** A line of this length had a continuation; `spaced`: there is white space at the break. */
  add(length: number, spaced: boolean): void {
    if (spaced) this.#spaced++;
    if (this.#lengths.size >= MAX_LENGTHS && !this.#lengths.has(length)) return;
    const times = (this.#lengths.get(length) ?? 0) + 1;
    this.#lengths.set(length, times);
    this.#total++;
    if (times > (this.#lengths.get(this.#commonest) ?? 0)) this.#commonest = length;
  }

  /** Whether a break after `length` characters is a terminal's, which swallows no space. */
  hardAt(length: number): boolean {
    // Rows of a table have a width of their own; only a terminal's is also the longest there is.
    if (length !== this.#longest || length !== this.#commonest) return false;
    if (this.#total < SAMPLES_MIN || this.#spaced < this.#total * SPACED_SHARE_MIN) return false;
    return (this.#lengths.get(this.#commonest) ?? 0) >= this.#total * SHARE_MIN;
  }
}
