/** The same results, however a batch is divided and interrupted. */
import { appendFileSync, copyFileSync, existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { concludeBatch } from '../../src/batch/batch.js';
import { mergeBatches } from '../../src/batch/cluster/merge.js';
import { ResultStore } from '../../src/batch/results/store.js';
import { tempDir } from '../record/temp_dir.js';
import { fileOf, planTiny, playInto, TINY } from './tiny.js';

async function whole(): Promise<{ runs: string; summary: string }> {
  const dir = join(tempDir(), 'whole');
  await concludeBatch(await playInto(dir, planTiny()));
  return { runs: fileOf(dir, 'runs.csv'), summary: fileOf(dir, 'summary.csv') };
}

test.each([1, 3, 7])('in %i shards, merged in any order, one of them twice', async (count) => {
  const root = tempDir();
  const dirs: string[] = [];
  for (let index = 1; index <= count; index++) {
    const dir = join(root, `part-${index}`);
    await playInto(dir, planTiny(), { index, count });
    dirs.unshift(dir);
  }
  const merged = mergeBatches([...dirs, dirs[0]!], (name) => join(root, name), false);
  await concludeBatch(merged);
  const expected = await whole();
  expect(fileOf(merged.dir, 'runs.csv')).toBe(expected.runs);
  expect(fileOf(merged.dir, 'summary.csv')).toBe(expected.summary);
});

test('killed in the middle of a row: the rest is played, nothing twice', async () => {
  const expected = await whole();
  const dir = join(tempDir(), 'torn');
  const store = new ResultStore(dir, planTiny(), false);
  const lines = expected.runs.split('\n');
  // As a kill -9 leaves it: rows in any order, the last one torn.
  const torn = [lines[0], lines[9], lines[3], lines[5]!.slice(0, 40)].join('\n');
  writeFileSync(join(store.dir, 'runs.unsorted.csv'), torn);
  const resumed = await playInto(dir, planTiny());
  expect(fileOf(resumed.dir, 'runs.csv')).toBe(expected.runs);
  expect(existsSync(join(dir, 'runs.unsorted.csv'))).toBe(false);
});

test('what was played is not played again', async () => {
  const dir = join(tempDir(), 'again');
  await playInto(dir, planTiny());
  // A row that no run would give shows that it was kept.
  const edited = fileOf(dir, 'runs.csv').replace(/,ok,idle,\d+,/, ',ok,idle,1,');
  writeFileSync(join(dir, 'runs.csv'), edited);
  await playInto(dir, planTiny());
  expect(fileOf(dir, 'runs.csv')).toBe(edited);
});

test('more replications go on where fewer ended', async () => {
  const dir = join(tempDir(), 'more');
  await playInto(dir, planTiny(TINY.replace('replications: 6', 'replications: 2')));
  await playInto(dir, planTiny());
  expect(fileOf(dir, 'runs.csv')).toBe((await whole()).runs);
});

test('a folder of another plan, or of no batch, is left alone', async () => {
  const dir = join(tempDir(), 'other');
  await playInto(dir, planTiny());
  const other = planTiny(TINY.replace('[5, 10]', '[5, 9]'));
  expect(() => new ResultStore(dir, other, false)).toThrow(/another plan/);
  expect(() => mergeBatches([tempDir()], () => dir, false)).toThrow(/not the folder of a batch/);
});

test('two different results of one run are refused, and shards of two plans', async () => {
  const root = tempDir();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(root, name)) as [string, string, string];
  await playInto(a, planTiny(), { index: 1, count: 2 });
  await playInto(b, planTiny(), { index: 1, count: 2 });
  const edited = fileOf(b, 'runs.csv').replace(/,ok,idle,\d+,/, ',ok,idle,1,');
  writeFileSync(join(b, 'runs.csv'), edited);
  const to = (name: string) => join(root, name);
  expect(() => mergeBatches([a, b], to, false)).toThrow(/contradict each other/);
  await playInto(c, planTiny(TINY.replace('name: tiny', 'name: tiny\nseed: 2')));
  expect(() => mergeBatches([a, c], to, false)).toThrow(/of another plan/);
});

test('a file cut at any byte loses its torn row only', async () => {
  const dir = join(tempDir(), 'cut');
  await playInto(dir, planTiny());
  const path = join(dir, 'runs.csv');
  const text = fileOf(dir, 'runs.csv');
  const copy = join(dir, 'copy.csv');
  copyFileSync(path, copy);
  truncateSync(path, text.length - 3);
  const store = new ResultStore(dir, planTiny(), false);
  expect([...store.rows()]).toHaveLength(text.split('\n').length - 3);
  appendFileSync(path, 'garbage without an end');
  expect([...store.rows()]).toHaveLength(text.split('\n').length - 3);
});
