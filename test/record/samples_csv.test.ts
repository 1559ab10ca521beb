import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { defaultSampleIntervalNs, SamplesCsv } from '../../src/record/samples_csv.js';
import { cgroupSnapshot, gaugesOf, machineSnapshot } from './snapshots.js';
import { tempDir } from './temp_dir.js';

test('a row for the machine and for each cgroup, in bytes', () => {
  const path = join(tempDir(), 'samples.csv');
  const samples = new SamplesCsv(path);
  const cgroups = [
    cgroupSnapshot({ path: '/', usagePages: 2 }),
    cgroupSnapshot({ path: '/few', anonPages: 1, maxPages: 100 }),
  ];
  samples.sample(20_000_000, gaugesOf(machineSnapshot({ freePages: 3 }), cgroups));
  samples.close();
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(/^time_ns,cgroup,usage_bytes,anon_bytes,file_bytes,swap_bytes,/);
  const [machine, few] = parseCsv(text);
  expect(machine).toMatchObject({ cgroup: '/', usage_bytes: '8192', free_bytes: '12288' });
  expect(few).toMatchObject({
    time_ns: '20000000',
    cgroup: '/few',
    anon_bytes: '4096',
    max_bytes: '409600',
    high_bytes: '', // max
    free_bytes: '', // known of the machine only
  });
});

test('rows that have not changed are written as if they had', () => {
  const path = join(tempDir(), 'samples.csv');
  const alonePath = join(tempDir(), 'alone.csv');
  const samples = new SamplesCsv(path);
  const machine = machineSnapshot({ freePages: 3 });
  const gauges = (usagePages: number) =>
    gaugesOf(machine, [
      cgroupSnapshot({ path: '/', usagePages: 1 }),
      cgroupSnapshot({ path: '/a, b', usagePages }),
    ]);
  for (const [i, usagePages] of [1, 1, 2, 2, 1].entries()) {
    const alone = new SamplesCsv(alonePath);
    alone.sample(i, gauges(usagePages));
    alone.close();
    samples.sample(i, gauges(usagePages));
    samples.flush();
    const rows = readFileSync(alonePath, 'utf8').split('\n').slice(1);
    expect(readFileSync(path, 'utf8').endsWith(rows.join('\n'))).toBe(true);
  }
  samples.again(10_000_000_000);
  samples.close();
  const written = parseCsv(readFileSync(path, 'utf8'));
  expect(written.slice(-2)).toEqual(
    written.slice(-4, -2).map((row) => ({ ...row, time_ns: '10000000000' })),
  );
});

test('the interval is a 500th of the run in whole ms, never below 10 ms', () => {
  expect([1e9, 5e9, 60e9, 7.3e9].map(defaultSampleIntervalNs)).toEqual([10e6, 10e6, 120e6, 15e6]);
});
