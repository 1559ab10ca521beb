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

/** events.csv: one row a tracepoint, in the order in which they were hit. */
export class EventsCsv {
  readonly #csv: CsvWriter;
  /** Hits that have not become rows yet: whose rows they will be, who ran, and the fields. */
  readonly #rowsOf: EventRows[] = [];
  readonly #contexts: TraceContext[] = [];
  readonly #fields: Record<string, unknown>[] = [];
  #hitCount = 0;

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string, calls?: FileCalls) {
    this.#csv = new CsvWriter(path, EVENT_COLUMNS, calls);
  }

  /** Records from now on. */
  attach(trace: Tracepoints): void {
    const common = { start: new RowStart(), texts: new KnownTexts(fieldText) };
    for (const name of RECORDED) {
      let rows: EventRows | null = null; // most tracepoints are never hit
      trace.subscribe([name], (_name, context, fields) => {
        rows ??= new EventRows(name, common);
        const hit = this.#hitCount++;
        this.#rowsOf[hit] = rows;
        this.#contexts[hit] = context;
        this.#fields[hit] = fields;
        if (this.#hitCount === BATCH_ROWS) this.#writeHits();
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
    const count = this.#hitCount;
    this.#hitCount = 0; // the first row that cannot be written ends the run
    for (let hit = 0; hit < count; hit++) {
      this.#rowsOf[hit]!.add(this.#csv, this.#contexts[hit]!, this.#fields[hit]!);
    }
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

/** What stands before and behind the tracepoint's name: most events of the engine have several rows. */
class RowStart {
  /** `time_ns,seq`, in the first `stampLength` bytes. */
  readonly stamp = new Uint8Array(2 * NUMBER_BYTES_MAX);
  stampLength = 0;
  /** `pid,comm,cgroup,` of whoever runs. */
  task: Uint8Array = new Uint8Array();
  #context: TraceContext | null = null;
  readonly #tasks: TaskText[] = [];

  set(context: TraceContext): void {
    if (context === this.#context) return;
    const { timeNs, seq } = context;
    if (seq !== this.#context?.seq || timeNs !== this.#context.timeNs) {
      const comma = putNumber(this.stamp, 0, timeNs);
      this.stamp[comma] = COMMA;
      this.stampLength = putNumber(this.stamp, comma + 1, seq);
    }
    this.task = this.#taskOf(context);
    this.#context = context;
  }

  #taskOf({ pid, comm, cgroup }: TraceContext): Uint8Array {
    const slot = pid & (TASKS_KEPT - 1);
    const kept = this.#tasks[slot];
    if (kept?.pid === pid && kept.comm === comm && kept.cgroup === cgroup) return kept.bytes;
    const bytes = Buffer.from(`${pid},${csvCell(comm)},${csvCell(cgroup)},`);
    this.#tasks[slot] = { pid, comm, cgroup, bytes };
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
  readonly start: RowStart;
  /** Of fields. */
  readonly texts: KnownTexts;
}

/**
 * The rows of one tracepoint. A run has about as many rows as events, and they are much the same:
 * what was written before is kept as bytes, and only what has changed is written anew.
 */
class EventRows {
  /** What is before the task. */
  readonly #event: Uint8Array;
  readonly #fields: Field[] = [];
  /** The last row, from `#event` on: the task, and the fields behind it. */
  readonly #line = new KeptLine();
  #task: Uint8Array | null = null;
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
    const { start } = this.common;
    start.set(context);
    const line = this.#line;
    if (start.task !== this.#task) {
      this.#task = start.task;
      line.setText(0, this.#event, start.task);
    }
    this.#putFields(fields);
    const { stamp, stampLength } = start;
    const row = csv.room(stamp.length + line.bytes.length + 2);
    const at = csv.used + stampLength;
    row.set(stamp, csv.used);
    row.set(line.bytes, at); // over what was too much of the stamp
    let end = at + line.length;
    if (this.#quotedFields > 0) end = putQuotes(row, at + line.startOf(1), end);
    csv.addRow(end);
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
      this.#line.setNumber(index + 1, field.label, field.number);
      return;
    }
    const text = String(value);
    const { bytes, isQuoted } = this.common.texts.get(text);
    field.number = Number.NaN;
    field.text = text;
    this.#setQuoted(field, isQuoted);
    this.#line.setText(index + 1, field.label, bytes);
  }

  #setQuoted(field: Field, isQuoted: boolean): void {
    if (isQuoted !== field.isQuoted) this.#quotedFields += isQuoted ? 1 : -1;
    field.isQuoted = isQuoted;
  }

  #cut(count: number): void {
    for (const field of this.#fields.splice(count)) this.#setQuoted(field, false);
    this.#line.cut(count + 1);
  }
}

/** Puts quotes around what is in between. @returns where it ends then */
function putQuotes(row: Uint8Array, start: number, end: number): number {
  row.copyWithin(start + 1, start, end);
  row[start] = QUOTE;
  row[end + 1] = QUOTE;
  return end + 2;
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
