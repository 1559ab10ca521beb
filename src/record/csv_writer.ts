import { stringify } from 'csv-stringify/sync';
import { AppendFile, type FileCalls } from './append_file.js';

/** null is an empty cell; so is Infinity, which stands for «no limit». */
export type CsvCell = string | number | boolean | null;

/** Rows handed to csv-stringify at once: its cost a row is half of that of the whole at once. */
const CHUNK_ROWS = 1000;

/** A CSV file written row by row, by complete rows only, with a header line. */
export class CsvWriter {
  readonly #file: AppendFile;
  readonly #columnCount: number;
  #rows: (string | number)[][] = [];

  /** @throws OutputError when the file cannot be created or its header cannot be written. */
  constructor(path: string, columns: readonly string[], calls?: FileCalls) {
    this.#file = new AppendFile(path, calls);
    this.#columnCount = columns.length;
    this.#rows.push([...columns]);
    this.flush();
  }

  /** Adds one row. @throws OutputError when a full chunk cannot be written. */
  row(cells: readonly CsvCell[]): void {
    if (cells.length !== this.#columnCount) {
      throw new Error(`${this.#file.path}: ${cells.length} cells, ${this.#columnCount} columns`);
    }
    this.#rows.push(cells.map(plain));
    if (this.#rows.length >= CHUNK_ROWS) this.flush();
  }

  /** Writes the rows that are still in memory. @throws OutputError */
  flush(): void {
    if (this.#rows.length === 0) return;
    const rows = this.#rows;
    this.#rows = [];
    this.#file.append(stringify(rows));
  }

  /** Writes what is left and closes the file, even when writing fails. @throws OutputError */
  close(): void {
    try {
      this.flush();
    } finally {
      this.#file.close();
    }
  }
}

/** csv-stringify would print `true` as 1 but `false` as nothing. */
function plain(cell: CsvCell): string | number {
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  if (cell === null || cell === Infinity) return '';
  return cell;
}
