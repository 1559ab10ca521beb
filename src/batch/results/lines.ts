/** Lines of a file, complete ones only, with where they stand: for files that are larger than memory. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

export interface Line {
  readonly text: string;
  /** Byte offset of its beginning, and its length with the line end. */
  readonly offset: number;
  readonly length: number;
}

/** Yields nothing for a file that is not there. A last line without its end is not yielded. */
export function* linesOf(path: string): Generator<Line> {
  if (!existsSync(path)) return;
  const fd = openSync(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    let offset = 0; // of rest
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const count = readSync(fd, chunk);
      if (count === 0) return;
      const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
      let from = 0;
      for (;;) {
        const end = bytes.indexOf(NEWLINE, from);
        if (end < 0) break;
        yield {
          text: bytes.toString('utf8', from, end),
          offset: offset + from,
          length: end + 1 - from,
        };
        from = end + 1;
      }
      rest = Buffer.from(bytes.subarray(from));
      offset += from;
    }
  } finally {
    closeSync(fd);
  }
}

/** The cells of one line of CSV. */
export function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  let at = 0;
  while (at <= line.length) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      cells.push(line.slice(at, end));
      at = end + 1;
      continue;
    }
    let end = at + 1;
    for (;;) {
      const quote = line.indexOf('"', end);
      if (quote < 0) return cells; // not a line that was written here
      if (line[quote + 1] !== '"') {
        cells.push(line.slice(at + 1, quote).replaceAll('""', '"'));
        at = quote + 2;
        break;
      }
      end = quote + 2;
    }
  }
  return cells;
}
