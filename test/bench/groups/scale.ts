/** Large machines, long runs, victim selection, start-up. CPU time, as the machine may have other work. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { GFP_KERNEL } from '../../../src/kernel/mm/gfp.js';
import { add_mm_counter } from '../../../src/kernel/mm/mm_types.js';
import type { OomControl } from '../../../src/kernel/mm/oom_control.js';
import { rescore_memcg } from '../../../src/kernel/mm/oom_index.js';
import { scan_processes, select_bad_process } from '../../../src/kernel/mm/oom_kill.js';
import { cgroup_policy, scan_leaves } from '../../../src/kernel/policy/cgroup.js';
import type { Task } from '../../../src/kernel/sched/task.js';
import { boot, type System } from '../../../src/run/boot.js';
import { packageFile } from '../../../src/workload/package_files.js';
import type { Workload } from '../../../src/workload/types.js';
import { batches } from '../batch_load.js';
import type { Benchmark, Reading, Work } from '../benchmark.js';
import { crowdedMachine, longLived, type Size } from '../machines.js';

const group = 'scale and start-up';
const NS_PER_S = 1_000_000_000;
const MB = 1_000_000;
const GIB = 2 ** 30;

const start = (workload: Workload): System =>
  boot(workload, { seed: 'bench', run: 1, queue: 'auto', check: false });

/** CPU seconds that `work` takes, garbage collection and compilation with it. */
function cpuSeconds(work: () => void): number {
  const begin = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1e6;
}

/** Plays a machine to its end: CPU seconds and events. */
function play(size: Size): { cpuS: number; events: number } {
  const system = start(crowdedMachine(size));
  const cpuS = cpuSeconds(() => {
    while (system.advance(Number.POSITIVE_INFINITY) !== 'ended');
  });
  return { cpuS, events: system.events };
}

const HUNDREDS: Size = { cgroups: 200, processesPerCgroup: 5, memoryGib: 64, untilS: 60 };
const THOUSANDS: Size = { cgroups: 10_000, processesPerCgroup: 10, memoryGib: 256, untilS: 60 };

const large: Reading[] = [
  {
    group,
    name: 'a minute of 64 GiB with 200 containers, 1,000 processes',
    times: 3,
    parts: [{ name: 'simulated seconds per CPU second', unit: '×', target: { min: 20 } }],
    read: () => [HUNDREDS.untilS / play(HUNDREDS).cpuS],
  },
  {
    group,
    name: 'a minute of 256 GiB with 10,000 cgroups, 100,000 processes',
    times: 1,
    slow: true,
    parts: [
      { name: 'CPU time', unit: 's', target: { max: 60 } },
      { name: 'memory at most', unit: 'GiB', target: { max: 1.5 } },
      { name: 'a simulated event', unit: 'ns' },
    ],
    read: () => {
      const { cpuS, events } = play(THOUSANDS);
      const rssGib = (process.resourceUsage().maxRSS * 1024) / GIB;
      return [cpuS, rssGib, (cpuS * 1e9) / events];
    },
  },
  {
    group,
    name: 'an hour of simulated time: memory in use after collection',
    times: 1,
    slow: true,
    parts: [
      { name: 'after 10 minutes', unit: 'MB' },
      { name: 'after 60 minutes', unit: 'MB' },
      { name: 'growth', unit: '×', target: { max: 1.05 } },
    ],
    read: () => {
      const system = start(longLived());
      const usedMb = [600, 3600].map((untilS) => {
        while (system.advance(untilS * NS_PER_S) === 'budget');
        globalThis.gc!();
        return process.memoryUsage().heapUsed / MB;
      });
      return [...usedMb, usedMb[1]! / usedMb[0]!];
    },
  },
];

/** The same machine in every respect but size: so much memory for each process, two per cgroup. */
const POPULATIONS = [100, 1000, 10_000, 100_000];
const PROCESS_GIB = 64 / 1000;
const SERIES_S = 4;

const series: Reading = {
  group,
  name: 'growth: CPU time for 4 simulated seconds, by the number of processes',
  times: 1,
  slow: true,
  parts: [
    ...POPULATIONS.map((n) => ({ name: `${n.toLocaleString('en-US')} processes`, unit: 's' })),
    { name: 'the largest to the smallest, divided by n log n', unit: '×', target: { max: 1 } },
  ],
  read: () => {
    // What is measured is growth, not compilation.
    play({ cgroups: 100, processesPerCgroup: 2, memoryGib: 13, untilS: 20 });
    const seconds = POPULATIONS.map((n) => {
      const memoryGib = Math.ceil(n * PROCESS_GIB);
      const size = { cgroups: n / 2, processesPerCgroup: 2, memoryGib, untilS: SERIES_S };
      const repetitions = Math.max(1, 2000 / n);
      let cpuS = 0;
      for (let i = 0; i < repetitions; i++) cpuS += play(size).cpuS;
      return cpuS / repetitions;
    });
    const [least, most] = [POPULATIONS[0]!, POPULATIONS.at(-1)!];
    const expected = (most * Math.log(most)) / (least * Math.log(least));
    return [...seconds, seconds.at(-1)! / seconds[0]! / expected];
  },
};

const MAIN = packageFile('dist/cli/main.js');

/** Wall-clock ms that Node takes for a command line. */
function nodeMs(...args: readonly string[]): number {
  const dir = mkdtempSync(join(tmpdir(), 'start-'));
  const begin = performance.now();
  execFileSync(process.execPath, args, { cwd: dir, stdio: 'ignore' });
  return performance.now() - begin;
}

/** Wall-clock ms of a thread of a batch, from its start to the end of its first run. */
async function coldThreadMs(): Promise<number> {
  const batchOf = batches();
  const begin = performance.now();
  // Without the loader for TypeScript that this process has.
  const thread = new Worker(packageFile('dist/batch/runner/worker.js'), { execArgv: [] });
  thread.postMessage(batchOf([1]));
  await once(thread, 'message');
  const ms = performance.now() - begin;
  await thread.terminate();
  return ms;
}

const FIRST_EVENT = ['run', 'small-vs-large', '--no-ui', '--quiet', '--until', '1us'];

const startUp: Reading[] = [
  {
    group,
    name: 'start-up, wall clock',
    times: 7,
    parts: [
      { name: 'node that does nothing', unit: 'ms' },
      { name: 'oomsim --help', unit: 'ms', target: { max: 150 } },
      { name: 'oomsim run to the first event, and out', unit: 'ms', target: { max: 250 } },
      { name: 'a thread of a batch to the end of its first run', unit: 'ms' },
    ],
    read: async () => [
      nodeMs('-e', '0'),
      nodeMs(MAIN, '--help'),
      nodeMs(MAIN, ...FIRST_EVENT),
      await coldThreadMs(),
    ],
  },
];

export const readings: Reading[] = [...large, series, ...startUp];

/** So many processes, or cgroups, have changed since the last decision. */
const CHANGES = 64;

/** A part of the processes, from all over the list. */
function some_processes({ kernel }: System): Task[] {
  const users = [...kernel.processes].filter(({ kthread, mm }) => !kthread && mm !== null);
  const stride = Math.floor(users.length / CHANGES);
  return users.filter((_, i) => i % stride === 0).slice(0, CHANGES);
}

/** One decision of out_of_memory() with so many tasks to look at; nobody is killed. */
function selection(select: (k: Kernel, oc: OomControl) => void): Work {
  const system = start(
    crowdedMachine({ cgroups: 10_000, processesPerCgroup: 10, memoryGib: 1024, untilS: 6 }),
  );
  while (system.advance(2 * NS_PER_S) === 'budget');
  const { kernel } = system;
  const changing = some_processes(system);
  let pages = 1;
  return () => {
    for (const { mm, cgroup } of changing) {
      add_mm_counter(mm!, 'file', pages);
      cgroup.memcg.kmem.slab += pages;
      rescore_memcg(cgroup.memcg);
    }
    pages = -pages;
    select(kernel, {
      memcg: null,
      gfp: GFP_KERNEL,
      order: 0,
      nodemask: null,
      node: 0,
      trigger: 'alloc',
      constraint: 'CONSTRAINT_NONE',
      totalpages: kernel.totalram_pages,
      chosen_task: null,
      chosen_memcg: null,
      chosen_points: 0,
      visited: 0,
    });
    return 1;
  };
}

const AMONG = 'victim selection among 100,000 tasks in 10,000 cgroups';

function selections(
  policy: string,
  scan: (k: Kernel, oc: OomControl) => void,
  by_index: (k: Kernel, oc: OomControl) => void,
): Benchmark[] {
  const usual = {
    group,
    comparison: `${AMONG}, policy ${policy}`,
    unit: 'decision',
    slow: true,
  } as const;
  const scanNsMax = 5_000_000;
  const indexNsMax = 50_000;
  return [
    { ...usual, name: 'scan', target: { nsMax: scanNsMax }, prepare: () => selection(scan) },
    {
      ...usual,
      name: `index, ${CHANGES} changes`,
      target: { nsMax: indexNsMax },
      prepare: () => selection(by_index),
    },
  ];
}

export const benchmarks: Benchmark[] = [
  ...selections('process', scan_processes, select_bad_process),
  ...selections('cgroup', scan_leaves, cgroup_policy.mem_cgroup_select_oom_victim),
];
