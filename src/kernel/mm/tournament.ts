/**
 * Contestants in a fixed order, each with a score and a weight: who has the highest score, the first
 * or the last of equals, and how much those up to a place weigh together. A segment tree: changing one
 * of n and asking take log n steps. Good for choosing again and again while few scores change; for
 * choosing once, a plain loop is faster.
 */
export class Tournament {
  /** Leaves from #leaves on, each inner node i the better, or the sum, of 2i and 2i + 1. */
  readonly #scores: Float64Array;
  readonly #weights: Int32Array;
  readonly #leaves: number;

  /** @param places how many contestants there may be; at first all are absent: −∞, no weight */
  constructor(readonly places: number) {
    this.#leaves = 2 ** (32 - Math.clz32(Math.max(1, places) - 1));
    this.#scores = new Float64Array(2 * this.#leaves).fill(Number.NEGATIVE_INFINITY);
    this.#weights = new Int32Array(2 * this.#leaves);
  }

  set(place: number, score: number, weight: number): void {
    const scores = this.#scores;
    const weights = this.#weights;
    let i = this.#leaves + place;
    const more = weight - weights[i]!;
    let best = score;
    while (i >= 1 && (scores[i] !== best || more !== 0)) {
      scores[i] = best;
      weights[i]! += more;
      const sibling = scores[i ^ 1]!;
      if (sibling > best) best = sibling;
      i >>= 1;
    }
  }

  score(place: number): number {
    return this.#scores[this.#leaves + place]!;
  }

  weight(place: number): number {
    return this.#weights[this.#leaves + place]!;
  }

  /** The highest score; −∞ if nobody is there. */
  get best(): number {
    return this.#scores[1]!;
  }

  get total_weight(): number {
    return this.#weights[1]!;
  }

  /** The first, or the last, place that has the highest score. */
  winner(tie: 'first' | 'last'): number {
    const scores = this.#scores;
    const preferred = tie === 'first' ? 0 : 1;
    let i = 1;
    while (i < this.#leaves) {
      const child = 2 * i + preferred;
      i = scores[child] === scores[1] ? child : child ^ 1;
    }
    return i - this.#leaves;
  }

  /** What those up to a place weigh, itself included. */
  weight_through(place: number): number {
    let i = this.#leaves + place;
    let sum = this.#weights[i]!;
    for (; i > 1; i >>= 1) if ((i & 1) === 1) sum += this.#weights[i - 1]!;
    return sum;
  }
}
