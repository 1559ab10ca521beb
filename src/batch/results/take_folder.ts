import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutputError, reasonOf } from '../../record/errors.js';
import { makeFolder } from '../../record/make_folder.js';
import { ownIdentity, processIdentity } from '../../record/process_identity.js';

/** Says who plays into a folder, while somebody does. */
const LOCK = 'playing.pid';

/**
 * Takes a folder, which is made if need be: two that write the same files would spoil them. What a
 * process has left that is no more is taken over.
 * @returns gives it back
 * @throws OutputError if another process has it, or it cannot be written to
 */
export function takeFolder(dir: string): () => void {
  const path = join(dir, LOCK);
  try {
    makeFolder(dir);
    while (!created(path)) {
      const holder = readFileSync(path, 'utf8').trim();
      const pid = Number(holder.split(' ')[0]);
      if (holder !== '' && holder === processIdentity(pid)) {
        throw new OutputError(`${dir}: oomsim plays into it already, as process ${pid}`, {
          hint: 'wait for it, or choose another place: --out DIR',
        });
      }
      rmSync(path, { force: true });
    }
  } catch (error) {
    if (error instanceof OutputError) throw error;
    throw new OutputError(`cannot write to ${dir}: ${reasonOf(error)}`, { cause: error });
  }
  return () => rmSync(path, { force: true });
}

function created(path: string): boolean {
  try {
    writeFileSync(path, `${ownIdentity()}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}
