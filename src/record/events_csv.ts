import {
  TRACE_NAMES,
  type TraceContext,
  type TraceName,
  type Tracepoints,
} from '../kernel/trace.js';
import type { FileCalls } from './append_file.js';
import { CsvWriter, csvCell } from './csv_writer.js';
import { KeptLine } from './kept_line.js';
import { type KnownText, KnownTexts, NUMBER_BYTES_MAX, putNumber } from './text_bytes.js';

export const EVENT_COLUMNS = ['time_ns', 'seq', 'event', 'pid', 'comm', 'cgroup', 'args'] as const;

const COMMA = 44;
const QUOTE = 34;

/** The kernel's log has a file of its own. */
const RECORDED = TRACE_NAMES.filter((name) => name !== 'oomsim:printk');

/** Rows that are written at once: the code that does it has to be fetched anew for each of them. */
const BATCH_ROWS = 256;

interface Hit {
  readonly rows: EventRows;
  readonly context: TraceContext;
  readonly fields: Record<string, unknown>;
}

/** events.csv: one row a tracepoint, in the order in which they were hit. */
export class EventsCsv {
  readonly #csv: CsvWriter;
  /** Hits that have not become rows yet. */
  readonly #hits: Hit[] = [];

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string, calls?: FileCalls) {
    this.#csv = new CsvWriter(path, EVENT_COLUMNS, calls);
  }

  /** Records from now on. */
  attach(trace: Tracepoints): void {
    const common = { stamp: new Stamp(), tasks: new Tasks(), texts: new KnownTexts(fieldText) };
    for (const name of RECORDED) {
      let rows: EventRows | null = null; // most tracepoints are never hit
      trace.subscribe([name], (_name, context, fields) => {
        rows ??= new EventRows(name, common);
        if (this.#hits.push({ rows, context, fields }) === BATCH_ROWS) this.#writeHits();
      });
    }
  }

  /** @throws OutputError */
  flush(): void {
    this.#writeHits();
    this.#csv.flush();
  }

  /** @throws OutputError */
  close(): void {
    try {
      this.#writeHits();
    } finally {
      this.#csv.close();
    }
  }

  #writeHits(): void {
    const hits = this.#hits.splice(0);
    for (const { rows, context, fields } of hits) rows.add(this.#csv, context, fields);
  }
}

/** `time_ns,seq`: the rows of one event of the engine have it in common. */
class Stamp {
  readonly bytes = new Uint8Array(2 * NUMBER_BYTES_MAX);
  #length = 0;
  #timeNs = -1;
  #seq = -1;

  /** Sets it; returns its length. */
  set({ timeNs, seq }: TraceContext): number {
    if (seq !== this.#seq || timeNs !== this.#timeNs) {
      const comma = putNumber(this.bytes, 0, timeNs);
      this.bytes[comma] = COMMA;
      this.#length = putNumber(this.bytes, comma + 1, seq);
      this.#timeNs = timeNs;
      this.#seq = seq;
    }
    return this.#length;
  }
}

interface TaskText {
  readonly pid: number;
  readonly comm: string;
  readonly cgroup: string;
  readonly bytes: Uint8Array;
}

/** Tasks whose texts are kept, by pid: a power of two. */
const TASKS_KEPT = 1024;

/** `pid,comm,cgroup,` of those who run. */
class Tasks {
  readonly #kept: TaskText[] = [];

  bytesOf({ pid, comm, cgroup }: TraceContext): Uint8Array {
    const slot = pid & (TASKS_KEPT - 1);
    const kept = this.#kept[slot];
    if (kept?.pid === pid && kept.comm === comm && kept.cgroup === cgroup) return kept.bytes;
    const bytes = Buffer.from(`${pid},${csvCell(comm)},${csvCell(cgroup)},`);
    this.#kept[slot] = { pid, comm, cgroup, bytes };
    return bytes;
  }
}

/** A field of a tracepoint, and its value in the row written last. */
interface Field {
  readonly key: string;
  /** The name as it is written before the value. */
  readonly label: Uint8Array;
  /** NaN: it is a text. */
  number: number;
  text: string | null;
  /** Its text makes the cell of all fields one that has to be quoted. */
  isQuoted: boolean;
}

/** What the rows of all tracepoints have in common. */
interface Common {
  readonly stamp: Stamp;
  readonly tasks: Tasks;
  /** Of fields. */
  readonly texts: KnownTexts;
}

/**
 * The rows of one tracepoint. A run has about as many rows as events, and they are much the same:
 * what was written before is kept as bytes, and only what has changed is written anew.
 */
class EventRows {
  readonly #event: Uint8Array;
  readonly #fields: Field[] = [];
  readonly #args = new KeptLine();
  /** Fields whose text wants quotes around them all. */
  #quotedFields = 0;

  constructor(
    name: TraceName,
    private readonly common: Common,
  ) {
    this.#event = Buffer.from(`,${name},`);
  }

  /** Adds a row. */
  add(csv: CsvWriter, context: TraceContext, fields: Record<string, unknown>): void {
    this.#putFields(fields);
    const { stamp, tasks } = this.common;
    const stampLength = stamp.set(context);
    const event = this.#event;
    const task = tasks.bytesOf(context);
    const args = this.#args.bytes;
    const row = csv.room(stamp.bytes.length + event.length + task.length + args.length + 2);
    let at = csv.used;
    // Each part is overwritten by the next one where it is too long.
    row.set(stamp.bytes, at);
    at += stampLength;
    row.set(event, at);
    at += event.length;
    row.set(task, at);
    at += task.length;
    const isQuoted = this.#quotedFields > 0;
    if (isQuoted) row[at++] = QUOTE;
    row.set(args, at);
    at += this.#args.length;
    if (isQuoted) row[at++] = QUOTE;
    csv.addRow(at);
  }

  /** Brings all fields up to date. */
  #putFields(fields: Record<string, unknown>): void {
    const last = this.#fields;
    let count = 0;
    for (const key in fields) {
      const value = fields[key];
      if (typeof value === 'function') continue;
      const field = last[count];
      if (field === undefined || field.key !== key || !isShown(field, value)) {
        this.#putField(count, key, value);
      }
      count += 1;
    }
    if (count < last.length) this.#cut(count);
  }

  #putField(index: number, key: string, value: unknown): void {
    let field = this.#fields[index];
    if (field === undefined || field.key !== key) {
      this.#cut(index); // fields nearly always come in the same order
      const label = Buffer.from(`${index === 0 ? '' : ' '}${key}=`);
      field = { key, label, number: Number.NaN, text: null, isQuoted: false };
      this.#fields[index] = field;
    }
    if (typeof value === 'number' || typeof value === 'boolean') {
      field.number = Number(value);
      field.text = null;
      this.#setQuoted(field, false);
      this.#args.setNumber(index, field.label, field.number);
      return;
    }
    const text = String(value);
    const { bytes, isQuoted } = this.common.texts.get(text);
    field.number = Number.NaN;
    field.text = text;
    this.#setQuoted(field, isQuoted);
    this.#args.setText(index, field.label, bytes);
  }

  #setQuoted(field: Field, isQuoted: boolean): void {
    if (isQuoted !== field.isQuoted) this.#quotedFields += isQuoted ? 1 : -1;
    field.isQuoted = isQuoted;
  }

  #cut(count: number): void {
    for (const field of this.#fields.splice(count)) this.#setQuoted(field, false);
    this.#args.cut(count);
  }
}

/** Kinds of value are told apart first: comparing what may be anything costs a call. */
function isShown(field: Field, value: unknown): boolean {
  if (typeof value === 'number') return value === field.number;
  if (typeof value === 'string') return value === field.text;
  return typeof value === 'boolean' && field.number === (value ? 1 : 0);
}

/** A field's text as a part of the cell of all fields: without the quotes around that cell. */
function fieldText(text: string): KnownText {
  const formatted = formatValue(text);
  const cell = csvCell(formatted);
  if (cell === formatted) return { bytes: Buffer.from(cell), isQuoted: false };
  return { bytes: Buffer.from(cell.slice(1, -1)), isQuoted: true };
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
