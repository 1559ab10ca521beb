import { createRequire } from 'node:module';
import type * as CsvStringify from 'csv-stringify/sync';
import { AppendFile, type FileCalls } from './append_file.js';

/** null is an empty cell; so is Infinity, which stands for «no limit». */
export type CsvCell = string | number | boolean | null;

/** Rows are written to the file once there are so many bytes of them. */
const CHUNK_BYTES = 65_536;
/** Enough for a short run; grows. */
const BYTES_AT_FIRST = 8192;
/** UTF-8 bytes of a UTF-16 code unit. */
const UNIT_BYTES_MAX = 3;

const NEWLINE = 10;

/**
 * A CSV file written row by row, by complete rows only, with a header line: the bytes that
 * csv-stringify would write.
 */
export class CsvWriter {
  readonly #file: AppendFile;
  readonly #columnCount: number;
  #bytes: Buffer = Buffer.allocUnsafe(BYTES_AT_FIRST);
  #used = 0;

  /** @throws OutputError when the file cannot be created or its header cannot be written. */
  constructor(path: string, columns: readonly string[], calls?: FileCalls) {
    this.#file = new AppendFile(path, calls);
    this.#columnCount = columns.length;
    this.row(columns);
    this.flush();
  }

  /** Adds one row. @throws OutputError when a full chunk cannot be written. */
  row(cells: readonly CsvCell[]): void {
    if (cells.length !== this.#columnCount) {
      throw new Error(`${this.#file.path}: ${cells.length} cells, ${this.#columnCount} columns`);
    }
    const text = cells.map(csvCell).join(',');
    this.#reserve(text.length * UNIT_BYTES_MAX + 1);
    this.#used += this.#bytes.write(text, this.#used);
    this.#endRow();
  }

  /** The bytes to write a row to, from `used` on, with room for so many. */
  room(bytes: number): Uint8Array {
    this.#reserve(bytes + 1);
    return this.#bytes;
  }

  /** Where the next row begins. */
  get used(): number {
    return this.#used;
  }

  /**
   * Adds the row that was written to `room()`, without its newline: for rows by the million.
   * @throws OutputError when a full chunk cannot be written.
   */
  addRow(end: number): void {
    this.#used = end;
    this.#endRow();
  }

  /** Writes the rows that are still in memory. @throws OutputError */
  flush(): void {
    const rows = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
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

  #endRow(): void {
    this.#bytes[this.#used++] = NEWLINE;
    if (this.#used >= CHUNK_BYTES) this.flush();
  }

  #reserve(more: number): void {
    const length = this.#used + more;
    if (length <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = bytes;
  }
}

/** A cell as it is written. How a text has to be quoted is csv-stringify's business. */
export function csvCell(cell: CsvCell): string {
  if (cell === null || cell === Infinity) return '';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  return /[,"\r\n]/.test(cell) ? quoted(cell) : cell;
}

const requireFrom = createRequire(import.meta.url);

/** Cells that had to be quoted, by their texts: the same reasons come again and again. */
const quotedCells = new Map<string, string>();
const QUOTED_CELLS_MAX = 256;

/** A text as one cell: csv-stringify is loaded by the first, as a start needs none. */
function quoted(text: string): string {
  const known = quotedCells.get(text);
  if (known !== undefined) return known;
  const { stringify } = requireFrom('csv-stringify/sync') as typeof CsvStringify;
  const cell = stringify([[text]]).slice(0, -1);
  if (quotedCells.size >= QUOTED_CELLS_MAX) quotedCells.clear();
  quotedCells.set(text, cell);
  return cell;
}
