import { expect, test } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

test('diff: 0 the same, 1 not, 2 nothing to compare', () => {
  const cwd = tempDir();
  const run = (...args: string[]) => oomsim(['diff', ...args, '-q'], { cwd });
  expect(run('small-vs-large', 'small-vs-large')).toMatchObject({ exitCode: 0, stderr: '' });
  const parted = run('small-vs-large', '--policy', 'process,cgroup', '--json');
  expect(parted).toMatchObject({ exitCode: 1, stderr: '' });
  expect(JSON.parse(parted.stdout)).toMatchObject({
    a: expect.stringContaining('policy=process'),
    same: false,
    parting: { kind: 'event', before: expect.any(Array), state: expect.any(Array) },
  });
  const alone = run('small-vs-large');
  expect(alone).toMatchObject({ exitCode: 2, stdout: '' });
  expect(alone.stderr).toContain('nothing to compare with');
  expect(run('small-vs-large', 'swap', '--seed', '1,2').exitCode).toBe(2);
  expect(run('small-vs-large', '--seed', '1,2,3').exitCode).toBe(2);
});
