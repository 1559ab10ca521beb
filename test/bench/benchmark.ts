/** From small to large. */
export const GROUPS = [
  'frequent calls',
  'targeted behaviour',
  'whole simulations',
  'scale and start-up',
  'other simulators',
] as const;
export type Group = (typeof GROUPS)[number];

/** What a benchmark should reach, on any machine or on this one. */
export interface Target {
  /** At most so many ns per unit. */
  readonly nsMax?: number;
  /** At least so many times faster than the benchmark of that name in the same comparison. */
  readonly faster?: { readonly than: string; readonly times: number };
  /** What it takes beyond that benchmark is at most such a part of the whole. */
  readonly beyond?: { readonly what: string; readonly percentMax: number };
}

/** One line of the table. Every `*.ts` in groups/ exports an array of them as `benchmarks`. */
export interface Benchmark {
  readonly group: Group;
  /** Benchmarks of one comparison take turns, a round each, so that they share the noise. */
  readonly comparison: string;
  readonly name: string;
  /** What is counted: the time is given per unit. */
  readonly unit: string;
  readonly target?: Target;
  /** Left out with --quick. */
  readonly slow?: boolean;
  /** The clock on the wall counts, not CPU time: for work on several threads. */
  readonly wallClock?: boolean;
  /** Times as long to warm up as others: there is more code to compile. */
  readonly warmUps?: number;
  /**
   * Gets everything ready, in a thread of its own, where no other benchmark has been.
   * @returns what is timed: does some milliseconds of work, and returns how many units it was
   */
  readonly prepare: () => Work | Promise<Work>;
}

/** Something that is measured once in a fresh process, and is not a time per unit. */
export interface Reading {
  readonly group: Group;
  readonly name: string;
  /** Fresh processes; the table gives the median. */
  readonly times: number;
  /** Left out with --quick. */
  readonly slow?: boolean;
  readonly parts: readonly Part[];
  /** In a process that can call gc(). @returns a number for each part; NaN where there is none */
  readonly read: () => readonly number[] | Promise<readonly number[]>;
}

/** One number of a reading. */
export interface Part {
  readonly name: string;
  readonly unit: string;
  readonly target?: { readonly max?: number; readonly min?: number };
  /** What to say when there is no number. */
  readonly missing?: string;
}

export type Work = () => number | Promise<number>;

/** Time of one unit, in ns, in each round. */
export interface Measurement {
  readonly benchmark: Benchmark;
  readonly roundsNs: readonly number[];
}

/** @throws RangeError if there are no values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}
