import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { EventsCsv, formatArgs } from '../../src/record/events_csv.js';
import { FakeTrace } from './fake_trace.js';
import { tempDir } from './temp_dir.js';

test('one row a tracepoint; log lines and candidates stay out', () => {
  const path = join(tempDir(), 'events.csv');
  const events = new EventsCsv(path);
  const fake = new FakeTrace();
  events.attach(fake.trace);
  fake
    .at(4_000_000, { pid: 12, comm: 'small', cgroup: '/many' })
    .hit('oomsim:oom_select', {
      policy: 'process',
      constraint: 'CONSTRAINT_NONE',
      memcg: '',
      totalpages: 131072,
      chosen: '7:big',
      chosen_memcg: '',
      candidates: () => {
        throw new Error('nobody asked');
      },
      memcg_candidates: () => {
        throw new Error('nobody asked');
      },
    })
    .hit('oomsim:printk', { line: 'Out of memory: …' })
    .at(4_000_100)
    .hit('oom:mark_victim', { pid: 7 });
  events.close();
  expect(readFileSync(path, 'utf8').split('\n')).toEqual([
    'time_ns,seq,event,pid,comm,cgroup,args',
    '4000000,1,oomsim:oom_select,12,small,/many,' +
      'policy=process constraint=CONSTRAINT_NONE memcg= totalpages=131072 chosen=7:big chosen_memcg=',
    '4000100,2,oom:mark_victim,12,small,/many,pid=7',
    '',
  ]);
});

test('texts with spaces, quotes or equals signs are quoted', () => {
  expect(formatArgs({ ret: false, why: 'no "victim"', comm: 'a=b', n: -3 })).toBe(
    'ret=0 why="no \\"victim\\"" comm="a=b" n=-3',
  );
});

test('arguments are the same text whether they need quotes or not', () => {
  const path = join(tempDir(), 'events.csv');
  const text = fc.string({
    unit: fc.constantFrom('a', 'Z', '|', ' ', '=', ',', '"', 'ä'),
    maxLength: 5,
  });
  const value = fc.oneof(text, fc.maxSafeInteger(), fc.boolean());
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]+$/), value), (fields) => {
      const events = new EventsCsv(path);
      const fake = new FakeTrace();
      events.attach(fake.trace);
      fake.hit('oomsim:oom_lock', fields as never);
      events.close();
      const [row] = parseCsv(readFileSync(path, 'utf8'));
      expect(row?.args).toBe(formatArgs(fields));
    }),
    { numRuns: 200 },
  );
});
