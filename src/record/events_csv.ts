import {
  TRACE_NAMES,
  type TraceContext,
  type TraceName,
  type Tracepoints,
} from '../kernel/trace.js';
import type { FileCalls } from './append_file.js';
import { CsvWriter } from './csv_writer.js';
import { NUMBER_BYTES_MAX, PLAIN, putNumber, putPlain } from './text_bytes.js';

const SPACE = 32;
const EQUALS = 61;

export const EVENT_COLUMNS = ['time_ns', 'seq', 'event', 'pid', 'comm', 'cgroup', 'args'] as const;

/** The kernel's log has a file of its own. */
const RECORDED = TRACE_NAMES.filter((name) => name !== 'oomsim:printk');

/** events.csv: one row a tracepoint, in the order in which they were hit. */
export class EventsCsv {
  readonly #csv: CsvWriter;

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string, calls?: FileCalls) {
    this.#csv = new CsvWriter(path, EVENT_COLUMNS, calls);
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
    const csv = this.#csv;
    const { timeNs, seq, pid, comm, cgroup } = context;
    csv.cells([timeNs, seq, name, pid, comm, cgroup]);
    csv.composed(fields, putPlainArgs, formatArgs);
    csv.endRow();
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

/** Does the same for fields that need no quotes, in place; -1 if one does, or it is too long. */
function putPlainArgs(bytes: Uint8Array, from: number, fields: Record<string, unknown>): number {
  let at = from;
  for (const key in fields) {
    const value = fields[key];
    if (typeof value === 'function') continue;
    if (at > from) bytes[at++] = SPACE;
    at = putPlain(bytes, at, key, PLAIN);
    if (at < 0 || at + NUMBER_BYTES_MAX + 2 > bytes.length) return -1;
    bytes[at++] = EQUALS;
    if (typeof value === 'number') at = putNumber(bytes, at, value);
    else if (typeof value === 'boolean') at = putNumber(bytes, at, value ? 1 : 0);
    else at = putPlain(bytes, at, String(value), PLAIN);
    if (at < 0 || at === bytes.length) return -1;
  }
  return at;
}

function formatValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const text = String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
