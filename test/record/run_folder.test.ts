import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Manifest, readManifest, writeManifest } from '../../src/record/manifest.js';
import { processIdentity } from '../../src/record/process_identity.js';
import { prepareRunFolder, runFolderName } from '../../src/record/run_folder.js';
import { tempDir } from './temp_dir.js';

function manifest(identity: string): Omit<Manifest, 'format'> {
  return {
    state: 'unfinished',
    token: identity,
    identity,
    workload: { name: 'w', sha256: '00' },
    kernel: '4.15',
    policy: 'cgroup',
    seed: '1',
    run: 1,
    options: {},
    sampleIntervalNs: 10_000_000,
    versions: { oomsim: '0', model: '1', node: '20' },
    summary: null,
  };
}

test('the folder is named after workload, kernel, policy and seed', () => {
  const parts = { name: 'small-vs-large', kernel: '4.15', policy: 'cgroup' };
  expect(runFolderName({ ...parts, seed: '42' })).toBe('small-vs-large-4.15-cgroup-42');
  expect(runFolderName({ ...parts, name: '../x', seed: 'a/b c' })).toBe('_._x-4.15-cgroup-a_b_c');
});

test('the same run may take its folder over again', () => {
  const dir = join(tempDir(), 'out', 'a');
  prepareRunFolder(dir, 'oomsim1:1:aa:1:1', false);
  writeManifest(dir, manifest('oomsim1:1:aa:1:1'));
  prepareRunFolder(dir, 'oomsim1:1:aa:1:1', false);
});

test('the folder of another run is refused unless forced', () => {
  const dir = tempDir();
  writeManifest(dir, manifest('oomsim1:1:aa:1:1'));
  expect(() => prepareRunFolder(dir, 'oomsim1:1:bb:1:1', false)).toThrow(
    `${dir} holds another run (oomsim1:1:aa:1:1); not overwritten`,
  );
  prepareRunFolder(dir, 'oomsim1:1:bb:1:1', true);
});

test('a folder that another process still writes to is refused, also when forced', () => {
  const dir = tempDir();
  const sleeper = spawn('sleep', ['60']);
  writeManifest(dir, { ...manifest('a'), writer: processIdentity(sleeper.pid!) });
  for (const force of [false, true]) {
    expect(() => prepareRunFolder(dir, 'a', force)).toThrow(
      `${dir}: a run is written to it already, by process ${sleeper.pid}`,
    );
  }
  sleeper.kill('SIGKILL');
});

test('one whose writer is gone may be taken, even if its number was given to another', () => {
  const dir = tempDir();
  writeManifest(dir, { ...manifest('a'), writer: `${process.ppid} 1` });
  prepareRunFolder(dir, 'a', false);
});

test.each([
  ['files of someone else', (dir: string) => writeFileSync(join(dir, 'thesis.txt'), 'x')],
  ['a broken manifest', (dir: string) => writeFileSync(join(dir, 'run.json'), '{"format":')],
  ['another format', (dir: string) => writeFileSync(join(dir, 'run.json'), '{"format":"x"}')],
  ['JSON that is no object', (dir: string) => writeFileSync(join(dir, 'run.json'), 'null')],
  ['a folder in the place of the manifest', (dir: string) => mkdirSync(join(dir, 'run.json'))],
])('%s: not overwritten', (_what, fill) => {
  const dir = tempDir();
  fill(dir);
  expect(() => prepareRunFolder(dir, 'oomsim1:1:aa:1:1', false)).toThrow('not a run; not overwr');
});

test('a file in the place of the folder is refused, even when forced', () => {
  const path = join(tempDir(), 'a');
  writeFileSync(path, 'x');
  expect(() => prepareRunFolder(path, 'oomsim1:1:aa:1:1', true)).toThrow('is not a folder');
});

test('the manifest is replaced at once and leaves nothing beside it', () => {
  const dir = tempDir();
  writeManifest(dir, manifest('a'));
  writeManifest(dir, { ...manifest('a'), state: 'finished', summary: { kills: [] } });
  expect(readdirSync(dir)).toEqual(['run.json']);
  expect(readManifest(dir)).toMatchObject({ format: 'oomsim-run/1', state: 'finished' });
  expect(readFileSync(join(dir, 'run.json'), 'utf8')).toMatch(/\n$/);
});
