/** `oomsim batch` and `oomsim merge` as a user has them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { takeFolder } from '../../src/batch/results/take_folder.js';
import { TINY } from '../batch/tiny.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsim, startOomsim } from './program.js';

function folder(text = TINY): string {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'tiny.yaml'), text);
  return cwd;
}

const FILES = ['runs.csv', 'summary.csv', 'report.html', 'plan.json'] as const;

/** All that a batch leaves, in one text. */
const filesOf = (cwd: string, out: string): string =>
  FILES.map((file) => readFileSync(join(cwd, out, 'tiny', file), 'utf8')).join('\n');

test('1, 2 and 4 threads, and shards that were merged, give the same bytes', () => {
  const cwd = folder();
  const batch = (...args: string[]) => oomsim(['batch', 'tiny.yaml', '-q', ...args], { cwd });
  for (const workers of ['1', '2', '4']) {
    expect(batch('--workers', workers, '--out', `w${workers}`)).toMatchObject({ exitCode: 0 });
  }
  for (const env of [
    { JOB_COMPLETION_INDEX: '0' },
    { SLURM_ARRAY_TASK_ID: '2' },
    { PARALLEL_SEQ: '3' },
  ]) {
    const args = ['batch', 'tiny.yaml', '-q', '--shard', 'auto/3', '--out', 'shards'];
    expect(oomsim(args, { cwd, env })).toMatchObject({ exitCode: 0 });
  }
  const dirs = [3, 1, 2].map((k) => `shards/tiny.shard-${k}-of-3`);
  expect(oomsim(['merge', ...dirs, '--out', 'merged'], { cwd })).toMatchObject({ exitCode: 0 });
  const expected = filesOf(cwd, 'w1');
  for (const out of ['w2', 'w4', 'merged']) expect(filesOf(cwd, out)).toBe(expected);
});

/** Long enough to be stopped in the middle. */
const LONG = TINY.replace('replications: 6', 'replications: 100');

test.each([
  ['SIGINT', 130],
  ['SIGKILL', null],
] as const)('after %s the same command goes on', async (signal, exitCode) => {
  const cwd = folder(LONG);
  const args = ['batch', 'tiny.yaml', '-q', '--workers', '2', '--out', 'cut'];
  const { child, ended } = startOomsim(args, cwd);
  await vi.waitFor(
    () => {
      const rows = readFileSync(join(cwd, 'cut', 'tiny', 'runs.unsorted.csv'), 'utf8').split('\n');
      expect(rows.length).toBeGreaterThan(20);
    },
    { timeout: 20_000, interval: 10 },
  );
  child.kill(signal);
  expect(await ended).toBe(exitCode);
  const resumed = oomsim(
    args.filter((arg) => arg !== '-q'),
    { cwd },
  );
  expect(resumed.exitCode).toBe(0);
  expect(resumed.stderr).toMatch(/runs are there already/);
  oomsim([...args.slice(0, -1), 'whole'], { cwd });
  expect(filesOf(cwd, 'cut')).toBe(filesOf(cwd, 'whole'));
});

test('a folder that somebody plays into is left alone; what the dead have left is taken over', () => {
  const cwd = folder();
  const args = ['batch', 'tiny.yaml', '-q', '--out', 'shared'];
  const dir = join(cwd, 'shared', 'tiny');
  const giveBack = takeFolder(dir);
  for (const more of [[], ['--dry-run'], ['--force']]) {
    expect(oomsim([...args, ...more], { cwd })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/tiny: oomsim plays into it already, as process \d+ \(wait/),
    });
  }
  expect(readdirSync(dir)).toEqual(['playing.pid']);
  giveBack();
  writeFileSync(join(dir, 'playing.pid'), `${process.pid} 1\n`); // this number, but started before
  expect(oomsim(args, { cwd }).exitCode).toBe(0);
  expect(readdirSync(dir)).not.toContain('playing.pid');
});

test('a damaged row is played again', () => {
  const cwd = folder();
  const args = ['batch', 'tiny.yaml', '-q'];
  oomsim(args, { cwd });
  const path = join(cwd, 'out', 'tiny', 'runs.csv');
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, whole.replace(/\n0,3,/, '\n,'));
  expect(oomsim(args, { cwd }).exitCode).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe(whole);
});

test('a command of the report plays the run whose token is in runs.csv', () => {
  const cwd = folder();
  const json = JSON.parse(oomsim(['batch', 'tiny.yaml', '--json'], { cwd }).stdout);
  const dir = join(cwd, json.dir);
  const rows = readFileSync(join(dir, 'runs.csv'), 'utf8').trimEnd().split('\n').slice(1);
  const { cell, run, replay } = json.surprises[0] ?? {
    cell: 3,
    run: 2,
    replay: 'oomsim run workloads/w02.yaml --seed 1 --run 2 --policy cgroup',
  };
  const row = rows.find((line) => line.startsWith(`${cell},${run},`))!;
  const args = [...replay.split(' ').slice(1), '--json', '-q'];
  const played = JSON.parse(oomsim(args, { cwd: dir }).stdout);
  expect(row.split(',')).toContain(played.token);
});

test('--dry-run tells what there is to do, and does nothing', () => {
  const cwd = folder();
  const { exitCode, stdout } = oomsim(['batch', 'tiny.yaml', '--dry-run'], { cwd });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/4 cells in 2 settings/);
  expect(stdout).toMatch(/runs +24, of which 0 are done/);
  expect(() => readFileSync(join(cwd, 'out'))).toThrow(/ENOENT/);
});

test('merging half of the shards says what is missing', () => {
  const cwd = folder();
  oomsim(['batch', 'tiny.yaml', '-q', '--shard', '1/2'], { cwd });
  const { exitCode, stderr } = oomsim(['merge', 'out/tiny.shard-1-of-2'], { cwd });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/12 of 24 runs/);
  // What is missing can also be played in the merged folder.
  expect(oomsim(['batch', 'tiny.yaml', '-q'], { cwd }).exitCode).toBe(0);
});

describe('bad input', () => {
  test.each([
    [['batch', 'farness'], /did you mean "fairness"/],
    [['batch', 'fairness', '--shard', '8/7'], /Expected K\/N/],
    [['batch', 'fairness', '--shard', 'auto/7'], /none of JOB_COMPLETION_INDEX/],
    [['merge', 'nowhere'], /nowhere is not the folder of a batch/],
  ])('oomsim %j', (args, message) => {
    const { exitCode, stderr } = oomsim(args, { cwd: tempDir() });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('an index beyond the number of shards', () => {
    const env = { SLURM_ARRAY_TASK_ID: '0' };
    const { exitCode, stderr } = oomsim(['batch', 'fairness', '--shard', 'auto/7'], { env });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/SLURM_ARRAY_TASK_ID is 0; .* from 1 to 7/);
  });
});
