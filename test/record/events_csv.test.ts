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

test('rows are the same text whatever was written before them, and whether they need quotes', () => {
  const path = join(tempDir(), 'events.csv');
  const unit = fc.constantFrom('a', 'Z', '|', ' ', '=', ',', '"', 'ä');
  const text = fc.oneof(fc.constantFrom('', 'kswapd0', '/many'), fc.string({ unit, maxLength: 5 }));
  const value = fc.oneof(text, fc.integer({ min: -3, max: 12 }), fc.maxSafeInteger(), fc.boolean());
  const key = fc.constantFrom('order', 'pid', 'memcg', 'ret');
  const row = fc.record({ comm: text, cgroup: text, fields: fc.dictionary(key, value) });
  const long = fc.record({
    comm: fc.constant('a'.repeat(300)),
    cgroup: fc.constant('/'.repeat(2000)),
    fields: fc.constant({ why: 'x'.repeat(5000) }),
  });
  const rows = fc.array(fc.oneof({ weight: 20, arbitrary: row }, long), { maxLength: 12 });
  fc.assert(
    fc.property(rows, (hits) => {
      const events = new EventsCsv(path);
      const fake = new FakeTrace();
      events.attach(fake.trace);
      for (const { comm, cgroup, fields } of hits) {
        fake.at(0, { pid: 1, comm, cgroup }).hit('oomsim:oom_lock', fields as never);
      }
      events.close();
      const written = parseCsv(readFileSync(path, 'utf8'));
      expect(written.map(({ comm, cgroup, args }) => ({ comm, cgroup, args }))).toEqual(
        hits.map(({ comm, cgroup, fields }) => ({ comm, cgroup, args: formatArgs(fields) })),
      );
    }),
    { numRuns: 300 },
  );
});
