/** An estimate with what it may be off by. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Of all intervals, unless it is said otherwise. */
export const CONFIDENCE = 0.95;
