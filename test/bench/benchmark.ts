/** The three groups, from small to large. */
export type Group = 'frequent calls' | 'targeted behaviour' | 'whole simulations';

/** What a benchmark should reach, on any machine or on this one. */
export interface Target {
  /** At most so many ns per unit. */
  readonly nsMax?: number;
  /** At least so many times faster than the benchmark of that name in the same comparison. */
  readonly faster?: { readonly than: string; readonly times: number };
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
  /**
   * Gets everything ready, in a thread of its own, where no other benchmark has been.
   * @returns what is timed: does some milliseconds of work, and returns how many units it was
   */
  readonly prepare: () => Work | Promise<Work>;
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
