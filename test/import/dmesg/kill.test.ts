import { describe, expect, test } from 'vitest';
import { parseOomReports } from '../../../src/import/dmesg/index.js';
import { parseGroup, parseKill, parseReaper } from '../../../src/import/dmesg/kill.js';

// Goal: every form of the kill line from 2.6.18 to 6.18.

const FORMS: readonly [string, string, object][] = [
  [
    '2.6.18',
    'Out of Memory: Kill process 100 (httpd) score 4321 and children.',
    { verb: 'select', pid: 100, comm: 'httpd', score: 4321, message: 'Out of Memory' },
  ],
  [
    '2.6.32 selection',
    'Out of memory: kill process 100 (httpd) score 4321 or a child',
    { verb: 'select', score: 4321 },
  ],
  ['2.6.32 kill', 'Killed process 101 (httpd)', { verb: 'kill', pid: 101, message: '' }],
  [
    '2.6.34',
    'Killed process 101 (httpd) vsz:4000kB, anon-rss:300kB, file-rss:20kB',
    { totalVmKb: 4000, anonRssKb: 300, fileRssKb: 20 },
  ],
  [
    'RHEL 6',
    'Killed process 18992, UID 48, (httpd.worker) total-vm:3355660kB, anon-rss:16kB, file-rss:6kB',
    { pid: 18_992, uid: 48, comm: 'httpd.worker', totalVmKb: 3_355_660 },
  ],
  [
    'RHEL 6 dry',
    'Would have killed process 7 (safe). But continuing instead.',
    { verb: 'would', comm: 'safe' },
  ],
  [
    'a patched kernel, dry',
    'oom_kill_process: would have killed process 7 (safe), but continuing instead...',
    { verb: 'would', comm: 'safe' },
  ],
  [
    'OpenVZ',
    'Out of memory in UB 4711: OOM killed process 29 (npm) score 0 vm:1506kB, rss:237kB, swap:1kB',
    { verb: 'kill', comm: 'npm', totalVmKb: 1506, message: 'Out of memory in UB 4711', score: 0 },
  ],
  [
    'RHEL 7.6',
    'Killed process 42 (java), UID 1001, total-vm:8kB, anon-rss:7kB, file-rss:0kB, shmem-rss:1kB',
    { uid: 1001, comm: 'java', shmemRssKb: 1 },
  ],
  [
    '4.15 selection',
    'Memory cgroup out of memory: Kill process 24 ((sd-pam)) score 996 or sacrifice child',
    { comm: '(sd-pam)', score: 996, message: 'Memory cgroup out of memory' },
  ],
  ['sharing', 'Kill process 9 (worker) sharing same memory', { verb: 'sharing', comm: 'worker' }],
  [
    'allocating task',
    'Out of memory (oom_kill_allocating_task): Kill process 5 (x) score 0 or sacrifice child',
    { message: 'Out of memory (oom_kill_allocating_task)', score: 0 },
  ],
  [
    '5.2',
    'Out of memory: Killed process 5 (a (b) c) total-vm:5kB, anon-rss:4kB, file-rss:3kB, shmem-rss:2kB',
    { comm: 'a (b) c', shmemRssKb: 2, uid: null },
  ],
  [
    '5.4',
    'Out of memory: Killed process 5 (f2b/f.postfix) total-vm:5kB, anon-rss:4kB, file-rss:3kB, shmem-rss:2kB, UID:111 pgtables:4292kB oom_score_adj:-17',
    { comm: 'f2b/f.postfix', uid: 111, pgtablesKb: 4292, oomScoreAdj: -17 },
  ],
  [
    'behind a logger that nobody knows',
    '"message": "Memory cgroup out of memory: Killed process 35 (kubectl) total-vm:7kB"',
    { message: 'Memory cgroup out of memory', comm: 'kubectl' },
  ],
];

test('an event of Kubernetes has the selection and the kill in one message', () => {
  const event =
    'default  Warning  node3.16  2020-11-27T19:01:27+08:00  OOMKilling  Out of memory: Kill process ' +
    '16711 (hog) score 205 or sacrifice child Killed process 16711 (hog), UID 0, total-vm:26kB';
  const [found, ...others] = [...parseOomReports([event])];
  expect(others).toEqual([]);
  expect(found?.kills).toMatchObject([
    { verb: 'select', pid: 16_711, score: 205, message: 'Out of memory' },
    { verb: 'kill', pid: 16_711, comm: 'hog', totalVmKb: 26 },
  ]);
});

describe('kill lines', () => {
  test.each(FORMS)('%s', (_, line, expected) => {
    expect(parseKill(line, 1)).toMatchObject(expected);
  });

  test('not one', () => {
    expect(parseKill('A process of this unit has been killed by the OOM killer.', 1)).toBeNull();
  });
});

describe('oom_reaper and groups', () => {
  test('reaped', () => {
    const line =
      'oom_reaper: reaped process 517 (cl am), now anon-rss:0kB, file-rss:0kB, shmem-rss:8kB';
    expect(parseReaper(line, 1)).toMatchObject({ pid: 517, comm: 'cl am', ok: true, anonRssKb: 0 });
  });
  test('given up', () => {
    const line = 'oom_reaper: unable to reap pid:55 (stuck)';
    expect(parseReaper(line, 1)).toMatchObject({ pid: 55, comm: 'stuck', ok: false });
  });
  test('group', () => {
    const line = 'Tasks in /a b/c are going to be killed due to memory.oom.group set';
    expect(parseGroup(line)).toBe('/a b/c');
  });
  test('a reaper line alone still names a victim', () => {
    const lines = ['oom_reaper: reaped process 9 (gone), now anon-rss:0kB, file-rss:0kB'];
    expect([...parseOomReports(lines)][0]?.reaped).toMatchObject([{ pid: 9, comm: 'gone' }]);
  });
});
