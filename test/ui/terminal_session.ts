import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface SessionOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly node?: string;
}

/**
 * The program on a terminal, as a person has it: in a shell, on a pseudo-terminal, its output
 * interpreted by a terminal emulator. The shell says at the end how it finds the terminal.
 */
export class TerminalSession {
  readonly #pty: IPty;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  /** Everything that was written, escape sequences included. */
  output = '';

  constructor(args: string, options: SessionOptions) {
    const { columns = 80, rows = 24, cwd, env = {}, node = '' } = options;
    const program = `"${process.execPath}" ${node} "${MAIN}" ${args}`;
    const script = `trap : TERM INT USR2; echo before; ${program}; echo "exit code $?"; stty -a`;
    const { CI: _ci, NO_COLOR: _color, FORCE_COLOR: _force, ...rest } = process.env;
    const usual = { TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', NODE_ENV: 'production' };
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#pty = spawn('sh', ['-c', script], {
      cols: columns,
      rows,
      cwd,
      env: { ...rest, ...usual, ...env },
    });
    this.#pty.onData((data) => {
      this.output += data;
      this.#screen.write(data);
    });
  }

  /** The emulator itself: its cells and their colours. */
  get terminal(): InstanceType<typeof xterm.Terminal> {
    return this.#screen;
  }

  /** The rows of the screen, spaces at their ends cut off. */
  get rows(): string[] {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, y) => {
      return active.getLine(active.baseY + y)?.translateToString(true) ?? '';
    });
  }

  get text(): string {
    return this.rows.join('\n');
  }

  /** Whether the alternate screen is shown. */
  get isAlternate(): boolean {
    return this.#screen.buffer.active.type === 'alternate';
  }

  /** Colours in which something is written on the screen. */
  get colors(): Set<number> {
    const colors = new Set<number>();
    const { active } = this.#screen.buffer;
    for (let y = 0; y < this.#screen.rows; y++) {
      for (let x = 0; x < this.#screen.cols; x++) {
        const cell = active.getLine(active.baseY + y)?.getCell(x);
        if (cell !== undefined && !cell.isFgDefault()) colors.add(cell.getFgColor());
      }
    }
    return colors;
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows);
    this.#screen.resize(columns, rows);
  }

  /** Sends a signal to the shell's whole group, as a closing terminal or `kill` would. */
  signal(name: string): void {
    process.kill(-this.#pty.pid, name);
  }

  /** Waits until the screen shows something. @throws with the screen as it is, if it never does */
  async shows(pattern: string | RegExp, timeoutMs = 30_000): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    const isThere = (): boolean =>
      typeof pattern === 'string' ? this.text.includes(pattern) : pattern.test(this.text);
    while (!isThere()) {
      if (performance.now() > deadlineMs) {
        throw new Error(`no ${pattern} on the screen:\n${this.text}`);
      }
      await sleep(20);
    }
  }

  close(): void {
    this.#pty.kill('SIGKILL');
    this.#screen.dispose();
  }
}
