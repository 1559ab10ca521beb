import { expect, test } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

test('a policy to compare with that does not exist is refused before anything is played', () => {
  const cwd = tempDir();
  const { exitCode, stdout, stderr } = oomsim(['run', 'swap', '--compare', 'nosuch'], { cwd });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/unknown policy "nosuch"/);
});
