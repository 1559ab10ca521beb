import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { OutputError, reasonOf } from './errors.js';

/** The calls that reach the disk; tests put failing ones in their place. */
export interface FileCalls {
  open(path: string): number;
  /** @returns how many bytes were taken, possibly fewer than given, as write(2) does. */
  write(fd: number, bytes: Uint8Array, offset: number): number;
  truncate(fd: number, lengthBytes: number): void;
  close(fd: number): void;
}

const REAL_CALLS: FileCalls = {
  open: (path) => openSync(path, 'w'),
  write: (fd, bytes, offset) => writeSync(fd, bytes, offset),
  truncate: (fd, lengthBytes) => ftruncateSync(fd, lengthBytes),
  close: (fd) => closeSync(fd),
};

/**
 * A file that grows by whole chunks. Writing is synchronous: that is the backpressure, a slow disk
 * slows the run down and nothing piles up in memory.
 *
 * open -> (failed) -> closed. When the disk refuses a chunk, the file is cut back to the end of the
 * chunk before, so what is there stays complete; later chunks are not written, for a file with a
 * hole in it would be a lie.
 */
export class AppendFile {
  readonly path: string;
  readonly #calls: FileCalls;
  #fd: number | null;
  #lengthBytes = 0;
  #failed = false;

  /** @throws OutputError when the file cannot be created. An existing file is emptied. */
  constructor(path: string, calls: FileCalls = REAL_CALLS) {
    this.path = path;
    this.#calls = calls;
    try {
      this.#fd = calls.open(path);
    } catch (error) {
      throw new OutputError(`cannot create ${path}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Appends all of a chunk or, when the disk refuses it, nothing of it. @throws OutputError */
  append(chunk: string | Uint8Array): void {
    if (this.#fd === null || this.#failed || chunk.length === 0) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    try {
      let offset = 0;
      while (offset < bytes.length) offset += this.#calls.write(this.#fd, bytes, offset);
      this.#lengthBytes += bytes.length;
    } catch (error) {
      this.#failed = true;
      this.#cutBack(this.#fd);
      const message = `cannot write ${this.path}: ${reasonOf(error)}`;
      const hint = `its first ${this.#lengthBytes} bytes are complete`;
      throw new OutputError(message, { hint, cause: error });
    }
  }

  /** Closes the file; harmless when it is closed already. */
  close(): void {
    if (this.#fd === null) return;
    const fd = this.#fd;
    this.#fd = null;
    this.#calls.close(fd);
  }

  #cutBack(fd: number): void {
    try {
      this.#calls.truncate(fd, this.#lengthBytes);
    } catch {
      // The reader drops an incomplete last row; the error to report is the one that led here.
    }
  }
}
