import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { KillsCsv } from '../../src/record/kills_csv.js';
import { FakeTrace, oomKill } from './fake_trace.js';
import { tempDir } from './temp_dir.js';

function record(
  play: (fake: FakeTrace, flushed: () => string[]) => void,
): Record<string, string>[] {
  const path = join(tempDir(), 'kills.csv');
  const kills = new KillsCsv(path);
  const fake = new FakeTrace();
  kills.attach(fake.trace);
  const pids = (): string[] => {
    kills.flush();
    return parseCsv(readFileSync(path, 'utf8')).map((row) => row.pid!);
  };
  play(fake, pids);
  kills.close();
  return parseCsv(readFileSync(path, 'utf8'));
}

test('a row follows its victim from the signal to the freed memory', () => {
  const [row] = record((fake) => {
    fake.at(100).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
    fake.at(110).hit('signal:signal_generate', { sig: 9, pid: 7, comm: 'big' });
    fake.at(120).hit('oom:mark_victim', { pid: 7 });
    fake.at(300).hit('oom:finish_task_reaping', { pid: 7 });
    fake.at(300).hit('oomsim:mmf_oom_skip', { pid: 7, cause: 'reaped' });
    fake.at(400).hit('oomsim:exit_mmap', { pid: 7, freed: 12, victim: true });
    fake.at(500).hit('sched:sched_process_exit', { pid: 7, comm: 'big', code: 9 });
  });
  expect(row).toMatchObject({
    time_ns: '100',
    pid: '7',
    comm: 'big',
    cgroup: '/few',
    points: '15360',
    trigger_pid: '9',
    sigkill_ns: '110',
    marked_ns: '120',
    reaped_ns: '300',
    skip_cause: 'reaped',
    freed_ns: '400',
    freed_pages: '12',
    exited_ns: '500',
    group: '0',
  });
});

test('the signal may be generated before the kill is reported', () => {
  const [row] = record((fake) => {
    fake.at(90).hit('signal:signal_generate', { sig: 9, pid: 7, comm: 'big' });
    fake.at(100).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
  });
  expect(row).toMatchObject({ time_ns: '100', sigkill_ns: '90', exited_ns: '' });
});

test('rows come in kill order, each as soon as it and those before it are complete', () => {
  record((fake, pids) => {
    fake.at(100).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
    fake.at(200).hit('oomsim:oom_kill', oomKill({ pid: 8 }));
    for (const pid of [8, 7]) {
      expect(pids()).toEqual([]);
      fake.at(300).hit('oomsim:exit_mmap', { pid, freed: 1, victim: true });
      fake.at(300).hit('sched:sched_process_exit', { pid, comm: 'big', code: 9 });
    }
    expect(pids()).toEqual(['7', '8']);
  });
});

test('a pid that is used again is another victim', () => {
  const rows = record((fake) => {
    for (const start of [100, 200]) {
      fake.at(start).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
      fake.at(start + 10).hit('oomsim:exit_mmap', { pid: 7, freed: start, victim: true });
      fake.at(start + 20).hit('sched:sched_process_exit', { pid: 7, comm: 'big', code: 9 });
    }
  });
  expect(rows.map((row) => row.freed_pages)).toEqual(['100', '200']);
});

test('a victim that is shot at again stays one row', () => {
  const rows = record((fake) => {
    fake.at(100).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
    fake.at(200).hit('oomsim:oom_kill', oomKill({ pid: 7, repeat: true }));
  });
  expect(rows.map((row) => row.time_ns)).toEqual(['100']);
});
