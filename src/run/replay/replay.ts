/** A run played again, and whether it is the same. */
import type { RunObserver } from '../drive.js';
import type { NamedRun } from '../named_run.js';
import type { ObservedSystem } from '../observed_system.js';
import type { PlayOptions } from '../play.js';
import type { RunResult } from '../result.js';
import { runWorkload } from '../run.js';
import type { RunOutcome } from '../token.js';

/**
 * same: everything known of the run is as it was. different: something is not. unknown: nothing is
 * known of the run that could be compared, or the replay was interrupted before that.
 */
export type ReplayVerdict = 'same' | 'different' | 'unknown';

export interface ReplayReport {
  readonly verdict: ReplayVerdict;
  /** What differs, a sentence each. */
  readonly differences: readonly string[];
  readonly expected: RunOutcome | null;
  readonly result: RunResult;
  /** What was let pass by force. */
  readonly misfits: readonly string[];
}

/**
 * Plays a run again to its end; one that was interrupted goes on from where it stopped.
 * @throws InputError, OutputError as runWorkload()
 */
export async function replayRun(
  run: NamedRun,
  options: PlayOptions = {},
  observers: readonly RunObserver[] = [],
): Promise<ReplayReport> {
  const { source, choices, outcome: expected, misfits } = run;
  const check = new FingerprintCheck(expected);
  const playOptions = {
    ...options,
    ...choices,
    ...(expected === null
      ? {}
      : { ingredients: expected.ingredients, pauseAtEvents: expected.events }),
  };
  const result = await runWorkload(source, playOptions, [check, ...observers]);
  const differences = check.differences(result);
  const verdict = differences.length > 0 ? 'different' : check.isDone(result) ? 'same' : 'unknown';
  return { verdict, differences, expected, result, misfits };
}

/** Compares the fingerprint after as many events as the run is known to have had. */
class FingerprintCheck implements RunObserver {
  readonly #expected: RunOutcome | null;
  #found: string | null = null;

  constructor(expected: RunOutcome | null) {
    this.#expected = expected;
  }

  slice({ events, fingerprint }: ObservedSystem): void {
    if (this.#found === null && events === this.#expected?.events) {
      this.#found = fingerprint.digest();
    }
  }

  isDone(result: RunResult): boolean {
    if (this.#expected === null || this.#found === null) return false;
    return this.#expected.partial || result.endedBy !== 'interrupted';
  }

  differences({ events, endedBy }: RunResult): string[] {
    const expected = this.#expected;
    if (expected === null) return [];
    const { fingerprint } = expected;
    if (this.#found !== null && this.#found !== fingerprint) {
      const after = `after ${expected.events} events`;
      return [`the fingerprint ${after} is ${this.#found}; the run's was ${fingerprint}`];
    }
    if (endedBy !== 'interrupted' && events < expected.events) {
      return [`it ended after ${events} events; the run had ${expected.events}`];
    }
    if (!expected.partial && events > expected.events) {
      return [`it went on to ${events} events; the run ended after ${expected.events}`];
    }
    return [];
  }
}
