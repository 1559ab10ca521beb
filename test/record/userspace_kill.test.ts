/** A userspace killer's kills in kills.csv. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TraceFields } from '../../src/kernel/trace.js';
import { parseCsv } from '../../src/record/csv_reader.js';
import { KillsCsv } from '../../src/record/kills_csv.js';
import { FakeTrace, oomKill } from './fake_trace.js';
import { tempDir } from './temp_dir.js';

const userspaceKill = (
  some: Partial<TraceFields['oomsim:userspace_kill']>,
): TraceFields['oomsim:userspace_kill'] => {
  const { policy, constraint, trigger_pid, trigger_comm, ...kill } = oomKill({ pid: 7 });
  const own = { killer: 'earlyoom', killer_pid: 5, signal: 'SIGTERM' as const, ignored: false };
  return { ...kill, ...own, ...some };
};

function rows(hit: (fake: FakeTrace) => void): Record<string, string>[] {
  const path = join(tempDir(), 'kills.csv');
  const kills = new KillsCsv(path);
  const fake = new FakeTrace();
  kills.attach(fake.trace);
  hit(fake);
  kills.close();
  return parseCsv(readFileSync(path, 'utf8'));
}

test('its name is the policy, and it is who asked', () => {
  const [row] = rows((fake) => {
    fake.at(100).hit('oomsim:userspace_kill', userspaceKill({ reason: 'low' }));
    fake.at(100).hit('signal:signal_generate', { sig: 15, pid: 7, comm: 'big' });
    fake.at(500).hit('sched:sched_process_exit', { pid: 7, comm: 'big', code: 15 });
  });
  expect(row).toMatchObject({
    time_ns: '100',
    pid: '7',
    policy: 'earlyoom',
    constraint: '',
    trigger_pid: '5',
    trigger_comm: 'earlyoom',
    reason: 'low',
    sigkill_ns: '', // it was a SIGTERM
    exited_ns: '500',
  });
});

test('a signal that is ignored makes no row; the SIGKILL after it does', () => {
  const found = rows((fake) => {
    fake.at(100).hit('oomsim:userspace_kill', userspaceKill({ ignored: true }));
    fake.at(200).hit('oomsim:userspace_kill', userspaceKill({ signal: 'SIGKILL' }));
    fake.at(200).hit('signal:signal_generate', { sig: 9, pid: 7, comm: 'big' });
  });
  expect(found.map(({ time_ns, sigkill_ns }) => [time_ns, sigkill_ns])).toEqual([['200', '200']]);
});

test('the row belongs to who shot first', () => {
  const found = rows((fake) => {
    fake.at(100).hit('oomsim:userspace_kill', userspaceKill({}));
    fake.at(150).hit('oomsim:userspace_kill', userspaceKill({ repeat: true }));
    fake.at(200).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
  });
  expect(found.map(({ policy }) => policy)).toEqual(['earlyoom']);
});
