import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseWorkload } from '../../src/workload/parse.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

let memoised: string | null = null;

/** Our own kernel's log has the form of a real one, so it can be imported as one. */
function log(): string {
  if (memoised !== null) return memoised;
  const cwd = tempDir();
  const flags = ['--policy', 'process', '--out', '.', '-q'];
  expect(oomsim(['run', 'small-vs-large', ...flags], { cwd }).exitCode).toBe(0);
  memoised = readFileSync(join(cwd, 'small-vs-large-4.15-process-1', 'kernel.log'), 'utf8');
  return memoised;
}

test('a log on standard input becomes a workload on stdout', () => {
  const { exitCode, stdout, stderr } = oomsim(['import', 'dmesg', '-'], { input: log() });
  const [first, second, ...list] = stderr.trim().split('\n');
  expect(first).toMatch(/^oomsim: report 1, at line \d+$/);
  expect(second).toBe('oomsim: 2 OOM reports in this log; --report N chooses another:');
  expect(list).toHaveLength(2);
  expect(exitCode).toBe(0);
  const { processes } = parseWorkload(stdout, 'imported.yaml');
  expect(processes.filter(({ comm }) => comm === 'small')).toHaveLength(45);
  expect(processes.filter(({ comm }) => comm === 'big')).toHaveLength(2);
});

test('--report chooses another report: by then the first victim is gone', () => {
  const args = ['import', 'dmesg', '-', '--report', '2'];
  const { stdout } = oomsim(args, { input: log() });
  const { processes } = parseWorkload(stdout, 'imported.yaml');
  expect(processes.filter(({ comm }) => comm === 'big')).toHaveLength(1);
});

test('--out writes a file that runs, and does not overwrite one', () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'kern.log'), log());
  const args = ['import', 'dmesg', 'kern.log', '--out', 'w.yaml'];
  expect(oomsim(args, { cwd })).toMatchObject({ exitCode: 0, stdout: '' });
  expect(oomsim(['run', 'w.yaml', '-q'], { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
  const again = oomsim(args, { cwd });
  expect(again.stderr).toMatch(/cannot write w\.yaml: it exists already \(replace it with --force/);
  expect(again.exitCode).toBe(2);
  expect(oomsim([...args, '--force'], { cwd }).exitCode).toBe(0);
});

test.each([
  [['missing.log'], /missing\.log: no such file/],
  [['folder'], /folder: a directory, not a log/],
  [['none.log'], /none\.log: no OOM report in it/],
  [['kern.log', '--report', '9'], /kern\.log: it has 2 OOM reports, none is number 9/],
])('%j cannot be imported: exit code 2, nothing on stdout', (args, message) => {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'folder'));
  writeFileSync(join(cwd, 'none.log'), 'nothing to see\n');
  writeFileSync(join(cwd, 'kern.log'), log());
  const { exitCode, stdout, stderr } = oomsim(['import', 'dmesg', ...args], { cwd });
  expect(stderr).toMatch(message);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
});
