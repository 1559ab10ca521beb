import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from 'ink';
import type { RunObserver } from '../run/drive.js';
import type { ObservedSystem } from '../run/observed_system.js';
import { FRAME_MS, INK_OPTIONS } from './ink_options.js';
import { LogTail } from './log_tail.js';
import { AlternateScreen } from './screen.js';
import { isColorRefused } from './terminal.js';
import { viewOf } from './view.js';

export interface DashboardOptions {
  readonly seed: string;
  /** The repro token, as far as it is known before the end. */
  readonly token: string;
  /** Simulated seconds per real second; Infinity: as fast as it goes. */
  readonly speed: number;
  /** The user wants to end the run. */
  readonly quit: () => void;
  /** Aborted when the run is to end: pacing stops at once. */
  readonly signal: AbortSignal;
}

/** A dashboard on the terminal, fed by a run. */
export interface OpenDashboard extends RunObserver {
  /** Gives the terminal back as it was. */
  close(): void;
}

const LOG_LINES = 200;

/** Takes the terminal over. Ink is loaded only here, after the environment has been prepared. */
export async function openDashboard(options: DashboardOptions): Promise<OpenDashboard> {
  if (isColorRefused(process.env)) process.env.FORCE_COLOR = '0'; // Ink looks at this one only
  process.env.NODE_ENV ??= 'production'; // React's development build is slow and keeps records
  const { createElement } = await import('react');
  const { render } = await import('ink');
  const { App } = await import('./app.js');
  const screen = new AlternateScreen(process.stdout);
  const log = new LogTail(LOG_LINES);
  const pace = new Pace(options.speed, options.signal);
  let app: Instance | null = null;
  let drawnMs = 0;

  function draw(system: ObservedSystem): void {
    drawnMs = performance.now();
    const view = viewOf(system, { ...options, log: log.lines });
    const element = createElement(App, { view, quit: options.quit });
    if (app !== null) {
      app.rerender(element);
      return;
    }
    screen.enter();
    app = render(element, INK_OPTIONS);
  }

  return {
    begin(system) {
      log.attach(system.trace);
      draw(system);
    },
    async slice(system) {
      const isOver = system.endedBy !== null;
      if (isOver || performance.now() - drawnMs >= FRAME_MS) draw(system);
      if (!isOver) await pace.hold(system.nowNs);
    },
    close() {
      app?.unmount();
      screen.leave();
    },
  };
}

/** Holds simulated time back to a multiple of real time, so that people can follow it. */
class Pace {
  readonly #nsPerMs: number;
  readonly #signal: AbortSignal;
  readonly #startMs = performance.now();

  constructor(speed: number, signal: AbortSignal) {
    this.#nsPerMs = speed * 1_000_000;
    this.#signal = signal;
  }

  /** Waits until the real time of a simulated instant has come, or the signal. */
  async hold(nowNs: number): Promise<void> {
    const aheadMs = nowNs / this.#nsPerMs - (performance.now() - this.#startMs);
    if (aheadMs < 1 || this.#signal.aborted) return;
    await sleep(aheadMs, undefined, { signal: this.#signal }).catch(() => {}); // woken by the signal
  }
}
