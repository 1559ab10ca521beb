/** A tree that holds proc/ and sys/: the machine's own, or one copied from another machine. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** What reading gave. `gone`: processes end while one looks; `denied`: not for this user. */
export type Read =
  | { readonly text: string; readonly why: null }
  | { readonly text: null; readonly why: 'gone' | 'denied' };

/** No file that is read here is larger; captured trees may hold anything. */
const FILE_BYTES_MAX = 2 ** 20;
const CHUNK_BYTES = 2 ** 16;
const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

/** Reads files below a folder, and nothing that a link leads to. */
export class FileTree {
  constructor(readonly root: string) {}

  /** The text of a file. */
  read(path: string): Read {
    try {
      const text = readWhole(join(this.root, path));
      return text === null ? { text: null, why: 'gone' } : { text, why: null };
    } catch (error) {
      return { text: null, why: whyNot(error) };
    }
  }

  /** The text of a file, or '' if there is none. */
  text(path: string): string {
    return this.read(path).text ?? '';
  }

  /** Names in a folder, by code unit; none if there is no such folder. */
  names(path: string, kind: 'folders' | 'all' = 'all'): readonly string[] {
    try {
      const entries = readdirSync(join(this.root, path), { withFileTypes: true });
      const wanted = entries.filter((entry) => kind === 'all' || entry.isDirectory());
      return wanted.map((entry) => entry.name).sort((a, b) => (a < b ? -1 : 1));
    } catch {
      return [];
    }
  }
}

/** null: a fifo, a device or a folder. */
function readWhole(path: string): string | null {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) return null;
    const chunks: Buffer[] = [];
    // Files of proc say that they are empty: only reading tells.
    for (let length = 0; length < FILE_BYTES_MAX; ) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const count = readSync(file, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      length += count;
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    closeSync(file);
  }
}

function whyNot(error: unknown): 'gone' | 'denied' {
  return DENIED.has((error as NodeJS.ErrnoException).code ?? '') ? 'denied' : 'gone';
}
