/** A file of lines, read where it is wanted: it may be far larger than memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const BLOCK_BYTES = 65_536;
const NEWLINE = 10;

/** Only whole lines count: a run that was killed may have left a part of one. */
export class LineFile {
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
  readonly #fd: number;

  /** @throws the system's error when the file cannot be opened */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    this.length = this.#endOfLines(fstatSync(this.#fd).size);
  }

  /** The bytes from `start`, fewer than `length` where the file ends. */
  read(start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.length - start)));
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(this.#fd, bytes, filled, bytes.length - filled, start + filled);
      if (count === 0) break; // somebody has cut the file since
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  /** The line that begins at `start`, without its end. */
  lineAt(start: number): string {
    for (let length = BLOCK_BYTES; ; length *= 2) {
      const bytes = this.read(start, length);
      const end = bytes.indexOf(NEWLINE);
      if (end >= 0) return bytes.toString('utf8', 0, end);
      if (bytes.length < length) return bytes.toString('utf8');
    }
  }

  /** The last whole line, or null. */
  lastLine(): string | null {
    if (this.length === 0) return null;
    for (let length = BLOCK_BYTES; ; length *= 2) {
      const start = Math.max(0, this.length - length);
      const bytes = this.read(start, this.length - 1 - start);
      const before = bytes.lastIndexOf(NEWLINE);
      if (before >= 0 || start === 0) return bytes.toString('utf8', before + 1);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #endOfLines(size: number): number {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - BLOCK_BYTES);
      const count = readSync(this.#fd, block, 0, end - start, start);
      const last = block.subarray(0, count).lastIndexOf(NEWLINE);
      if (last >= 0) return start + last + 1;
      end = start;
    }
    return 0;
  }
}
