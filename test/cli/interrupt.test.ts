import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { readManifest } from '../../src/record/manifest.js';
import { readRun } from '../../src/record/read_run.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsim, oomsimCommand, startOomsim } from './program.js';

/** Goes on for longer than any test waits. */
const ENDLESS = `
machine: { memory: 64MiB, cpus: 2 }
cgroups: { /a: {} }
processes:
  - name: eater
    cgroup: /a
    count: 4
    restart: on-kill
    program: [{ anon: 32MiB, step: 1MiB, every: 10ms }, hold]
until: 24h
`;

/** Starts an endless run and waits until it has written events. */
async function running() {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'endless.yaml'), ENDLESS);
  const { child, ended } = startOomsim(['run', 'endless.yaml', '--json'], cwd);
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const dir = await vi.waitFor(
    () => {
      const [name] = readdirSync(join(cwd, 'out'));
      const dir = join(cwd, 'out', name!);
      expect(statSync(join(dir, 'events.csv')).size).toBeGreaterThan(10_000);
      return dir;
    },
    { timeout: 20_000, interval: 50 },
  );
  return { child, ended, dir, output: () => stdout };
}

/** Replays a run up to where its record ends. */
function replay(dir: string) {
  const { exitCode, stdout } = oomsim(['replay', dir, '--no-continue', '--json', '-q']);
  return { exitCode, ...JSON.parse(stdout) };
}

function isWholeCsv(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  const rows = parseCsv(text);
  return text.endsWith('\n') && rows.length === text.split('\n').length - 2;
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s: the files are complete and true', async (signal) => {
  const { child, ended, dir, output } = await running();
  child.kill(signal);
  expect(await ended).toBe(130);
  const result = JSON.parse(output());
  expect(result.endedBy).toBe('interrupted');
  expect(result.token).toMatch(/@\d+\+$/);
  const { manifest, kills } = readRun(dir);
  expect(manifest).toMatchObject({ state: 'interrupted', token: result.token });
  expect(kills).toHaveLength(result.kills.length);
  for (const name of ['events.csv', 'samples.csv', 'kills.csv']) {
    expect(isWholeCsv(join(dir, name))).toBe(true);
  }
  const again = replay(dir);
  expect(again).toMatchObject({ exitCode: 0, verdict: 'same', token: result.token });
  for (const { outcome } of again.files) expect(outcome).toBe('same');
});

test('a killed run says that it is unfinished; what it has is right', async () => {
  const { child, ended, dir, output } = await running();
  child.kill('SIGKILL');
  expect(await ended).toBeNull();
  expect(output()).toBe('');
  expect(readManifest(dir)).toMatchObject({ state: 'unfinished', summary: null });
  expect(existsSync(join(dir, 'run.json.new'))).toBe(false);
  expect(parseCsv(readFileSync(join(dir, 'events.csv'), 'utf8')).length).toBeGreaterThan(10);
  const { exitCode, verdict, lastRecorded } = replay(dir);
  expect({ exitCode, verdict }).toEqual({ exitCode: 0, verdict: 'same' });
  expect(lastRecorded).toMatch(/^event [\d,]+ at [\d.]+ s$/);
});

test('a full disk: the reason is told, what was written is right', () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'endless.yaml'), ENDLESS);
  const limited = `ulimit -f 200; exec "$@"`; // no file may take more than so many blocks
  const command = oomsimCommand(['run', 'endless.yaml', '-q', '--no-ui']);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', limited, 'sh', ...command], {
    cwd,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^oomsim: cannot write .*: .* \(its first \d+ bytes are complete\)\n$/);
  const dir = join(cwd, 'out', 'endless-4.15-process-1');
  expect(readManifest(dir)).toMatchObject({ state: 'failed', summary: null });
  expect(isWholeCsv(join(dir, 'events.csv'))).toBe(true);
  expect(replay(dir)).toMatchObject({ exitCode: 0, verdict: 'same' });
});

test('a device that is full from the beginning', () => {
  const cwd = tempDir();
  const dir = join(cwd, 'out', 'small-vs-large-4.15-cgroup-1');
  mkdirSync(dir, { recursive: true });
  symlinkSync('/dev/full', join(dir, 'kills.csv'));
  const { exitCode, stderr } = oomsim(['run', '-q', '--force'], { cwd });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^oomsim: cannot write .*kills.csv: no space left on the device/);
  expect(readManifest(dir).state).toBe('unfinished');
});

test('a reader of the result that leaves early: the run and its files are complete', async () => {
  const cwd = tempDir();
  const { child, ended } = startOomsim(['run', '-q', '--json'], cwd);
  child.stdout.destroy();
  expect(await ended).toBe(0);
  const dir = join(cwd, 'out', 'small-vs-large-4.15-cgroup-1');
  expect(readManifest(dir).state).toBe('finished');
  expect(replay(dir)).toMatchObject({ exitCode: 0, verdict: 'same' });
});

test('a reader that leaves early gets no complaint, and the run its own exit code', async () => {
  const { child, ended } = startOomsim(['list'], tempDir());
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.destroy();
  expect(await ended).toBe(0);
  expect(stderr).toBe('');
});
