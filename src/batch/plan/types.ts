import type { Container, Experiment, Level } from '../experiment/types.js';

/** A workload that one or more cells play. */
export interface CellWorkload {
  /** `w01`: names its file. */
  readonly id: string;
  readonly text: string;
  /** sha256 of the text. */
  readonly hash: string;
  /** What `oomsim run` finds it by: the base workload's name or path, or null: a file of the batch. */
  readonly path: string | null;
  readonly containers: readonly Container[];
}

/** One combination of levels. */
export interface Cell {
  /** Its number in the plan, from 0. */
  readonly index: number;
  /** One a factor, in the order of the experiment's factors. */
  readonly levels: readonly Level[];
  readonly workload: CellWorkload;
  /** A built-in policy by name, or a policy file's path; undefined: the workload's. */
  readonly policy: string | undefined;
  readonly kernel: string | undefined;
}

/** Cells that differ only in the factor that is compared, in the order of its levels. */
export interface Block {
  readonly index: number;
  readonly cells: readonly Cell[];
}

/** Everything that is to be played, in its order. */
export interface Plan {
  readonly experiment: Experiment;
  readonly blocks: readonly Block[];
  readonly cells: readonly Cell[];
  readonly workloads: readonly CellWorkload[];
  /** Names of all containers of all cells. */
  readonly containers: readonly string[];
  /** sha256 over all that determines the outcome of each run; not over how many there are. */
  readonly hash: string;
}
