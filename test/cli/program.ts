import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The tests' own environment may be a CI's or a terminal's; the program's is always the same. */
function environment(some: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { CI: _ci, NO_COLOR: _color, OOMSIM_DEBUG: _debug, ...rest } = process.env;
  return { ...rest, ...some };
}

/** Runs the built program to its end, as a user would. */
export function oomsim(
  args: readonly string[],
  options: { cwd?: string; input?: string; env?: Record<string, string> } = {},
): Outcome {
  const { cwd, input, env = {} } = options;
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainPath(), ...args], {
    encoding: 'utf8',
    env: environment(env),
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
  });
  return { exitCode: status, stdout, stderr };
}

/** Starts the program and leaves it running; `ended` tells its exit code. */
export function startOomsim(args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [mainPath(), ...args], { cwd, env: environment({}) });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, ended };
}

/** The words of a command line that runs the program. */
export function oomsimCommand(args: readonly string[]): string[] {
  return [process.execPath, mainPath(), ...args];
}

function mainPath(): string {
  if (!existsSync(MAIN)) throw new Error('these tests run the built program: npm run build first');
  return MAIN;
}
