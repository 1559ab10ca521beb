import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { readManifest } from '../../src/record/manifest.js';
import { readRun } from '../../src/record/read_run.js';
import { tempDir } from '../record/temp_dir.js';
import { startOomsim } from './program.js';

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
  const { manifest, kills } = readRun(dir);
  expect(manifest).toMatchObject({ state: 'interrupted', token: result.token });
  expect(kills).toHaveLength(result.kills.length);
  for (const name of ['events.csv', 'samples.csv', 'kills.csv']) {
    expect(isWholeCsv(join(dir, name))).toBe(true);
  }
});

test('a killed run says that it is unfinished', async () => {
  const { child, ended, dir, output } = await running();
  child.kill('SIGKILL');
  expect(await ended).toBeNull();
  expect(output()).toBe('');
  expect(readManifest(dir)).toMatchObject({ state: 'unfinished', summary: null });
  expect(existsSync(join(dir, 'run.json.new'))).toBe(false);
  expect(parseCsv(readFileSync(join(dir, 'events.csv'), 'utf8')).length).toBeGreaterThan(10);
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
