import { stringify } from 'csv-stringify/sync';
import { AppendFile, type FileCalls } from './append_file.js';
import { PLAIN_IN_CELL, TextBytes } from './text_bytes.js';

/** null is an empty cell; so is Infinity, which stands for «no limit». */
export type CsvCell = string | number | boolean | null;

/** Complete rows are written to the file once there are so many bytes of them. */
const CHUNK_BYTES = 65_536;
/** Enough for a short run; grows. */
const BYTES_AT_FIRST = 8192;

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
  readonly #bytes = new TextBytes(BYTES_AT_FIRST);
  /** Cells of the row at hand. */
  #cells = 0;
  /** Bytes of complete rows. */
  #complete = 0;

  /** @throws OutputError when the file cannot be created or its header cannot be written. */
  constructor(path: string, columns: readonly string[], calls?: FileCalls) {
    this.#file = new AppendFile(path, calls);
    this.#columnCount = columns.length;
    this.row(columns);
    this.flush();
  }

  /** Adds one row. @throws OutputError when a full chunk cannot be written. */
  row(cells: readonly CsvCell[]): void {
    for (const cell of cells) this.cell(cell);
    this.endRow();
  }

  /** Adds a cell to the row at hand. */
  cell(value: CsvCell): void {
    this.#beginCell();
    if (typeof value === 'number') {
      if (value !== Infinity) this.#bytes.number(value);
    } else if (typeof value === 'string') {
      if (!this.#bytes.plain(value, PLAIN_IN_CELL)) this.#bytes.text(quoted(value));
    } else if (value !== null) {
      this.#bytes.number(value ? 1 : 0);
    }
  }

  /**
   * Adds a cell made of parts. `add` adds them and returns true, or returns false where one of them
   * isn't plain; the cell is `format(value)` then.
   */
  composed<T>(
    value: T,
    add: (bytes: TextBytes, value: T) => boolean,
    format: (value: T) => string,
  ): void {
    this.#beginCell();
    const begin = this.#bytes.length;
    if (add(this.#bytes, value)) return;
    this.#bytes.length = begin;
    this.#bytes.text(quoted(format(value)));
  }

  /** Completes the row at hand. @throws OutputError when a full chunk cannot be written. */
  endRow(): void {
    const cells = this.#cells;
    this.#cells = 0;
    if (cells !== this.#columnCount) {
      this.#bytes.length = this.#complete;
      throw new Error(`${this.#file.path}: ${cells} cells, ${this.#columnCount} columns`);
    }
    this.#bytes.character(NEWLINE);
    this.#complete = this.#bytes.length;
    if (this.#complete >= CHUNK_BYTES) this.flush();
  }

  /** Writes the rows that are still in memory; a row that was not completed is lost. @throws OutputError */
  flush(): void {
    this.#bytes.length = this.#complete;
    const rows = this.#bytes.view();
    this.#bytes.length = 0;
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

  #beginCell(): void {
    if (this.#cells > 0) this.#bytes.character(COMMA);
    this.#cells += 1;
  }
}

/** A text as one cell, as csv-stringify writes it. */
function quoted(text: string): string {
  return stringify([[text]]).slice(0, -1);
}
