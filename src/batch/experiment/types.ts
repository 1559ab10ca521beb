/** An experiment as the rest of the program sees it: parsed, with every unit resolved. */
import type { Workload } from '../../workload/types.js';

/** One change of the workload: a place in its data, and what is to stand there. */
export interface Change {
  /** As written: `processes.small.count`, or a list of keys. */
  readonly at: string | readonly (string | number)[];
  readonly value: unknown;
}

/** One value of a factor. */
export interface Level {
  /** How it is shown, and compared in tables. Unique within the factor. */
  readonly label: string;
  /** Where it stands on an axis; null where it is only a name. */
  readonly number: number | null;
  readonly changes: readonly Change[];
  /** Where it stands in the experiment file. */
  readonly source: readonly PropertyKey[];
}

export interface Factor {
  readonly name: string;
  readonly levels: readonly Level[];
  /** Of the numbers: MiB, ms or ''; null where the levels are only names. */
  readonly unit: string | null;
}

/** A container: one or more subtrees of cgroups that belong together. */
export interface Container {
  readonly name: string;
  /** Each with all that is below it; `/` stands for the processes in the root cgroup itself. */
  readonly paths: readonly string[];
  /** What it is entitled to, bytes; null: from the knobs of its cgroups. */
  readonly requestBytes: number | null;
}

/** When enough is known. */
export interface StoppingRule {
  readonly metric: string;
  /** Largest half-width of the 95 % confidence interval of the mean, in every cell of a block. */
  readonly halfWidth: number;
  /** Whether `halfWidth` is a share of the mean. */
  readonly relative: boolean;
}

/** How often each cell is played. Without a rule, `min` equals `max`. */
export interface Replications {
  readonly min: number;
  readonly max: number;
  /** Runs of a cell between two looks at the rule. */
  readonly step: number;
  readonly rule: StoppingRule | null;
}

/** What is varied. */
export interface BaseWorkload {
  readonly name: string;
  /** As plain data, as YAML gives it. */
  readonly data: unknown;
  /** The file, or null where the workload stands in the experiment itself. */
  readonly file: { readonly path: string; readonly text: string } | null;
  readonly workload: Workload;
}

export interface Experiment {
  readonly name: string;
  readonly doc: string;
  /** The file as it was read, and where. */
  readonly text: string;
  readonly path: string;
  readonly base: BaseWorkload;
  readonly factors: readonly Factor[];
  /** Every `fraction`th block of the grid is played; 1: all. */
  readonly fraction: number;
  readonly replications: Replications;
  readonly seed: string;
  /** null: the leaves of the cgroup tree, with root where processes live in it. */
  readonly containers: readonly Container[] | null;
  /** What containers are entitled to, bytes, by name. */
  readonly requests: Readonly<Record<string, number>>;
  /** Metrics that are shown and tested, in this order; null: the usual ones. All are computed. */
  readonly metrics: readonly string[] | null;
  /** Cells that differ only in this factor are compared with its level `to`. */
  readonly compare: { readonly factor: string; readonly to: string } | null;
  /** The factor along the horizontal axis of plots. */
  readonly along: string | null;
  /** Where a share of runs passes a value as `along` grows. */
  readonly crossover: { readonly metric: string; readonly value: number } | null;
}
