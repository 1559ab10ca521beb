import {
  TRACE_NAMES,
  type TraceContext,
  type TraceName,
  type Tracepoints,
} from '../kernel/trace.js';
import { CsvWriter } from './csv_writer.js';

export const EVENT_COLUMNS = ['time_ns', 'seq', 'event', 'pid', 'comm', 'cgroup', 'args'] as const;

/** The kernel's log has a file of its own. */
const RECORDED = TRACE_NAMES.filter((name) => name !== 'oomsim:printk');

/** events.csv: one row a tracepoint, in the order in which they were hit. */
export class EventsCsv {
  readonly #csv: CsvWriter;

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string) {
    this.#csv = new CsvWriter(path, EVENT_COLUMNS);
  }

  /** Records from now on. */
  attach(trace: Tracepoints): void {
    trace.subscribe(RECORDED, (name, context, fields) => this.#record(name, context, fields));
  }

  /** @throws OutputError */
  flush(): void {
    this.#csv.flush();
  }

  /** @throws OutputError */
  close(): void {
    this.#csv.close();
  }

  #record(name: TraceName, context: TraceContext, fields: Record<string, unknown>): void {
    const { timeNs, seq, pid, comm, cgroup } = context;
    this.#csv.row([timeNs, seq, name, pid, comm, cgroup, formatArgs(fields)]);
  }
}

/**
 * `key=value` pairs as ftrace prints them, booleans as 0 and 1. Unlike ftrace, a text that holds a
 * space, a quote or an equals sign is quoted as in JSON, so that the pairs can be read back. Fields
 * that are computed only on demand (a function) are left out.
 */
export function formatArgs(fields: Record<string, unknown>): string {
  let text = '';
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value === 'function') continue;
    text += `${text === '' ? '' : ' '}${key}=${formatValue(value)}`;
  }
  return text;
}

function formatValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const text = String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
