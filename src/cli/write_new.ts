import { realpathSync, statSync, writeFileSync } from 'node:fs';
import { OutputError, reasonOf } from '../record/errors.js';
import { writeWhole } from '../record/write_whole.js';
import { printable } from '../workload/problems.js';

/**
 * Writes a file that must not be there yet, or nothing of it.
 * @param force replaces one that is there
 * @throws OutputError if it is there, or cannot be written
 */
export function writeNew(path: string, data: string | Uint8Array, force: boolean): void {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !force) {
      const message = `cannot write ${printable(path)}: it exists already`;
      throw new OutputError(message, { hint: 'replace it with --force' });
    }
    // What is no file stays what it is (a pipe, /dev/null), and a link goes on leading to its file.
    if (there === undefined) writeWhole(path, data);
    else if (there.isFile()) writeWhole(realpathSync(path), data);
    else writeFileSync(path, data);
  } catch (error) {
    if (error instanceof OutputError) throw error;
    throw new OutputError(`cannot write ${printable(path)}: ${reasonOf(error)}`, { cause: error });
  }
}
