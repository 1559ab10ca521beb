import type { RunObserver } from '../run/drive.js';
import type { ObservedSystem } from '../run/observed_system.js';
import { formatCount, formatSeconds } from '../run/summary.js';

const INTERVAL_MS = 1000;

/** How far a run is, in plain lines on stderr, about one a second. */
export class Progress implements RunObserver {
  readonly #write: (line: string) => void;
  #shownMs = performance.now();
  #isShown = false;

  /** @param write takes a whole line */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  slice(system: ObservedSystem): void {
    const isOver = system.endedBy !== null;
    const nowMs = performance.now();
    if (!isOver && nowMs - this.#shownMs < INTERVAL_MS) return;
    if (isOver && !this.#isShown) return; // a short run needs no progress, its summary follows
    this.#shownMs = nowMs;
    this.#isShown = true;
    const time = `${formatSeconds(system.nowNs)} of ${formatSeconds(system.workload.untilNs)}`;
    const { kills } = system.machine();
    this.#write(`oomsim: ${time}, ${formatCount(system.events)} events, ${kills} killed\n`);
  }
}
