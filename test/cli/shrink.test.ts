import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { oomsim, startOomsim } from './program.js';

test('shrink: a file that runs, and is not overwritten', () => {
  const cwd = tempDir();
  const args = ['shrink', 'd1-inflight-failure', '--while', 'alloc-failure', '--out', 'small.yaml'];
  const shrunk = oomsim(args, { cwd });
  expect(shrunk).toMatchObject({ exitCode: 0, stdout: '' });
  expect(shrunk.stderr).toMatch(/9 processes to 2 in \d+ runs; shows alloc-failure/);
  expect(readFileSync(join(cwd, 'small.yaml'), 'utf8')).toMatch(/^# token: oomsim1:/);
  expect(oomsim(['replay', 'small.yaml', '-q'], { cwd })).toMatchObject({ exitCode: 0 });
  expect(oomsim(args, { cwd })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('small.yaml exists'),
  });
  const none = oomsim(['shrink', 'small-vs-large', '--while', 'panic'], { cwd });
  expect(none).toMatchObject({ exitCode: 1, stdout: '' });
  expect(none.stderr).toBe('oomsim: small-vs-large does not show panic\n');
});

test('shrink: Ctrl-C keeps the best so far', async () => {
  const args = ['shrink', 'starved-reaper', '--while', 'reap-delay>1s']; // takes ten seconds
  const { child, ended } = startOomsim(args, tempDir());
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    if (stderr === '') child.kill('SIGINT'); // at the first line of progress
    stderr += chunk;
  });
  expect(await ended).toBe(130);
  expect(stdout).toMatch(/^# token: oomsim1:/);
});
