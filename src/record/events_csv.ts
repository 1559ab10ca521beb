import {
  TRACE_NAMES,
  type TraceContext,
  type TraceName,
  type Tracepoints,
} from '../kernel/trace.js';
import type { FileCalls } from './append_file.js';
import { CsvWriter } from './csv_writer.js';
import { KnownTexts, NUMBER_BYTES_MAX, PLAIN, PLAIN_IN_CELL, putNumber } from './text_bytes.js';

const COMMA = 44;
/** An ordinary row, and what its arguments and the names of the task and its cgroup may take. */
const ROW_BYTES_MAX = 1024;
const ARGS_BYTES_MAX = 512;
const NAMES_BYTES_MAX = 256;

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
    const stamp = new Stamp();
    for (const name of RECORDED) {
      let rows: EventRows | null = null; // most tracepoints are never hit
      trace.subscribe([name], (_name, context, fields) => {
        rows ??= new EventRows(name, stamp);
        rows.add(this.#csv, context, fields);
      });
    }
  }

  /** @throws OutputError */
  flush(): void {
    this.#csv.flush();
  }

  /** @throws OutputError */
  close(): void {
    this.#csv.close();
  }
}

/** `time_ns,seq`: the rows of one event of the engine have it in common. */
class Stamp {
  #timeNs = -1;
  #seq = -1;
  readonly #text = new Uint8Array(2 * NUMBER_BYTES_MAX);
  #length = 0;

  put(bytes: Uint8Array, at: number, timeNs: number, seq: number): number {
    if (timeNs !== this.#timeNs || seq !== this.#seq) {
      const comma = putNumber(this.#text, 0, timeNs);
      this.#text[comma] = COMMA;
      this.#length = putNumber(this.#text, comma + 1, seq);
      this.#timeNs = timeNs;
      this.#seq = seq;
    }
    bytes.set(this.#text, at); // what is too much of it is overwritten by what follows
    return at + this.#length;
  }
}

/** `comm,cgroup`: neighbouring rows of a tracepoint mostly have both in common. */
class Names {
  readonly #texts = new KnownTexts(PLAIN_IN_CELL);
  #comm: string | null = null;
  #cgroup: string | null = null;
  readonly #text = new Uint8Array(NAMES_BYTES_MAX);
  /** −1: they need quotes, or are too long. */
  #length = -1;

  put(bytes: Uint8Array, at: number, comm: string, cgroup: string): number {
    if (comm !== this.#comm || cgroup !== this.#cgroup) {
      this.#length = this.#write(comm, cgroup);
      this.#comm = comm;
      this.#cgroup = cgroup;
    }
    if (this.#length < 0) return -1;
    bytes.set(this.#text, at); // what is too much of it is overwritten by what follows
    return at + this.#length;
  }

  #write(comm: string, cgroup: string): number {
    const commBytes = this.#texts.bytesOf(comm);
    const cgroupBytes = this.#texts.bytesOf(cgroup);
    if (commBytes === null || cgroupBytes === null) return -1;
    const length = commBytes.length + 1 + cgroupBytes.length;
    if (length > NAMES_BYTES_MAX) return -1;
    this.#text.set(commBytes);
    this.#text[commBytes.length] = COMMA;
    this.#text.set(cgroupBytes, commBytes.length + 1);
    return length;
  }
}

/** A field of a tracepoint, and how it stands in the row written last. */
interface Field {
  readonly key: string;
  /** The name as it is written before the value. */
  readonly label: Uint8Array;
  readonly texts: KnownTexts;
  value: unknown;
  /** Where it is in the text of all fields; −1: nowhere. */
  start: number;
  end: number;
}

/**
 * The rows of one tracepoint. A run has about as many rows as events, and they are much the same:
 * what was written before is kept as bytes, and only what has changed is written anew.
 */
class EventRows {
  readonly #event: Uint8Array;
  readonly #names = new Names();
  readonly #fields: Field[] = [];
  /** The text of all fields in the row written last. */
  readonly #args = new Uint8Array(ARGS_BYTES_MAX);

  constructor(
    private readonly name: TraceName,
    private readonly stamp: Stamp,
  ) {
    this.#event = Buffer.from(`,${name},`);
  }

  /** Adds a row. */
  add(csv: CsvWriter, context: TraceContext, fields: Record<string, unknown>): void {
    const bytes = csv.room(ROW_BYTES_MAX);
    const end = this.#put(bytes, csv.used, context, fields);
    if (end >= 0) {
      csv.addRow(end);
      return;
    }
    const { timeNs, seq, pid, comm, cgroup } = context;
    csv.row([timeNs, seq, this.name, pid, comm, cgroup, formatArgs(fields)]);
  }

  /** Writes a row in which nothing needs quotes; -1 if something does, or it is too long. */
  #put(
    bytes: Uint8Array,
    from: number,
    { timeNs, seq, pid, comm, cgroup }: TraceContext,
    fields: Record<string, unknown>,
  ): number {
    const args = this.#putArgs(fields);
    if (args < 0) return -1;
    let at = this.stamp.put(bytes, from, timeNs, seq);
    bytes.set(this.#event, at);
    at = putNumber(bytes, at + this.#event.length, pid);
    bytes[at++] = COMMA;
    at = this.#names.put(bytes, at, comm, cgroup);
    if (at < 0) return -1;
    bytes[at++] = COMMA;
    bytes.set(this.#args, at);
    return at + args;
  }

  /** Brings the text of all fields up to date; returns its length, or -1 as #put() does. */
  #putArgs(fields: Record<string, unknown>): number {
    let at = 0;
    let i = 0;
    for (const key in fields) {
      const value = fields[key];
      if (typeof value === 'function') continue;
      const field = this.#field(i++, key);
      if (field.value !== value || field.start !== at) {
        const end = putField(this.#args, at, field, value);
        if (end < 0) {
          this.#fields.length = 0; // what was written may reach into those behind
          return -1;
        }
        field.value = value;
        field.start = at;
        field.end = end;
      }
      at = field.end;
    }
    return at;
  }

  /** Fields nearly always come in the same order: each has its place among them. */
  #field(i: number, key: string): Field {
    const known = this.#fields[i];
    if (known !== undefined && known.key === key) return known;
    const label = Buffer.from(`${i === 0 ? '' : ' '}${key}=`);
    const texts = new KnownTexts(PLAIN);
    const field = { key, label, texts, value: null, start: -1, end: -1 };
    this.#fields[i] = field;
    return field;
  }
}

/** Writes a field; -1 if its text needs quotes or there is no room. */
function putField(bytes: Uint8Array, from: number, field: Field, value: unknown): number {
  const { label, texts } = field;
  if (from + label.length + NUMBER_BYTES_MAX > bytes.length) return -1;
  bytes.set(label, from);
  const at = from + label.length;
  if (typeof value === 'number') return putNumber(bytes, at, value);
  if (typeof value === 'boolean') return putNumber(bytes, at, value ? 1 : 0);
  const text = texts.bytesOf(String(value));
  if (text === null || at + text.length > bytes.length) return -1;
  bytes.set(text, at);
  return at + text.length;
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
