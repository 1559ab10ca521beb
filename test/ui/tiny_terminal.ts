import { EventEmitter } from 'node:events';

/**
 * As much of a terminal as Ink's output needs: printing, line ends, cursor up, down and to a column,
 * erasing a line or its end. Anything else that moves the cursor is an error of the test.
 */
export class TinyTerminal extends EventEmitter {
  readonly isTTY = true;
  readonly columns: number;
  readonly rows: number;
  #lines: string[][];
  #row = 0;
  #column = 0;
  scrolledRows = 0;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.#lines = Array.from({ length: rows }, () => []);
  }

  /** What is on the screen, trailing spaces and rows cut off. */
  get text(): string {
    return this.#lines
      .map((line) =>
        Array.from(line, (character) => character ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd();
  }

  write(output: string): boolean {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of them
    for (const [part, sequence] of output.matchAll(/\x1b\[([?\d;]*[A-Za-z])|[^\x1b]/gs)) {
      if (sequence === undefined) this.#print(part);
      else this.#obey(sequence);
    }
    return true;
  }

  #print(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#newLine();
    else this.#lines[this.#row]![this.#column++] = character;
  }

  #newLine(): void {
    this.#column = 0; // the tty driver adds the carriage return
    if (++this.#row < this.rows) return;
    this.#row--;
    this.scrolledRows++;
    this.#lines.push([]);
    this.#lines.shift();
  }

  #nextRow(count: number): void {
    this.#row = Math.min(this.rows - 1, this.#row + count);
    this.#column = 0;
  }

  #obey(sequence: string): void {
    const count = Number.parseInt(sequence, 10) || 1;
    if (sequence.endsWith('A')) this.#row = Math.max(0, this.#row - count);
    else if (sequence.endsWith('E')) this.#nextRow(count);
    else if (sequence.endsWith('G')) this.#column = count - 1;
    else if (sequence === '2K') this.#lines[this.#row] = [];
    else if (sequence === 'K') this.#lines[this.#row]!.length = this.#column;
    else if (!/^(\?\d+[hl]|[\d;]*m)$/.test(sequence))
      throw new Error(`not understood: ${sequence}`);
  }
}
