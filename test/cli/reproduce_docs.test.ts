import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

const DOCS = fileURLToPath(new URL('../../docs/reproduce.md', import.meta.url));

test('every command of docs/reproduce.md works, in its order, in one folder', () => {
  const blocks = [...readFileSync(DOCS, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)];
  const commands = blocks.flatMap(([, block]) => block!.trim().split('\n'));
  expect(commands.length).toBeGreaterThan(5);
  const cwd = tempDir();
  for (const command of commands) {
    const [program, ...args] = command.split(' ');
    expect(program).toBe('oomsim');
    const { exitCode, stderr } = oomsim(args, { cwd });
    const expected = args[0] === 'diff' ? 1 : 0; // these runs part
    expect({ command, exitCode, stderr }).toMatchObject({ command, exitCode: expected });
  }
});
