import { writeFileSync } from 'node:fs';
import { OutputError, reasonOf } from '../record/errors.js';
import { printable } from '../workload/problems.js';

/**
 * Writes a file that must not be there yet.
 * @param force overwrite it
 * @throws OutputError if it is there, or cannot be written
 */
export function writeNew(path: string, data: string | Uint8Array, force: boolean): void {
  try {
    writeFileSync(path, data, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const hint = isThere ? 'replace it with --force' : '';
    const message = `cannot write ${printable(path)}: ${reasonOf(error)}`;
    throw new OutputError(message, { hint, cause: error });
  }
}
