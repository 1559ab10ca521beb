import { RUN_DEFAULT } from './identity.js';
import type { PolicyFile } from './policy/load.js';
import type { RunIdentity } from './token.js';

/**
 * The command line that plays the same run again.
 * @param file the workload, as it was named
 * @param policy the policy, if it was a file
 */
export function repeatCommand(
  file: string,
  identity: RunIdentity,
  policy?: string | PolicyFile,
): string {
  const words = ['oomsim', 'run', file, '--seed', identity.seed];
  if (identity.run !== RUN_DEFAULT) words.push('--run', String(identity.run));
  for (const [name, value] of Object.entries(identity.options)) {
    if (name === 'policy' && typeof policy === 'object') words.push('--policy', policy.path);
    else if (name.startsWith('set.')) words.push('--set', `${name.slice('set.'.length)}=${value}`);
    else words.push(`--${name}`, value);
  }
  return words.map(quoteForShell).join(' ');
}

/** A word as a POSIX shell takes it literally. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
