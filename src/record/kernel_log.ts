import type { Tracepoints } from '../kernel/trace.js';
import { AppendFile, type FileCalls } from './append_file.js';

const NS_PER_S = 1_000_000_000;
const NS_PER_US = 1000;

/** A line as dmesg prints it: `[%5lu.%06lu] line`. @param timeNs since boot */
export function formatLogLine(timeNs: number, line: string): string {
  const seconds = Math.floor(timeNs / NS_PER_S);
  const microseconds = Math.floor((timeNs % NS_PER_S) / NS_PER_US);
  const stamp = `${String(seconds).padStart(5)}.${String(microseconds).padStart(6, '0')}`;
  return `[${stamp}] ${line}`;
}

/** kernel.log: the simulated kernel's printk lines, as `dmesg` would show them. */
export class KernelLog {
  readonly #file: AppendFile;
  #pending = '';

  /**
   * @param token of the run: told on the first line, as a driver of that name would
   * @throws OutputError when the file cannot be created
   */
  constructor(path: string, token: string, calls?: FileCalls) {
    this.#file = new AppendFile(path, calls);
    this.append(0, `oomsim: ${token}`);
  }

  /** Records from now on. */
  attach(trace: Tracepoints): void {
    trace.subscribe(['oomsim:printk'], (_name, context, fields) => {
      this.append(context.timeNs, String(fields.line));
    });
  }

  /** Adds one line. @param timeNs since boot */
  append(timeNs: number, line: string): void {
    this.#pending += `${formatLogLine(timeNs, line)}\n`;
  }

  /** @throws OutputError */
  flush(): void {
    const text = this.#pending;
    this.#pending = '';
    this.#file.append(text);
  }

  /** @throws OutputError */
  close(): void {
    try {
      this.flush();
    } finally {
      this.#file.close();
    }
  }
}
