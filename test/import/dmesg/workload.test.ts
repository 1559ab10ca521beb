import { describe, expect, test } from 'vitest';
import {
  importObstacle,
  judgeReport,
  parseOomReports,
  reportToWorkload,
} from '../../../src/import/dmesg/index.js';
import type { ImportedWorkload } from '../../../src/import/imported.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import type { Workload } from '../../../src/workload/types.js';
import { workloadToYaml } from '../../../src/workload/write.js';
import { compose, type FakeReport, type FakeTask, newKill, oldKill } from './compose.js';

// Goal: the workload of a report holds its numbers, reads back, and says what it does not know.

function imported(report: FakeReport): ImportedWorkload {
  const [found] = parseOomReports(compose(report));
  return reportToWorkload(found!, { source: 'made-up.log' });
}

function roundTrip({ file, comments }: ImportedWorkload): Workload {
  return parseWorkload(workloadToYaml(file, comments), 'imported.yaml');
}

const A: FakeTask = {
  pid: 100,
  comm: 'alpha',
  rss: 150_000,
  uid: 1000,
  pgt: 320,
  swap: 50,
  adj: 7,
};
const B: FakeTask = { pid: 200, comm: 'beta', rss: 4000 };
const ASKER: FakeTask = { pid: 4242, comm: 'asker', rss: 300, adj: -5 };

const GLOBAL: FakeReport = {
  kernel: '5.10.0',
  layout: 'pgtables_bytes',
  tasks: [A, B, ASKER],
  kills: newKill(A),
  swapKb: 8000,
};
const MEMCG: FakeReport = {
  kernel: '6.8.0',
  layout: 'rss_split',
  tasks: [A, B],
  kills: newKill(A, '/pod'),
  memcg: { path: '/pod', limitKb: 700_000 },
};

describe('a global report', () => {
  const made = imported(GLOBAL);
  const workload = roundTrip(made);

  test('the machine', () => {
    expect(workload.machine.zones).toMatchObject([
      { name: 'DMA32', presentPages: 262_144, managedPages: 260_000, minPages: 1024 },
    ]);
    expect(workload.machine.swapBytes).toBe(8000 * 1024);
    expect(workload.kernel).toBe('5.9');
    expect(workload.switches).toEqual({});
  });

  test('the processes, with the numbers that the score is made of', () => {
    expect(workload.processes.map(({ pid, comm }) => ({ pid, comm }))).toEqual([
      { pid: 100, comm: 'alpha' },
      { pid: 200, comm: 'beta' },
      { pid: 4242, comm: 'asker' },
    ]);
    const [alpha] = workload.processes;
    expect(alpha).toMatchObject({ uid: 1000, oomScoreAdj: 7, cgroup: '/user.slice' });
    const { anonPages, filePages, shmemPages, swapPages, pgtablesPages } = alpha!.memory!;
    expect(anonPages + filePages + shmemPages).toBe(150_000);
    expect({ swapPages, pgtablesPages }).toEqual({ swapPages: 50, pgtablesPages: 320 });
  });

  test('all of it fits and leaves what was free', () => {
    let used = workload.machine.cachePages;
    for (const { memory } of workload.processes) used += memory!.anonPages + memory!.pgtablesPages;
    for (const { initial } of workload.cgroups) {
      if (initial !== null) used += initial.kernelPages + initial.shmemPages + initial.filePages;
    }
    expect(260_000 - used).toBe(24_000 / 4);
  });

  test('who asked goes on asking; everybody else holds', () => {
    const programs = workload.processes.map((process) => process.program.map((step) => step.op));
    expect(programs).toEqual([['hold'], ['hold'], ['sleep', 'anon', 'hold']]);
  });

  test('what is missing and what was assumed stands at its head', () => {
    const text = workloadToYaml(made.file, made.comments);
    expect(text).toMatch(/^# Made by oomsim import dmesg from lines 1 to \d+ of made-up\.log\./);
    expect(made.missing.join()).toMatch(/how much of each RSS is anonymous/);
    expect(made.assumed.join()).toMatch(/2 CPUs: the highest/);
    expect(text).toMatch(/# Killed \(line \d+\)\. anon, file, shmem: from its kill line\./);
    expect(text).toMatch(/Line 20: Total swap = 8000kB\./);
  });
});

describe('a memcg report', () => {
  const made = imported(MEMCG);
  const workload = roundTrip(made);

  test('the limited cgroup, charged as the report says', () => {
    const pod = workload.cgroups.find((cgroup) => cgroup.path === '/pod')!;
    expect(pod).toMatchObject({ memoryMax: 175_000 * 4096, memorySwapMax: 0 });
    let charged = pod.initial!.filePages + pod.initial!.shmemPages + pod.initial!.kernelPages;
    for (const { memory } of workload.processes)
      charged += memory!.anonPages + memory!.pgtablesPages;
    expect(charged).toBe(175_000);
  });

  test('the split of 6.8 is kept', () => {
    expect(workload.processes[1]?.memory).toMatchObject({
      anonPages: 3997,
      filePages: 2,
      shmemPages: 1,
    });
  });

  test("whoever's cgroup is not printed is put with the victim, in the order of the table", () => {
    expect(workload.processes[0]?.cgroup).toBe('/pod/inner');
    expect(workload.processes[1]?.cgroup).toBe('/pod/inner');
  });

  test('the machine is invented, and said to be', () => {
    expect(workload.machine.memoryBytes).toBeGreaterThan(2 * 175_000 * 4096);
    expect(made.missing).toContain("the machine's memory");
  });
});

describe('kernels', () => {
  test.each([
    ['4.4.0', '4.14'],
    ['4.16.3', '4.15'],
    ['4.18.0', '4.17'],
    ['5.3.0', '5.4'],
    ['5.8.0', '5.4'],
    ['5.15.0', '5.9'],
    ['5.17.0', '5.19'],
    ['6.6.0', '6.1'],
    ['6.18.0', '6.14'],
  ])('%s is nearest to %s', (kernel, preset) => {
    expect(roundTrip(imported({ ...GLOBAL, kernel })).kernel).toBe(preset);
  });

  test('a vendor kernel keeps the rules that its wording betrays', () => {
    const { kernel, switches } = roundTrip(imported({ ...GLOBAL, kernel: '4.18.0-553.el8_10' }));
    expect({ kernel, switches }).toEqual({
      kernel: '4.17',
      switches: { tie: 'last', child_sacrifice: false },
    });
  });

  test('the root bonus goes to whom the kernel gave it', () => {
    const report: FakeReport = {
      ...GLOBAL,
      kernel: '4.9.0',
      layout: 'nr_pmds',
      kills: oldKill(A, 580),
    };
    const bonus = roundTrip(imported(report)).processes.map((process) => process.capSysAdmin);
    expect(bonus).toEqual([false, true, true]);
  });

  test('sysctls that the report gives away', () => {
    const panic = 'Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled';
    expect(roundTrip(imported({ ...GLOBAL, kills: [panic] })).sysctl.panicOnOom).toBe(2);
    const kills = oldKill(B, 0, 'Out of memory (oom_kill_allocating_task)');
    expect(roundTrip(imported({ ...GLOBAL, kills })).sysctl.oomKillAllocatingTask).toBe(true);
  });
});

test('zones that are not shown stand as one, and the total is that of all', () => {
  // As 6.1 and later print it for an allocation that may not use high memory.
  const lines = compose({ ...GLOBAL, kernel: '6.1.0' }).map((line) =>
    line
      .replace(
        /DMA32 free:.*/,
        'DMA free:9000kB min:400kB low:500kB high:600kB present:100000kB managed:90000kB',
      )
      .replace('Node 0 active_anon:20000kB inactive_anon:800000kB', 'Node 0 active_anon:80kB')
      .replace('lowmem_reserve[]: 0 0 0 0', 'lowmem_reserve[]: 0 0 950 950')
      .replace('0 pages HighMem', '237500 pages HighMem'),
  );
  const [found] = parseOomReports(lines);
  expect(judgeReport(found!).totalPages).toMatchObject({ pages: 262_000, exact: true });
  const made = reportToWorkload(found!, { source: 'made-up.log' });
  expect(made.assumed).toContain(
    '237500 pages of RAM are in zones that are not shown: one zone, HighMem',
  );
  expect(roundTrip(made).machine.zones).toMatchObject([
    { name: 'DMA', managedPages: 22_500, protectionPages: [0, 0, 950, 950] },
    { name: 'HighMem', managedPages: 237_500 },
  ]);
});

test('lost zone lines are no constraint of nodes', () => {
  const lines = compose({ ...GLOBAL, kernel: '4.19.0', kills: oldKill(A, 600) });
  lines.splice(1, 0, 'asker cpuset=/ mems_allowed=0');
  const most = lines.map((line) => line.replace(/ present:.*/, ' present:15960kB managed:15876kB'));
  const [found] = parseOomReports(most);
  expect(judgeReport(found!).totalPages).toMatchObject({ pages: 262_000, exact: true });
});

describe('oddities', () => {
  test('names that a workload may not have, and two of the same', () => {
    const tasks = [
      { pid: 7, comm: 'tab\there and more', rss: 10 },
      { pid: 8, comm: '', rss: 10 },
      { pid: 9, comm: 'ünïcödé-nämé-lång', rss: 10 },
      { pid: 10, comm: 'twin', rss: 10 },
      { pid: 11, comm: 'twin', rss: 10 },
    ];
    const { processes } = roundTrip(imported({ ...GLOBAL, tasks, kills: [] }));
    expect(new Set(processes.map((process) => process.name)).size).toBe(5);
    for (const { comm } of processes)
      expect(new TextEncoder().encode(comm).length).toBeLessThan(16);
  });

  test('memory and swap shared after fork() are counted once', () => {
    const tasks = [1, 2, 3, 4].map((i) => ({
      pid: 10 + i,
      comm: 'child',
      rss: 100_000,
      swap: 1500,
    }));
    const made = imported({ ...GLOBAL, tasks, kills: [] });
    const { processes } = roundTrip(made);
    const sum = processes.reduce((pages, { memory }) => pages + memory!.anonPages, 0);
    expect(sum).toBeLessThan(260_000);
    const swapped = processes.reduce((pages, { memory }) => pages + memory!.swapPages, 0);
    expect(swapped).toBeLessThanOrEqual(2000);
    const scored = processes.map(
      ({ memory }) => memory!.anonPages + memory!.filePages + memory!.swapPages,
    );
    expect(scored).toEqual([101_500, 101_500, 101_500, 101_500]);
    expect(made.assumed.join()).toMatch(/shared after fork/);
  });

  test('a thread whose leader is gone is named as such', () => {
    const tasks = [A, { pid: 500, tgid: 499, comm: 'worker', rss: 10 }];
    const text = workloadToYaml(...yamlArguments(imported({ ...GLOBAL, tasks })));
    expect(text).toMatch(/thread 500 of process 499, whose leader is gone/);
  });

  test('no table, no workload', () => {
    const [bare] = parseOomReports(newKill(A));
    expect(importObstacle(bare!)).toMatch(/no task table/);
    expect(() => reportToWorkload(bare!)).toThrow(/line 1 can't be imported/);
  });

  test('impossible pids and a cut table still make a workload', () => {
    const tasks = [A, { ...B, pid: 99_999_999 }, { ...B, pid: 0 }];
    expect(roundTrip(imported({ ...GLOBAL, tasks })).processes).toHaveLength(1);
  });

  test('the arithmetic of the workload is that of the report', () => {
    const [report] = parseOomReports(compose(GLOBAL));
    const { candidates, totalPages } = judgeReport(report!);
    const { processes, machine } = roundTrip(reportToWorkload(report!));
    const managed = machine.zones!.reduce((sum, zone) => sum + zone.managedPages, 0);
    const total = managed + machine.swapBytes / 4096;
    expect(total).toBe(totalPages?.pages);
    for (const { pid, memory, oomScoreAdj } of processes) {
      const use = memory!.anonPages + memory!.filePages + memory!.shmemPages + memory!.swapPages;
      const points = use + memory!.pgtablesPages + (oomScoreAdj ?? 0) * Math.floor(total / 1000);
      expect(points).toBe(candidates.find((candidate) => candidate.pid === pid)?.points);
    }
  });
});

function yamlArguments(made: ImportedWorkload): Parameters<typeof workloadToYaml> {
  return [made.file, made.comments];
}
