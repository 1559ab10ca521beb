import { OutputError } from '../record/errors.js';
import { PolicyLimitError } from '../run/policy/errors.js';
import { InputError, printable, WorkloadError } from '../workload/problems.js';
import { EXIT } from './exit_codes.js';

/** Whether an error is about what the user asked for or about the disk, and not a bug. */
export function isForTheUser(error: unknown): boolean {
  return (
    error instanceof InputError || error instanceof OutputError || error instanceof PolicyLimitError
  );
}

/** Tells the user on stderr what went wrong. @returns the exit code for it */
export function reportError(error: unknown): number {
  if (error instanceof InputError) {
    const located = error instanceof WorkloadError; // says file, line and column itself
    complain(located ? error.message : `oomsim: ${error.message}`);
    if (error.hint !== '') complain(`oomsim: ${error.hint}`);
    return EXIT.usage;
  }
  if (error instanceof OutputError) {
    complain(`oomsim: ${error.message}${error.hint === '' ? '' : ` (${error.hint})`}`);
    return EXIT.usage;
  }
  if (error instanceof PolicyLimitError) {
    complain(`oomsim: ${error.message}: the run cannot go on`);
    return EXIT.refused;
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  complain(`oomsim: internal error: ${printable(what)}`);
  complain('This is a bug. Please report it with the command and the files it was given.');
  if (process.env.OOMSIM_DEBUG) complain((error instanceof Error && error.stack) || '(no stack)');
  else complain('OOMSIM_DEBUG=1 shows where it happened.');
  return EXIT.internal;
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}
