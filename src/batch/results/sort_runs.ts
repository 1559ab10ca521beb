/** Sorting rows of runs by cell and run, each once, without holding them in memory. */
import { closeSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { AppendFile } from '../../record/append_file.js';
import { OutputError } from '../../record/errors.js';
import { linesOf } from './lines.js';

interface Place {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Writes the rows of several files into one, atomically, in the order of their cells and runs. A row
 * that is there more than once must be the same every time.
 * @param header the first line that each file must have
 * @returns how many rows there are
 * @throws OutputError if a file is of another kind, or two rows contradict each other
 */
export function sortRuns(paths: readonly string[], header: string, to: string): number {
  const places = new Map<number, Place>();
  const fds: number[] = [];
  try {
    for (const [file, path] of paths.entries()) {
      let isFirst = true;
      for (const { text, offset, length } of linesOf(path)) {
        if (isFirst) {
          if (text !== header)
            throw new OutputError(`${path}: its columns are of another experiment`);
          fds[file] = openSync(path, 'r');
          isFirst = false;
          continue;
        }
        const key = keyOf(text);
        if (Number.isNaN(key)) continue; // not a row that was written here
        const known = places.get(key);
        if (known !== undefined && read(fds[known.file]!, known) !== `${text}\n`) {
          const [cell, run] = text.split(',', 2);
          throw new OutputError(
            `cell ${cell}, run ${run}: ${paths[known.file]} and ${path} contradict each other`,
            { hint: 'runs are deterministic: were they made by different versions?' },
          );
        }
        if (known === undefined) places.set(key, { file, offset, length });
      }
    }
    const keys = Float64Array.from(places.keys()).sort();
    const temporary = `${to}.tmp`;
    const out = new AppendFile(temporary);
    try {
      out.append(`${header}\n`);
      let chunk: string[] = [];
      for (const key of keys) {
        const place = places.get(key)!;
        chunk.push(read(fds[place.file]!, place));
        if (chunk.length === 512) {
          out.append(chunk.join(''));
          chunk = [];
        }
      }
      out.append(chunk.join(''));
    } finally {
      out.close();
    }
    renameSync(temporary, to);
    return keys.length;
  } finally {
    for (const fd of fds) if (fd !== undefined) closeSync(fd);
    rmSync(`${to}.tmp`, { force: true });
  }
}

/** More runs of a cell than this are refused by the schema. */
const RUNS_MAX = 2 ** 24;

/** Cell and run, the first two cells of a row, as one number that sorts like them; or NaN. */
function keyOf(row: string): number {
  const first = row.indexOf(',');
  const second = row.indexOf(',', first + 1);
  if (first < 1 || second < first + 2) return Number.NaN;
  return Number(row.slice(0, first)) * RUNS_MAX + Number(row.slice(first + 1, second));
}

function read(fd: number, { offset, length }: Place): string {
  const bytes = Buffer.allocUnsafe(length);
  readSync(fd, bytes, 0, length, offset);
  return bytes.toString('utf8');
}
