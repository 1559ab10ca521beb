import type { Tracepoints } from '../kernel/trace.js';
import { formatLogLine } from '../record/kernel_log.js';

/** The last lines of the kernel log. */
export class LogTail {
  readonly lines: string[] = [];
  readonly #linesMax: number;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  attach(trace: Tracepoints): void {
    trace.subscribe(['oomsim:printk'], (_name, { timeNs }, { line }) => {
      this.lines.push(formatLogLine(timeNs, String(line)));
      if (this.lines.length > this.#linesMax) this.lines.shift();
    });
  }
}
