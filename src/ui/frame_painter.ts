import { EventEmitter } from 'node:events';

/** Terminals that know it show everything in between at once (DEC private mode 2026). */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';

/** What of a terminal is needed to paint on it. */
export interface PaintedTerminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/**
 * Stands in for stdout before Ink: takes each of its frames whole and writes only the rows that
 * differ from what is on the screen, each to its own place. Nothing scrolls, nothing is erased to be
 * drawn again, and a screen on which little happens costs little. (Ink's own output goes up from the
 * last row and rewrites everything.) Ink has to run with `debug: true`: it then writes whole frames.
 */
export class FramePainter extends EventEmitter {
  /** Not a terminal to Ink: it must not write anything but frames. */
  readonly isTTY = false;
  readonly #terminal: PaintedTerminal;
  #shown: string[] = [];

  constructor(terminal: PaintedTerminal) {
    super();
    this.#terminal = terminal;
  }

  get columns(): number {
    return this.#terminal.columns || COLUMNS_DEFAULT;
  }

  get rows(): number {
    return this.#terminal.rows || ROWS_DEFAULT;
  }

  /** Paints a frame. Rows that the terminal doesn't have are left out. */
  write(frame: string): boolean {
    const rows = frame.split('\n').slice(0, this.rows);
    while (rows.length < this.#shown.length) rows.push('');
    const changed: string[] = [];
    rows.forEach((row, y) => {
      if (row !== this.#shown[y]) changed.push(placed(row, y, this.columns));
    });
    this.#shown = rows;
    if (changed.length > 0) {
      this.#terminal.write(`${BEGIN_UPDATE}${changed.join('')}${END_UPDATE}`);
    }
    return true;
  }

  /** The screen was resized or taken away: all of the next frame is painted on an empty screen. */
  forget(): void {
    this.#shown = [];
    this.#terminal.write('\x1b[2J');
  }
}

/** Some terminals, and `script`, say that they have no columns. */
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;

/**
 * A row at its place. The rest of the screen's row is erased only where there is one: at the last
 * column the cursor stays on the last character, which would go.
 */
function placed(row: string, y: number, columns: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
  const width = row.replace(/\x1b\[[0-9;]*m/g, '').length;
  return `\x1b[${y + 1};1H\x1b[0m${row}${width < columns ? '\x1b[0m\x1b[K' : ''}`;
}
