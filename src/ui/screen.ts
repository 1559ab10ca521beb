/** The alternate screen, without a cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H';
/** Colours, cursor and the usual screen back: whatever state drawing was left in. */
const LEAVE = '\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?1049l';

/**
 * The terminal's alternate screen: what was on the terminal before is there again afterwards, also
 * when the program dies of an error or exits early.
 */
export class AlternateScreen {
  readonly #stdout: { write(text: string): unknown };
  readonly #restore = (): void => this.leave();
  #isEntered = false;

  constructor(stdout: { write(text: string): unknown }) {
    this.#stdout = stdout;
  }

  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    process.on('exit', this.#restore); // process.exit() comes through here
    // Before anybody writes about the error: it is to be read on the usual screen.
    process.on('uncaughtExceptionMonitor', this.#restore);
    this.#stdout.write(ENTER);
  }

  /** Harmless when it has been left already. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    process.off('exit', this.#restore);
    process.off('uncaughtExceptionMonitor', this.#restore);
    this.#stdout.write(LEAVE);
  }
}
