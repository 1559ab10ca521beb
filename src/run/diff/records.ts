/** Where the records of two runs part: for runs that this program would not play as they were. */
import { join } from 'node:path';
import { LineFile } from '../../record/line_file.js';
import { RUN_FILES } from '../../record/run_folder.js';

/** The first line that is not the same in both files. */
export interface RecordParting {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The lines before it. */
  readonly before: readonly string[];
  /** It, and those after it; empty where the file is over. */
  readonly a: readonly string[];
  readonly b: readonly string[];
}

const BLOCK_BYTES = 65_536;
const NEWLINE = 10;

/** The first difference of their events.csv, or null. @throws the system's error */
export function findRecordParting(
  dirA: string,
  dirB: string,
  context: number,
): RecordParting | null {
  const [a, b] = [dirA, dirB].map((dir) => new LineFile(join(dir, RUN_FILES.events)));
  try {
    const at = firstDifference(a!, b!);
    if (at === null) return null;
    const start = at.lineStart;
    const before = a!.read(Math.max(0, start - BLOCK_BYTES), Math.min(start, BLOCK_BYTES));
    return {
      file: RUN_FILES.events,
      line: at.line,
      before: before
        .toString('utf8')
        .split('\n')
        .slice(-1 - context, -1),
      a: linesFrom(a!, start, context + 1),
      b: linesFrom(b!, start, context + 1),
    };
  } finally {
    a!.close();
    b!.close();
  }
}

function firstDifference(a: LineFile, b: LineFile): { line: number; lineStart: number } | null {
  let line = 1;
  let lineStart = 0;
  for (let start = 0; ; start += BLOCK_BYTES) {
    const [x, y] = [a.read(start, BLOCK_BYTES), b.read(start, BLOCK_BYTES)];
    const isEqual = x.equals(y);
    if (isEqual && x.length < BLOCK_BYTES) return null;
    let same = 0;
    if (isEqual) same = x.length;
    else while (same < x.length && x[same] === y[same]) same++;
    for (let at = x.indexOf(NEWLINE); at >= 0 && at < same; at = x.indexOf(NEWLINE, at + 1)) {
      line += 1;
      lineStart = start + at + 1;
    }
    if (!isEqual) return { line, lineStart };
  }
}

function linesFrom(file: LineFile, start: number, count: number): string[] {
  const lines: string[] = [];
  for (let at = start; at < file.length && lines.length < count; ) {
    const line = file.lineAt(at);
    lines.push(line);
    at += Buffer.byteLength(line) + 1;
  }
  return lines;
}
