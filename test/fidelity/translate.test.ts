/** Scenarios that no truth file at hand has: what the guest program knows must be played or named. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fidelity } from '../../src/run/fidelity/fidelity.js';
import { translate } from '../../src/run/fidelity/translate.js';
import { readTruth } from '../../src/run/fidelity/truth.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'oomsim-truth-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Writes a truth file in which nobody died. */
function truth_file(name: string, program: object[], more: object = {}, kernel = '6.1'): string {
  const path = join(dir, `${name}.json`);
  const scenario = {
    mem_mb: 64,
    duration_ms: 50,
    cgroups: [{ path: '/m' }],
    processes: [{ id: 'p', cgroup: '/m', oom_score_adj: null, program }],
    ...more,
  };
  const outcomes = [{ victims: [], panic: false, group_kills: 0, alloc_failures: 0 }];
  const measured = { runs: 1, stable: true, stable_set: true, outcomes, zones: {}, scenario };
  writeFileSync(path, JSON.stringify({ name, kernels: { [kernel]: measured } }));
  return path;
}

function workload_of(path: string, kernel = '6.1') {
  const truth = readTruth(path);
  return translate(truth, kernel, truth.kernels[kernel]!);
}

test('what is not known is a miss of its file, and the others are played', () => {
  truth_file('a', [{ op: 'sing' }]);
  truth_file('b', [{ op: 'probe', kind: 'song' }]);
  truth_file('c', [{ op: 'hold' }], { events: [{ at_ms: 1, op: 'sing' }] });
  truth_file('d', [{ op: 'spawn', type: 'nobody' }, { op: 'hold' }]);
  const hold = [{ op: 'hold' }];
  truth_file('e', hold, { sysctls: { 'vm.overcommit_memory': 1, 'vm.song': 1 } });
  truth_file('f', hold, { cgroups: [{ path: '/m', 'pids.max': 3 }] });
  truth_file('g', hold, { cgroups: [{ path: '/m', 'memory.max': 'much' }] });
  truth_file('h', hold, { events: [{ at_ms: 1, op: 'write', args: ['/proc/song', '1'] }] });
  truth_file('i', hold, { events: [{ at_ms: 1, op: 'sysctl', args: ['vm.song', '1'] }] });
  expect([...fidelity(dir)].map(({ file, agrees, why }) => [file, agrees, why])).toEqual([
    ['a', false, "unknown op 'sing'"],
    ['b', false, "unknown kind of probe 'song'"],
    ['c', false, "unknown event 'sing'"],
    ['d', true, ''],
    ['e', false, "unknown sysctl 'vm.song'"],
    ['f', false, "unknown knob 'pids.max'"],
    ['g', false, "unknown size 'much'"],
    ['h', false, "unknown file '/proc/song'"],
    ['i', false, "unknown sysctl 'vm.song'"],
  ]);
});

test('operands are read as the guest reads them', () => {
  const path = truth_file(
    'ops',
    [
      { op: 'ignore', sig: 2 },
      { op: 'hold', ms: -1 },
      { op: 'readfile', mb: 64, skip_mb: 10 },
      { op: 'mapfile', mb: 8, skip_mb: 10, every_ms: 5 },
    ],
    { disk_file_mb: 32, sysctls: { 'vm.oom_dump_tasks': 0 } },
  );
  const { processes, sysctl } = workload_of(path);
  expect(processes[0]!.program).toMatchObject([
    { op: 'cgroup', path: '/m' },
    { op: 'at' },
    { op: 'sleep' },
    { op: 'ignore', signal: 'INT' },
    { op: 'hold', duration: null },
    { op: 'read', size: { value: 22 * 1_048_576 }, skip: 10 * 1_048_576 },
    { op: 'map', skip: 0, every: null },
    { op: 'exit' },
  ]);
  expect(sysctl.oomDumpTasks).toBe(false);
});

test('who is not told when to begin begins at once, and the 4.15 of the lab had no THP', () => {
  const processes = [{ id: 'p', cgroup: '/m', start_ms: -1, program: [{ op: 'hold' }] }];
  const path = (kernel: string) => truth_file('start', [], { thp: 'always', processes }, kernel);
  const [new_one, old_one] = ['6.1', '4.15-seed'].map((kernel) =>
    workload_of(path(kernel), kernel),
  );
  expect(new_one!.processes[0]!.program.map(({ op }) => op)).toEqual(['cgroup', 'hold', 'exit']);
  expect([new_one!.machine.thp, old_one!.machine.thp]).toEqual([true, false]);
});

test('files outside cgroups are written too, and options of the mount are kept', () => {
  const path = truth_file(
    'events',
    [{ op: 'hold' }],
    {
      cgroup_mount_opts: 'nsdelegate',
      events: [
        { at_ms: 1, op: 'write', args: ['/proc/sys/vm/swappiness', '0'] },
        { at_ms: 2, op: 'write', args: ['/proc/sysrq-trigger', 'f'] },
        { at_ms: 3, op: 'write', args: ['/sys/fs/cgroup/m/memory.max', '32M'] },
      ],
    },
    '4.15-series',
  );
  expect(workload_of(path, '4.15-series').events).toMatchObject([
    { atNs: 0, op: 'remount', groupoom: false },
    { op: 'sysctl', name: 'vm.swappiness', value: 0 },
    { op: 'sysrq', key: 'f' },
    { op: 'write', cgroup: '/m', file: 'memory.max', value: '32M' },
  ]);
});

test.each(['4.15-vanilla', '6.1'])(
  'reclaim cannot take the page that a reader waits for, so a leak beside it ends in OOM: %s',
  (kernel) => {
    const path = truth_file(
      'thrash',
      [],
      {
        mem_mb: 128,
        duration_ms: 2000,
        cgroups: [{ path: '/m', 'memory.max': '30M' }],
        processes: [
          { id: 'reader', cgroup: '/m', program: [{ op: 'readfile', mb: 20, loops: 1000 }] },
          {
            id: 'leak',
            cgroup: '/m',
            program: [{ op: 'anon', mb: 50, step_mb: 4, every_ms: 10 }, { op: 'hold' }],
          },
        ],
      },
      kernel,
    );
    expect([...fidelity(path)].map(({ got }) => got)).toEqual(['leak@/m']);
  },
);
