import { quoteForShell } from '../run/repeat_command.js';
import { InputError, printable } from '../workload/problems.js';
import type { SourceKind } from './source_kind.js';

/** What each kind is called, and what takes it. */
const TAKEN_BY: Readonly<Record<SourceKind, readonly [what: string, command: string]>> = {
  workload: ['a workload', 'run'],
  experiment: ['an experiment', 'batch'],
  log: ['a kernel log', 'import dmesg'],
  manifests: ['Kubernetes manifests', 'import kubernetes'],
  host: ['a capture of a machine', 'import host --root'],
};

/**
 * Reads a file as one of a kind. If it is none, and looks like one of another kind, the error says
 * which command takes it.
 */
export async function readAs<T>(
  kind: SourceKind,
  file: string,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Loaded only now: telling the kinds apart takes all importers.
    const { looksLike } = await import('./source_kind.js');
    const other = looksLike(file);
    if (other !== null && other !== kind) {
      const [what, command] = TAKEN_BY[other];
      const meant = `oomsim ${command} ${quoteForShell(file)}`;
      error.hint = `${printable(file)} looks like ${what}: ${meant}`;
    }
    throw error;
  }
}
