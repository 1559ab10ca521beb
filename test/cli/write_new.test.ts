import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeNew } from '../../src/cli/write_new.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsimCommand } from './program.js';

test('a file that is there stays as it is, unless it is to be replaced', () => {
  const path = join(tempDir(), 'w.yaml');
  writeNew(path, 'one', false);
  expect(() => writeNew(path, 'two', false)).toThrow(`cannot write ${path}: it exists already`);
  expect(readFileSync(path, 'utf8')).toBe('one');
  writeNew(path, 'two', true);
  expect(readFileSync(path, 'utf8')).toBe('two');
});

test('a link goes on leading to the file, which is replaced', () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'real.yaml'), 'one');
  symlinkSync('real.yaml', join(dir, 'link.yaml'));
  writeNew(join(dir, 'link.yaml'), 'two', true);
  expect(lstatSync(join(dir, 'link.yaml')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(dir, 'real.yaml'), 'utf8')).toBe('two');
});

test('what is no file is written to, and stays what it is', () => {
  writeNew('/dev/null', 'one', true);
  expect(lstatSync('/dev/null').isFile()).toBe(false);
  const dir = tempDir();
  expect(() => writeNew(dir, 'one', true)).toThrow(`cannot write ${dir}: it is a folder`);
});

test.each([
  ['a new file: there is none afterwards', [], []],
  ['one that is replaced: there is the old one', ['w.yaml'], ['--force']],
])('a disk that has no room for it, %s', (_what, before, flags) => {
  const cwd = tempDir();
  for (const name of before) writeFileSync(join(cwd, name), 'old');
  const limited = `ulimit -f 1; exec "$@"`; // no file may take more than one block
  const log = join(import.meta.dirname, '../../examples/oom.log');
  const command = oomsimCommand(['import', 'dmesg', log, '--out', 'w.yaml', ...flags]);
  const { status, stderr } = spawnSync('sh', ['-c', limited, 'sh', ...command], {
    cwd,
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^oomsim: cannot write .*w\.yaml: .*\n$/);
  expect(readdirSync(cwd)).toEqual(before);
  for (const name of before) expect(readFileSync(join(cwd, name), 'utf8')).toBe('old');
});
