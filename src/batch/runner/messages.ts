/** What goes to those who play runs, and what comes back: plain data, as threads exchange it. */
import type { PolicySource } from '../../run/policy/sandbox.js';
import type { Workload } from '../../workload/types.js';
import type { Container } from '../experiment/types.js';

/** Some runs of one cell. Nothing in it has to be read or compiled by those who play it. */
export interface Batch {
  readonly cell: number;
  readonly workload: Workload;
  /** sha256 of the workload's text, in hex. */
  readonly hash: string;
  readonly containers: readonly Container[];
  /** undefined: the workload's. */
  readonly policy: string | PolicySource | undefined;
  readonly kernel: string | undefined;
  readonly seed: string;
  /** Run numbers, ascending. */
  readonly runs: readonly number[];
  /** Check the invariants of the model on the way. */
  readonly check: boolean;
}

/** How a run ended: a panic is an outcome, a failure is a bug or a limit of this machine. */
export type RunStatus = 'ok' | 'panic' | 'failed';

/** One run, played. */
export interface PlayedRun {
  readonly run: number;
  readonly status: RunStatus;
  readonly endedBy: string;
  readonly events: number;
  readonly simulatedNs: number;
  /** In the order of valueColumns() of the batch's containers; empty if it failed. */
  readonly values: Float64Array;
  readonly token: string;
  /** Why it failed, in one line, or ''. */
  readonly error: string;
}
