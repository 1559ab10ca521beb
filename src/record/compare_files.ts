/** Compares what a run writes with what another has written, without writing anything. */
import { basename } from 'node:path';
import type { FileCalls } from './append_file.js';
import { LineFile } from './line_file.js';

/** How a file on the disk stands against what is written now. */
export interface ComparedFile {
  readonly name: string;
  /**
   * same: byte for byte. shorter, longer: the file is the beginning of what is written, or begins
   * with it. different: it has another line. missing: there is no such file.
   */
  readonly outcome: 'same' | 'shorter' | 'longer' | 'different' | 'missing';
  /** Lines that are the same, the header included. */
  readonly equalLines: number;
  /** The first line of the file that is not what was written; null where there is none. */
  readonly recorded: string | null;
  /** What was written instead of it. */
  readonly written: string | null;
}

const NEWLINE = 10;

/** Stands in for the calls that reach the disk. */
export class CompareCalls implements FileCalls {
  readonly #files: Comparison[] = [];

  open(path: string): number {
    this.#files.push(new Comparison(path));
    return this.#files.length - 1;
  }

  /** @param bytes whole lines, as every writer gives them */
  write(fd: number, bytes: Uint8Array, offset: number): number {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset + offset, bytes.length - offset);
    this.#files[fd]!.write(chunk);
    return chunk.length;
  }

  /** Nothing was written that could be cut back. */
  truncate(): void {}

  close(fd: number): void {
    this.#files[fd]!.close();
  }

  /** Whether nothing is left to compare: whatever is written now is beyond what is on the disk. */
  get isExhausted(): boolean {
    return this.#files.every((file) => file.isExhausted);
  }

  /** What was found, once everything is closed. */
  result(): ComparedFile[] {
    return this.#files.map((file) => file.result!);
  }
}

/** comparing -> decided (different, shorter or missing) -> closed. */
class Comparison {
  result: ComparedFile | null = null;
  readonly #name: string;
  readonly #file: LineFile | null;
  /** Bytes and lines that are the same so far. */
  #position = 0;
  #lines = 0;

  constructor(path: string) {
    this.#name = basename(path);
    this.#file = openLines(path);
    if (this.#file === null) this.#decide('missing');
  }

  get isExhausted(): boolean {
    return this.result !== null || this.#position >= this.#file!.length;
  }

  write(chunk: Buffer): void {
    if (this.result !== null) return;
    const file = this.#file!;
    const recorded = file.read(this.#position, chunk.length);
    if (recorded.equals(chunk.subarray(0, recorded.length))) {
      this.#position += recorded.length;
      this.#lines += countLines(recorded);
      if (recorded.length < chunk.length) this.#decide('shorter');
      return;
    }
    let at = 0;
    while (chunk[at] === recorded[at]) at++;
    const start = at === 0 ? 0 : chunk.lastIndexOf(NEWLINE, at - 1) + 1;
    this.#lines += countLines(chunk.subarray(0, start));
    this.#decide('different', file.lineAt(this.#position + start), lineAt(chunk, start));
  }

  close(): void {
    const file = this.#file;
    if (this.result === null) {
      const isLonger = this.#position < file!.length;
      this.#decide(isLonger ? 'longer' : 'same', isLonger ? file!.lineAt(this.#position) : null);
    }
    file?.close();
  }

  #decide(outcome: ComparedFile['outcome'], recorded: string | null = null, written = ''): void {
    this.result = {
      name: this.#name,
      outcome,
      equalLines: this.#lines,
      recorded,
      written: written === '' ? null : written,
    };
  }
}

function openLines(path: string): LineFile | null {
  try {
    return new LineFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function lineAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(NEWLINE, start);
  return bytes.toString('utf8', start, end < 0 ? bytes.length : end);
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
