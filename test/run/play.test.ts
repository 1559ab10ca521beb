import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { readRun } from '../../src/record/read_run.js';
import { MODEL_VERSION } from '../../src/run/model_version.js';
import { play } from '../../src/run/play.js';
import { loadPolicy } from '../../src/run/policy/load.js';
import { tempDir } from '../record/temp_dir.js';
import { FakeSystem, fakeSource } from './fake_system.js';

const source = fakeSource('name: fake\n');
const token = `oomsim1:${MODEL_VERSION}:${source.hash.slice(0, 8)}:1:1`;

test('a finished run leaves a complete folder', async () => {
  const outDir = tempDir();
  const result = await play(new FakeSystem(), source, {}, { outDir });
  const dir = join(outDir, 'fake-4.15-cgroup-1');
  expect(result).toMatchObject({
    token: expect.stringMatching(new RegExp(`^${token}#[0-9a-f]{16}/tk@100$`)),
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}\/tk$/),
    endedBy: 'until',
    simulatedNs: 100_000_000,
    events: 100,
    allocFailures: 2,
    panic: null,
    outDir: dir,
  });
  expect(result.kills).toHaveLength(10);
  expect(readdirSync(dir).sort()).toEqual([
    'checkpoints.csv',
    'events.csv',
    'kernel.log',
    'kills.csv',
    'run.json',
    'samples.csv',
    'workload.yaml',
  ]);
  const { manifest, kills } = readRun(dir);
  expect(manifest).toMatchObject({ state: 'finished', token: result.token, identity: token });
  expect(manifest.summary).toMatchObject({ events: 100, kills: 10 });
  expect(manifest.summary).not.toHaveProperty('outDir');
  expect(kills.map((kill) => Number(kill.time_ns))).toEqual(result.kills.map((k) => k.timeNs));
  expect(readFileSync(join(dir, 'workload.yaml'), 'utf8')).toBe('name: fake\n');
});

test('a result lists the files of its folder, with the recording and the policy file', async () => {
  const policy = await loadPolicy('ten-lines.ts');
  const options = { outDir: tempDir(), record: true };
  const { outDir, files } = await play(new FakeSystem(), source, { policy }, options);
  expect(readdirSync(outDir!).sort()).toEqual([...files, 'run.json'].sort());
  expect(files).toEqual(expect.arrayContaining(['policy.ts', 'frames.jsonl.gz']));
});

test('samples are taken at 0, at each interval, and at the end once', async () => {
  const outDir = tempDir();
  const { outDir: dir } = await play(new FakeSystem(), source, {}, { outDir });
  const rows = parseCsv(readFileSync(join(dir!, 'samples.csv'), 'utf8'));
  const times = rows.filter((row) => row.cgroup === '/').map((row) => Number(row.time_ns) / 1e6);
  expect(times).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(rows[2]).toMatchObject({ cgroup: '/', usage_bytes: String(10 * 4096) });
});

test('the same run writes the same bytes', async () => {
  const contents = [];
  for (const outDir of [tempDir(), tempDir()]) {
    const { outDir: dir } = await play(new FakeSystem(), source, {}, { outDir });
    contents.push(readdirSync(dir!).map((name) => readFileSync(join(dir!, name), 'utf8')));
  }
  expect(contents[0]).toEqual(contents[1]);
});

test('an interrupted run has complete files and says what it is', async () => {
  const outDir = tempDir();
  const stop = new AbortController();
  const observer = {
    slice: (system: { events: number }) => {
      if (system.events >= 50) stop.abort();
    },
  };
  const options = { outDir, signal: stop.signal };
  const result = await play(new FakeSystem(), source, {}, options, [observer]);
  expect(result).toMatchObject({ endedBy: 'interrupted', events: 50 });
  const { manifest, kills } = readRun(result.outDir!);
  expect(manifest).toMatchObject({ state: 'interrupted', summary: { endedBy: 'interrupted' } });
  expect(kills).toHaveLength(5);
});

test('a run that breaks says failed, and keeps what it has', async () => {
  const outDir = tempDir();
  const observer = {
    slice: (system: { events: number }) => {
      if (system.events >= 50) throw new Error('a bug');
    },
  };
  await expect(play(new FakeSystem(), source, {}, { outDir }, [observer])).rejects.toThrow('a bug');
  const { manifest, kills } = readRun(join(outDir, 'fake-4.15-cgroup-1'));
  expect(manifest).toMatchObject({ state: 'failed', token, summary: null });
  expect(kills).toHaveLength(5);
});

test('the manifest says unfinished from before the first event', async () => {
  const outDir = tempDir();
  const states: string[] = [];
  const observer = {
    begin: () => {
      states.push(readRun(join(outDir, 'fake-4.15-cgroup-1')).manifest.state);
    },
  };
  await play(new FakeSystem(), source, {}, { outDir }, [observer]);
  expect(states).toEqual(['unfinished']);
});

test('another run does not get the folder; the refused one changes nothing in it', async () => {
  const outDir = tempDir();
  await play(new FakeSystem(), source, {}, { outDir });
  const other = fakeSource('name: fake # edited\n');
  await expect(play(new FakeSystem(), other, {}, { outDir })).rejects.toThrow('another run');
  const { manifest } = readRun(join(outDir, 'fake-4.15-cgroup-1'));
  expect(manifest).toMatchObject({ state: 'finished', identity: token });
  await play(new FakeSystem(), other, {}, { outDir, force: true });
  expect(readRun(join(outDir, 'fake-4.15-cgroup-1')).manifest.identity).not.toBe(token);
});

test('another run number has a folder of its own', async () => {
  const outDir = tempDir();
  await play(new FakeSystem(), source, { run: 7 }, { outDir });
  expect(readdirSync(outDir)).toEqual(['fake-4.15-cgroup-1.7']);
});

test('without an out folder nothing is written', async () => {
  const result = await play(new FakeSystem(), source, {});
  expect(result.outDir).toBeNull();
  expect(existsSync('fake-4.15-cgroup-1')).toBe(false);
});
