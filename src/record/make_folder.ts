import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Not mkdir's own `recursive`: where the system
 * says ENOENT although the folder above is there, as below /proc, Node 20 tries again for ever.
 *
 * @returns whether it was missing, and is empty
 * @throws what the system says, an error with its `code`
 */
export function makeFolder(path: string): boolean {
  try {
    return makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    makeFolder(parent);
    return makeOne(path);
  }
}

/** Somebody else may make it meanwhile: shards of a batch share a folder. */
function makeOne(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}
