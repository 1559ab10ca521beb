/**
 * Prepares stdout and stderr for readers that leave early (`| head -1`): the program then goes on
 * and ends as it would have, without a word and with its own exit code.
 */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Prints a result on stdout; everything else belongs on stderr. */
export function printResult(text: string): void {
  process.stdout.write(text);
}

/** Prints one JSON value on stdout, indented for people, with a final line end. */
export function printJson(value: unknown): void {
  printResult(`${JSON.stringify(value, null, 2)}\n`);
}
