import { type LoadedWorkload, loadedFrom, loadWorkload } from '../workload/load.js';
import { readAs } from './read_as.js';
import { readStdin } from './stdin.js';

/** How messages name it, and the run. */
export const STDIN = 'standard input';

/**
 * The workload that a command line names: a file, a shipped one, or `-` for standard input.
 * @throws InputError if it cannot be read; WorkloadError if it is read and wrong
 */
export async function loadSource(file: string): Promise<LoadedWorkload> {
  if (file === '-') return loadedFrom(await readStdin(), STDIN);
  return readAs('workload', file, () => loadWorkload(file));
}
