import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { defaultSampleIntervalNs, SamplesCsv } from '../../src/record/samples_csv.js';
import { cgroupSnapshot, machineSnapshot } from './snapshots.js';
import { tempDir } from './temp_dir.js';

test('a row for the machine and for each cgroup, in bytes', () => {
  const path = join(tempDir(), 'samples.csv');
  const samples = new SamplesCsv(path);
  samples.sample(20_000_000, machineSnapshot({ freePages: 3 }), [
    cgroupSnapshot({ path: '/', usagePages: 2 }),
    cgroupSnapshot({ path: '/few', anonPages: 1, maxPages: 100 }),
  ]);
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

test('the interval is a 500th of the run in whole ms, never below 10 ms', () => {
  expect([1e9, 5e9, 60e9, 7.3e9].map(defaultSampleIntervalNs)).toEqual([10e6, 10e6, 120e6, 15e6]);
});
