import type { Checkpoint } from '../../record/checkpoints_csv.js';
import type { System } from '../boot.js';
import { identityOf, type RunChoices, type WorkloadSource } from '../identity.js';
import { bootRun } from '../run.js';
import { formatIdentity } from '../token.js';

/** One of two runs that are compared: it can be played again from its beginning. */
export interface Side {
  /** What tells it from the other, for people: `policy process`, or the name it was given. */
  readonly name: string;
  readonly source: WorkloadSource;
  readonly choices: RunChoices;
  /** Its run folder, if it was named by that. */
  readonly dir: string | null;
  /** What its folder tells about its course; empty: nothing. */
  readonly checkpoints: readonly Checkpoint[];
}

export function tokenOf({ source, choices }: Side): string {
  return formatIdentity(identityOf(source, choices));
}

/** The run before its first event. @param drawTally counts the draws of each random stream */
export function bootSide({ source, choices }: Side, drawTally?: Map<string, number>): System {
  return bootRun(source, drawTally === undefined ? choices : { ...choices, drawTally });
}

/** Plays on until so many events have happened since the beginning, or the run ends. */
export function playTo(system: System, events: number): void {
  if (events > system.events) system.advance(Number.POSITIVE_INFINITY, events - system.events);
}
