import {
  TRACE_NAMES,
  type TraceContext,
  type TraceName,
  type Tracepoints,
} from '../kernel/trace.js';
import { CsvWriter } from './csv_writer.js';
import { PLAIN, type TextBytes } from './text_bytes.js';

const SPACE = 32;
const EQUALS = 61;

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
    const csv = this.#csv;
    csv.cell(context.timeNs);
    csv.cell(context.seq);
    csv.cell(name);
    csv.cell(context.pid);
    csv.cell(context.comm);
    csv.cell(context.cgroup);
    csv.composed(fields, addPlainArgs, formatArgs);
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

/** Does the same for fields that need no quotes; false if one does. */
function addPlainArgs(bytes: TextBytes, fields: Record<string, unknown>): boolean {
  const begin = bytes.length;
  for (const key in fields) {
    const value = fields[key];
    if (typeof value === 'function') continue;
    if (bytes.length > begin) bytes.character(SPACE);
    if (!bytes.plain(key, PLAIN)) return false;
    bytes.character(EQUALS);
    if (typeof value === 'number') bytes.number(value);
    else if (typeof value === 'boolean') bytes.number(value ? 1 : 0);
    else if (!bytes.plain(String(value), PLAIN)) return false;
  }
  return true;
}

function formatValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const text = String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
