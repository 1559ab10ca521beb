import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

const GOOD = 'machine: { memory: 64MiB }\nuntil: 100ms\n';

test.each([
  ['nothing of that name', 'no-such-file.yaml', '', /no-such-file\.yaml: no such file/],
  ['a misspelt shipped workload', 'small-vs-larg', '', /did you mean "small-vs-large"/],
  ['not YAML', 'w.yaml', 'a: [1, 2', /w\.yaml:1:\d+: error:/],
  ['an unknown key', 'w.yaml', 'machine: { memroy: 1GiB }', /w\.yaml:1:12: error:.*memroy/],
  ['a wrong unit', 'w.yaml', 'machine: { memory: 5 s }', /w\.yaml:1:\d+: error:/],
  ['a negative size', 'w.yaml', 'machine: { memory: -5MiB }', /w\.yaml:1:\d+: error:.*negative/],
  ['a binary file', 'w.yaml', 'a\0b', /w\.yaml.*binary/],
  ['an empty file', 'w.yaml', '', /w\.yaml.*empty/],
])('%s: one message, exit code 2, nothing written', (_what, file, text, message) => {
  const cwd = tempDir();
  if (file === 'w.yaml') writeFileSync(join(cwd, file), text);
  const before = readdirSync(cwd);
  const { exitCode, stdout, stderr } = oomsim(['run', file], { cwd });
  expect(oomsim(['validate', file], { cwd })).toEqual({ exitCode, stdout, stderr });
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^ +at |internal error/m);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
  expect(readdirSync(cwd)).toEqual(before);
});

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const WORKLOADS = fileURLToPath(new URL('../../workloads/', import.meta.url));

test.each([
  [['run'], `${EXAMPLES}oom.log`, 'a kernel log: oomsim import dmesg'],
  [['run'], `${EXAMPLES}pods.yaml`, 'Kubernetes manifests: oomsim import kubernetes'],
  [['validate'], `${WORKLOADS}experiments/splitting.yaml`, 'an experiment: oomsim batch'],
  [['batch'], `${WORKLOADS}swap.yaml`, 'a workload: oomsim run'],
  [['import', 'dmesg'], `${EXAMPLES}pods.yaml`, 'Kubernetes manifests: oomsim import kubernetes'],
  [['import', 'kubernetes'], `${EXAMPLES}oom.log`, 'a kernel log: oomsim import dmesg'],
  [['import', 'host', '--root'], `${EXAMPLES}oom.log`, 'a kernel log: oomsim import dmesg'],
  [['import', 'host'], `${EXAMPLES}oom.log`, 'a kernel log: oomsim import dmesg'],
])('%j of something else says what takes it', (command, file, meant) => {
  const cwd = tempDir();
  const { exitCode, stderr } = oomsim([...command, file], { cwd });
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(`oomsim: ${file} looks like ${meant} ${file}`);
  expect(exitCode).toBe(2);
  expect(readdirSync(cwd)).toEqual([]);
});

test('import host of a file says how another machine is named', () => {
  const { exitCode, stderr } = oomsim(['import', 'host', 'a host.jsonl']);
  expect(stderr).toBe(
    "oomsim: a host.jsonl: import host reads this machine; another is named with --root 'a host.jsonl'\n",
  );
  expect(exitCode).toBe(2);
});

test('a folder is no workload', () => {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'folder'));
  const { exitCode, stderr } = oomsim(['run', 'folder'], { cwd });
  expect(stderr).toMatch(/folder: a directory/);
  expect(exitCode).toBe(2);
});

test.each([
  [['--kernel', '3.2'], /unknown kernel "3\.2".*; known: 4\.14/],
  [['--kernel', '4.51'], /unknown kernel "4\.51", did you mean "4\.15"\?; known: 4\.14/],
  [['--policy', 'cgruop'], /policy "cgruop", did you mean "cgroup"\?; known: process, .*cgroup/],
  [['--set', 'root_bonsu=true'], /unknown kernel switch "root_bonsu", did you mean "root_bonus"\?/],
  [['--set', 'root_bonus=maybe'], /root_bonus: expected true or false, found "maybe"/],
])('%j names nothing that exists: exit code 2, nothing written', (flags, message) => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'w.yaml'), GOOD);
  const { exitCode, stdout, stderr } = oomsim(['run', 'w.yaml', ...flags], { cwd });
  expect(stderr).toMatch(message);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
  expect(readdirSync(cwd)).toEqual(['w.yaml']);
});

test('below /proc no folder can be made, which is said at once', (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
  const cwd = tempDir();
  writeFileSync(join(cwd, 'w.yaml'), GOOD);
  const { exitCode, stderr } = oomsim(['run', 'w.yaml', '--out', '/proc/x'], { cwd });
  expect(stderr).toMatch(/cannot create the folder \/proc\/x\/w-.*: no such file or folder/);
  expect(exitCode).toBe(2);
});

test('an out folder that cannot be made is named', () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'w.yaml'), GOOD);
  writeFileSync(join(cwd, 'file'), '');
  const { exitCode, stderr } = oomsim(['run', 'w.yaml', '--out', 'file'], { cwd });
  expect(stderr).toMatch(/cannot create the folder file[\\/]w-4\.15-\w+-1: a part of the path/);
  expect(exitCode).toBe(2);
});
