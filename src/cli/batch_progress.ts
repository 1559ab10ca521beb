import { durationText } from '../batch/report/numbers.js';
import { formatCount } from '../run/summary.js';

const BAR_CELLS = 28;
const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 5000;

/** How far a batch is: a bar that redraws itself on a terminal, else a line now and then. */
export class BatchProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #hasBar: boolean;
  readonly #beginMs = performance.now();
  readonly #doneBefore: number;
  #shownMs = 0;
  #width = 0;

  /** @param doneBefore runs of earlier batches: they say nothing of the rate. */
  constructor(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv, doneBefore: number) {
    this.#stream = stream;
    this.#hasBar = stream.isTTY === true && environment.TERM !== 'dumb' && !environment.CI;
    this.#doneBefore = doneBefore;
  }

  show(done: number, total: number, failed: number): void {
    const nowMs = performance.now() - this.#beginMs;
    const interval = this.#hasBar ? BAR_INTERVAL_MS : LINE_INTERVAL_MS;
    if (nowMs - this.#shownMs < interval) return;
    this.#shownMs = nowMs;
    const perSecond = (1000 * (done - this.#doneBefore)) / nowMs;
    const text = `${progressText(done, total, perSecond)}${failed === 0 ? '' : `, ${failed} FAILED`}`;
    if (!this.#hasBar) this.#stream.write(`oomsim: ${text}\n`);
    else this.#redraw(`${bar(done / total)} ${text}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#width > 0) this.#redraw('');
    if (this.#width > 0) this.#stream.write('\r');
  }

  #redraw(line: string): void {
    const shown = line.slice(0, (this.#stream.columns || 80) - 1);
    this.#stream.write(`\r${shown.padEnd(this.#width)}`);
    this.#width = shown.length;
  }
}

/** `1,234 of 2,400 runs, 210/s, 6 s left` */
export function progressText(done: number, total: number, perSecond: number): string {
  const left = perSecond > 0 ? `, ${durationText((total - done) / perSecond)} left` : '';
  const rate = perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1);
  return `${formatCount(done)} of ${formatCount(total)} runs, ${rate}/s${left}`;
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${Math.floor(share * 100)}%`;
}
