import { reasonOf } from '../record/errors.js';
import { EXIT } from './exit_codes.js';

/**
 * Prepares stdout and stderr for readers that leave early (`| head -1`): the program then goes on
 * and ends as it would have, without a word and with its own exit code. A result that cannot be
 * written for another reason is an error; messages that cannot be written have nowhere to go.
 */
export function tolerateClosedPipes(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`oomsim: cannot write to standard output: ${reasonOf(error)}\n`);
    process.exit(EXIT.usage);
  });
}

/** Prints a result on stdout; everything else belongs on stderr. */
export function printResult(text: string): void {
  process.stdout.write(text);
}

/** Tells something on stderr, besides the result. */
export function note(line: string): void {
  process.stderr.write(`oomsim: ${line}\n`);
}

/** Prints one JSON value on stdout, indented for people, with a final line end. */
export function printJson(value: unknown): void {
  printResult(`${JSON.stringify(value, null, 2)}\n`);
}
