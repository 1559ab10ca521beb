import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { OutputError, reasonOf } from './errors.js';

/**
 * Writes a whole file, or leaves what was there: whoever reads it, or is left with it when the process
 * is killed or the disk full, has the old one or the new one, never a part.
 *
 * @throws OutputError when it cannot be written
 */
export function writeWhole(path: string, data: string | Uint8Array): void {
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, data);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new OutputError(`cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
