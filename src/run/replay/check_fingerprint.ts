import type { RunObserver } from '../drive.js';
import type { ObservedSystem } from '../observed_system.js';
import type { RunResult } from '../result.js';
import { formatCount } from '../summary.js';
import type { RunOutcome } from '../token.js';

/** Compares the fingerprint after as many events as the run is known to have had. */
export class FingerprintCheck implements RunObserver {
  readonly #expected: RunOutcome | null;
  #found: string | null = null;

  /** @param reached called after so many events */
  constructor(
    expected: RunOutcome | null,
    private readonly reached: () => void,
  ) {
    this.#expected = expected;
  }

  slice({ events, fingerprint }: ObservedSystem): void {
    if (this.#found === null && events === this.#expected?.events) {
      this.#found = fingerprint.digest();
      this.reached();
    }
  }

  /** Whether there was something to compare, and the replay came that far. */
  isDone(result: RunResult): boolean {
    if (this.#expected === null || this.#found === null) return false;
    return this.#expected.partial || result.endedBy !== 'interrupted';
  }

  differences({ events, endedBy }: RunResult): string[] {
    const expected = this.#expected;
    if (expected === null) return [];
    const { fingerprint, partial } = expected;
    const known = formatCount(expected.events);
    if (this.#found !== null && this.#found !== fingerprint) {
      return [`the fingerprint after ${known} events is ${this.#found}, it was ${fingerprint}`];
    }
    if (endedBy !== 'interrupted' && events < expected.events) {
      return [`it ended after ${formatCount(events)} events, it had ${known}`];
    }
    if (!partial && events > expected.events) {
      return [`it went on to ${formatCount(events)} events, it ended after ${known}`];
    }
    return [];
  }
}
