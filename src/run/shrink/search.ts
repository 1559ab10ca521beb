import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Data } from './tree.js';

export interface SearchOptions {
  /** Candidates that are played at most: a limit that does not depend on the machine's speed. */
  readonly runsMax: number;
  /** Ends the search; the best so far stays. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a candidate was taken, or just played. */
  readonly onRun?: (search: Search) => void;
}

/** Real time after which signals get their turn. */
const TURN_MS = 20;

/** The smallest that was found so far, and the way on from there. */
export class Search {
  best: Data;
  /** Candidates played so far. */
  runs = 0;
  readonly #shows: (candidate: Data) => boolean;
  readonly #options: SearchOptions;
  readonly #known = new Set<string>();
  #turnMs = performance.now();

  /** @param shows plays a candidate; false for one that is no workload */
  constructor(start: Data, shows: (candidate: Data) => boolean, options: SearchOptions) {
    this.best = start;
    this.#shows = shows;
    this.#options = options;
  }

  /** Nothing more is tried. */
  get isOver(): boolean {
    return this.runs >= this.#options.runsMax || (this.#options.signal?.aborted ?? false);
  }

  /** Takes a candidate if it still shows the property. Each is played once. */
  async take(candidate: Data): Promise<boolean> {
    if (this.isOver) return false;
    const text = JSON.stringify(candidate);
    if (this.#known.has(text)) return false; // the best, or one that did not show it
    this.#known.add(text);
    await this.#breathe();
    this.runs += 1;
    const shown = this.#shows(candidate);
    if (shown) this.best = candidate;
    this.#options.onRun?.(this);
    return shown;
  }

  async #breathe(): Promise<void> {
    if (performance.now() - this.#turnMs < TURN_MS) return;
    await nextTurn();
    this.#turnMs = performance.now();
  }
}
