import { createRequire } from 'node:module';
import type * as CsvStringify from 'csv-stringify/sync';
import { AppendFile, type FileCalls } from './append_file.js';
import { PLAIN_IN_CELL, putNumber, putPlain } from './text_bytes.js';

/** null is an empty cell; so is Infinity, which stands for «no limit». */
export type CsvCell = string | number | boolean | null;

/** Complete rows are written to the file once there are so many bytes of them. */
const CHUNK_BYTES = 65_536;
/** Room that is made before a cell: for a comma, a number, a short text. */
const ROOM_BYTES = 1024;
/** Enough for a short run; grows. */
const BYTES_AT_FIRST = 8192;
/** UTF-8 bytes of a UTF-16 code unit. */
const UNIT_BYTES_MAX = 3;

const COMMA = 44;
const NEWLINE = 10;

/**
 * A CSV file written row by row, by complete rows only, with a header line.
 *
 * How a text has to be quoted is csv-stringify's business. Numbers and texts of plain characters,
 * which is nearly all there is, need no quotes and are written directly: csv-stringify takes 250 ns
 * for a cell, and a run has more cells than events.
 */
export class CsvWriter {
  readonly #file: AppendFile;
  readonly #columnCount: number;
  #bytes: Buffer = Buffer.allocUnsafe(BYTES_AT_FIRST);
  /** Bytes in use, and those of complete rows. */
  #used = 0;
  #complete = 0;
  /** Cells of the row at hand. */
  #cells = 0;

  /** @throws OutputError when the file cannot be created or its header cannot be written. */
  constructor(path: string, columns: readonly string[], calls?: FileCalls) {
    this.#file = new AppendFile(path, calls);
    this.#columnCount = columns.length;
    this.row(columns);
    this.flush();
  }

  /** Adds one row. @throws OutputError when a full chunk cannot be written. */
  row(cells: readonly CsvCell[]): void {
    this.cells(cells);
    this.endRow();
  }

  /** Adds cells to the row at hand. */
  cells(cells: readonly CsvCell[]): void {
    let bytes = this.#bytes;
    let at = this.#used;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      if (at + ROOM_BYTES > bytes.length) bytes = this.#grow(at, ROOM_BYTES);
      if (i > 0 || this.#cells > 0) bytes[at++] = COMMA;
      if (typeof cell === 'number') {
        if (cell !== Infinity) at = putNumber(bytes, at, cell);
      } else if (typeof cell === 'string') {
        const end = putPlain(bytes, at, cell, PLAIN_IN_CELL);
        at = end >= 0 ? end : this.#putText(at, quoted(cell));
        bytes = this.#bytes;
      } else if (cell !== null) {
        at = putNumber(bytes, at, cell ? 1 : 0);
      }
    }
    this.#used = at;
    this.#cells += cells.length;
  }

  /** The bytes to write a row to, with room for so many more behind `used`. */
  room(bytes: number): Buffer {
    const end = this.#used + bytes;
    return end > this.#bytes.length ? this.#grow(this.#used, bytes) : this.#bytes;
  }

  /** Where the next cell goes. */
  get used(): number {
    return this.#used;
  }

  /** Copies what was written from `start` on. */
  copyFrom(start: number, to: Uint8Array): void {
    this.#bytes.copy(to, 0, start, this.#used);
  }

  /** Adds a row that was written to `room()` and ends at `end`, without its newline. */
  addRow(end: number): void {
    this.#used = end;
    this.#cells = this.#columnCount;
    this.endRow();
  }

  /** Completes the row at hand. @throws OutputError when a full chunk cannot be written. */
  endRow(): void {
    const cells = this.#cells;
    this.#cells = 0;
    if (cells !== this.#columnCount) {
      this.#used = this.#complete;
      throw new Error(`${this.#file.path}: ${cells} cells, ${this.#columnCount} columns`);
    }
    if (this.#used === this.#bytes.length) this.#grow(this.#used, 1);
    this.#bytes[this.#used++] = NEWLINE;
    this.#complete = this.#used;
    if (this.#complete >= CHUNK_BYTES) this.flush();
  }

  /** Writes the complete rows that are still in memory; an incomplete one is lost. @throws OutputError */
  flush(): void {
    const rows = this.#bytes.subarray(0, this.#complete);
    this.#used = 0;
    this.#complete = 0;
    this.#cells = 0;
    this.#file.append(rows);
  }

  /** Writes what is left and closes the file, even when writing fails. @throws OutputError */
  close(): void {
    try {
      this.flush();
    } finally {
      this.#file.close();
    }
  }

  /** Writes any text; returns where it ends, with room behind it. */
  #putText(at: number, text: string): number {
    const bytesMax = text.length * UNIT_BYTES_MAX + ROOM_BYTES;
    if (at + bytesMax > this.#bytes.length) this.#grow(at, bytesMax);
    return at + this.#bytes.write(text, at);
  }

  #grow(used: number, more: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(used + more, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, used));
    this.#bytes = bytes;
    return bytes;
  }
}

const requireFrom = createRequire(import.meta.url);

/** A text as one cell, as csv-stringify writes it: loaded by the first, as a start needs none. */
function quoted(text: string): string {
  const { stringify } = requireFrom('csv-stringify/sync') as typeof CsvStringify;
  return stringify([[text]]).slice(0, -1);
}
