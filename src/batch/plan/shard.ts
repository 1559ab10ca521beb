/** One of several equal parts of a plan. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

export const WHOLE: Shard = { index: 1, count: 1 };
