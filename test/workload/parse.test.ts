import { describe, expect, it } from 'vitest';
import { parseWorkload } from '../../src/workload/parse.js';
import type { EventSpec, ProcessSpec, Step, Variate } from '../../src/workload/types.js';

const MIB = 2 ** 20;
const MS = 1_000_000;
const constant = (value: number): Variate => ({ kind: 'constant', value });

/** One process's program, in a file with what steps may refer to. */
function program(yaml: string): readonly Step[] {
  const text = `
machine: { memory: 1GiB }
cgroups: { /a: }
processes:
  - { name: kid, top: false, count: 3 }
  - { name: it, program: [ ${yaml} ] }
`;
  return parseWorkload(text, 'w.yaml').processes[1]!.program;
}

function processSpec(yaml: string): ProcessSpec {
  const text = `{ machine: { memory: 1GiB, swap: 1GiB }, cgroups: { /a: }, processes: [ ${yaml} ] }`;
  return parseWorkload(text, 'w.yaml').processes[0]!;
}

function event(yaml: string): EventSpec {
  const text = `{ machine: { memory: 1GiB }, cgroups: { /a: }, processes: [ { name: p } ], events: [ ${yaml} ] }`;
  return parseWorkload(text, 'w.yaml').events[0]!;
}

describe('a whole file', () => {
  it('needs nothing but memory', () => {
    expect(parseWorkload('machine: { memory: 512MiB }', 'some/my file.yaml')).toEqual({
      name: 'my-file',
      doc: '',
      machine: {
        memoryBytes: 512 * MIB,
        zones: null,
        nodes: 1,
        cpus: 2,
        hz: 250,
        swapBytes: 0,
        swapDevice: { pageNs: 3815, latencyNs: 80_000 },
        disk: { pageNs: 3815, latencyNs: 80_000 },
        thp: false,
        tmpfsBytes: null,
        referencedAnon: 0,
        referencedFile: 0,
        oomLockHandOff: 'barging',
        cachePages: 0,
        exec: { anonPages: 40, shmemPages: 0, filePages: 200, pgtablesPages: 12, slabPages: 12 },
        costs: {
          touchPageNs: 250,
          freePageNs: 130,
          reapPageNs: 200,
          scanPageNs: 50,
          swapPageNs: 2000,
          readPageNs: 1000,
          syscallNs: 300,
          forkNs: 80_000,
          contextSwitchNs: 2000,
          oomTaskScanNs: 100,
          oomReportNs: 1_000_000,
          oomReportTaskNs: 10_000,
          oomKillNs: 20_000,
          reclaimVisitNs: 500,
        },
      },
      kernel: '4.15',
      policy: 'process',
      switches: {},
      sysctl: {
        swappiness: 60,
        panicOnOom: 0,
        oomKillAllocatingTask: false,
        oomDumpTasks: true,
        minFreeKbytes: null,
        watermarkScaleFactor: 10,
      },
      cgroups: [],
      processes: [],
      killers: [],
      events: [],
      untilNs: 10_000 * MS,
      quietNs: null,
      seed: '1',
    });
  });

  it('may be JSON', () => {
    const json = JSON.stringify({ $schema: 'x', machine: { memory: '16MiB' }, seed: 7 });
    expect(parseWorkload(json, 'w.json').seed).toBe('7');
  });

  it('takes a kernel with a policy and switches', () => {
    const text = `
machine: { memory: 1GiB }
kernel: { version: "6.1", oom_policy: cgroup, reaper_delay_hz: 5, child_sacrifice: false }
sysctl: { vm.swappiness: 100, vm.panic_on_oom: 2, vm.overcommit_memory: 1 }
`;
    const { kernel, policy, switches, sysctl } = parseWorkload(text, 'w.yaml');
    expect({ kernel, policy, switches }).toEqual({
      kernel: '6.1',
      policy: 'cgroup',
      switches: { reaper_delay_hz: 5, child_sacrifice: false },
    });
    expect(sysctl).toMatchObject({ swappiness: 100, panicOnOom: 2 });
  });

  it('takes explicit zones, and then needs no memory', () => {
    const text = `
machine:
  zones: [ { name: DMA32, present: 118142, managed: 112010, free: 108584,
             min: 665, low: 831, high: 997, protection: [0, 0, 0] } ]
`;
    const { machine } = parseWorkload(text, 'w.yaml');
    expect(machine.memoryBytes).toBe(112010 * 4096);
    expect(machine.zones).toEqual([
      {
        node: 0,
        name: 'DMA32',
        presentPages: 118142,
        managedPages: 112010,
        freePages: 108584,
        minPages: 665,
        lowPages: 831,
        highPages: 997,
        protectionPages: [0, 0, 0],
      },
    ]);
  });

  it('lets anchors save typing', () => {
    const text = `
machine: { memory: 1GiB }
processes:
  - { name: a, program: &grow [ { anon: 1MiB }, hold ] }
  - { name: b, program: *grow }
`;
    const [a, b] = parseWorkload(text, 'w.yaml').processes;
    expect(b!.program).toEqual(a!.program);
  });
});

describe('cgroups', () => {
  it('are created in file order, with missing parents before their first child', () => {
    const text = `
machine: { memory: 1GiB }
cgroups:
  /b/c/d: { memory.max: 4G, memory.high: max, memory.oom.group: 1 }
  /a:
  /b: { memory.low: 1MiB }
`;
    const { cgroups } = parseWorkload(text, 'w.yaml');
    expect(cgroups.map((cgroup) => cgroup.path)).toEqual(['/b', '/b/c', '/b/c/d', '/a']);
    expect(cgroups[0]!.memoryLow).toBe(MIB);
    expect(cgroups[2]).toEqual({
      path: '/b/c/d',
      memoryMax: 4096 * MIB,
      memoryHigh: Number.POSITIVE_INFINITY,
      memoryLow: 0,
      memoryMin: 0,
      memorySwapMax: Number.POSITIVE_INFINITY,
      cpusetMems: null,
      oomGroup: true,
      oomPolicy: null,
      initial: null,
    });
  });
});

describe('a process', () => {
  it('needs nothing but a name, and then holds still', () => {
    expect(processSpec('{ name: web-server-of-alice }')).toEqual({
      name: 'web-server-of-alice',
      comm: 'web-server-of-a', // TASK_COMM_LEN
      cgroup: null,
      count: 1,
      pid: null,
      uid: 0,
      oomScoreAdj: null,
      start: constant(0),
      top: true,
      program: [{ op: 'hold', duration: null }],
      memory: null,
      restart: { when: 'never', delayNs: 100 * MS, max: Number.POSITIVE_INFINITY },
      mempolicy: null,
      capSysAdmin: false,
    });
  });

  it('may have memory already, as a report shows it', () => {
    const memory = '{ anon: 300 pages, file: 8KiB, swap: 1MiB, pgtables: 3 pages }';
    expect(processSpec(`{ name: p, pid: 42, memory: ${memory} }`).memory).toEqual({
      anonPages: 300,
      filePages: 2,
      shmemPages: 0,
      swapPages: 256,
      pgtablesPages: 3,
      totalVmPages: 558,
    });
  });

  it('may be started again', () => {
    expect(processSpec('{ name: p, restart: on-kill }').restart.when).toBe('on-kill');
    const restart = '{ when: always, delay: 2s, max: 5 }';
    expect(processSpec(`{ name: p, restart: ${restart} }`).restart).toEqual({
      when: 'always',
      delayNs: 2000 * MS,
      max: 5,
    });
  });

  it('may start at random', () => {
    const start = (yaml: string) => processSpec(`{ name: p, start: ${yaml} }`).start;
    expect(start('{ exponential: 20ms }')).toEqual({ kind: 'exponential', mean: 20 * MS });
    expect(start('{ uniform: [1ms, 2ms] }')).toEqual({ kind: 'uniform', min: MS, max: 2 * MS });
    expect(start('{ normal: [5ms, 1ms] }')).toEqual({ kind: 'normal', mean: 5 * MS, sd: MS });
    expect(start('{ choice: [0, 1ms] }')).toEqual({ kind: 'choice', values: [0, MS] });
    expect(start('{ constant: 1ms }')).toEqual({ kind: 'constant', value: MS });
  });
});

describe('a step', () => {
  const every = constant(2 * MS);
  it.each<[string, Step]>([
    ['{ anon: 60MiB }', { op: 'anon', size: constant(60 * MIB), step: null, every: null }],
    [
      '{ shm: 60MiB, step: 6MiB, every: 2ms }',
      { op: 'shm', size: constant(60 * MIB), step: constant(6 * MIB), every },
    ],
    [
      '{ tmpfs: { uniform: [1, 2] } }',
      { op: 'tmpfs', size: { kind: 'uniform', min: 1, max: 2 }, step: null, every: null },
    ],
    [
      '{ read: 64MiB, file: data, skip: 1MiB, times: 2 }',
      { op: 'read', size: constant(64 * MIB), file: 'data', skip: MIB, times: 2, every: null },
    ],
    [
      '{ map: 64MiB }',
      { op: 'map', size: constant(64 * MIB), file: 'data', skip: 0, times: 1, every: null },
    ],
    ['{ write: 1MiB, file: x }', { op: 'write', size: constant(MIB), file: 'x', every: null }],
    ['{ churn: 30s, every: 2ms }', { op: 'churn', duration: constant(30_000 * MS), every }],
    ['free', { op: 'free' }],
    ['mlock', { op: 'mlock', future: false }],
    ['{ mlock: future }', { op: 'mlock', future: true }],
    ['{ threads: 40, anon: 1MiB }', { op: 'threads', count: 40, size: constant(MIB) }],
    ['{ spawn: kid, count: 4 }', { op: 'spawn', process: 'kid', count: 4 }],
    ['{ fork: kid }', { op: 'fork', process: 'kid', count: null }],
    ['{ clone_vm: kid }', { op: 'clone_vm', process: 'kid' }],
    ['{ vfork: kid }', { op: 'vfork', process: 'kid' }],
    [
      '{ bomb: 7, anon: 1MiB, every: 2ms }',
      { op: 'bomb', generations: 7, size: constant(MIB), every },
    ],
    ['{ pipes: 9000, every: 2ms }', { op: 'pipes', count: 9000, every }],
    ['{ sockets: 10 }', { op: 'sockets', count: 10, every: null }],
    ['{ fds: 10 }', { op: 'fds', count: 10, every: null }],
    [
      '{ kmem: 1MiB, class: nofs, order: 4, accounted: false }',
      { op: 'kmem', size: constant(MIB), class: 'nofs', order: 4, accounted: false, every: null },
    ],
    [
      '{ probe: pipe, for: 11s, every: 2ms }',
      { op: 'probe', kind: 'pipe', duration: constant(11_000 * MS), every },
    ],
    ['{ mmap_sem: 500ms }', { op: 'mmap_sem', duration: constant(500 * MS) }],
    ['{ mprotect: 60s }', { op: 'mprotect', duration: constant(60_000 * MS) }],
    ['{ sleep: 1s }', { op: 'sleep', duration: constant(1000 * MS) }],
    ['{ compute: 10ms }', { op: 'compute', duration: constant(10 * MS) }],
    ['{ uninterruptible: 2s }', { op: 'uninterruptible', duration: constant(2000 * MS) }],
    ['frozen_write', { op: 'frozen_write' }],
    ['{ at: 3s }', { op: 'at', time: 3000 * MS }],
    ['ready', { op: 'ready' }],
    ['{ await: 2 }', { op: 'await', count: 2, timeout: 10_000 * MS }],
    ['hold', { op: 'hold', duration: null }],
    ['{ hold: 2s }', { op: 'hold', duration: constant(2000 * MS) }],
    ['wait', { op: 'wait' }],
    ['stop', { op: 'stop' }],
    ['{ exit: 3 }', { op: 'exit', code: 3 }],
    ['{ oom_score_adj: -500 }', { op: 'oom_score_adj', value: -500 }],
    ['{ comm: x }', { op: 'comm', value: 'x' }],
    ['{ cgroup: /a }', { op: 'cgroup', path: '/a' }],
    ['{ ignore: TERM }', { op: 'ignore', signal: 'TERM' }],
    ['{ loop: [ free ], times: 3 }', { op: 'loop', times: 3, steps: [{ op: 'free' }] }],
    [
      '{ loop: [ { sleep: 2ms } ] }',
      { op: 'loop', times: null, steps: [{ op: 'sleep', duration: every }] },
    ],
  ])('%s', (yaml, step) => {
    expect(program(yaml)).toEqual([step]);
  });
});

describe('an event', () => {
  it.each<[string, EventSpec]>([
    [
      '{ at: 3s, write: /a/memory.max, value: 100MiB }',
      {
        atNs: 3000 * MS,
        after: 'start',
        op: 'write',
        cgroup: '/a',
        file: 'memory.max',
        value: String(100 * MIB),
      },
    ],
    [
      '{ at: 0, write: /cgroup.subtree_control, value: "-memory" }',
      {
        atNs: 0,
        after: 'start',
        op: 'write',
        cgroup: '/',
        file: 'cgroup.subtree_control',
        value: '-memory',
      },
    ],
    ['{ after_first_kill: 6s, thaw: true }', { atNs: 6000 * MS, after: 'first-kill', op: 'thaw' }],
    [
      '{ at: 1s, write: /a/cgroup.kill, value: 1 }',
      {
        atNs: 1000 * MS,
        after: 'start',
        op: 'write',
        cgroup: '/a',
        file: 'cgroup.kill',
        value: '1',
      },
    ],
    [
      '{ at: 1s, remount: groupoom }',
      { atNs: 1000 * MS, after: 'start', op: 'remount', groupoom: true },
    ],
    ['{ at: 1s, freeze: true }', { atNs: 1000 * MS, after: 'start', op: 'freeze' }],
    ['{ at: 1s, sysrq: f }', { atNs: 1000 * MS, after: 'start', op: 'sysrq', key: 'f' }],
    ['{ at: 1s, rmdir: /a }', { atNs: 1000 * MS, after: 'start', op: 'rmdir', cgroup: '/a' }],
    ['{ at: 1s, mkdir: /b }', { atNs: 1000 * MS, after: 'start', op: 'mkdir', cgroup: '/b' }],
    [
      '{ at: 1s, sysctl: vm.swappiness, value: 10 }',
      { atNs: 1000 * MS, after: 'start', op: 'sysctl', name: 'vm.swappiness', value: 10 },
    ],
    [
      '{ at: 1s, kill: p }',
      { atNs: 1000 * MS, after: 'start', op: 'kill', process: 'p', signal: 'TERM' },
    ],
  ])('%s', (yaml, spec) => {
    expect(event(yaml)).toEqual(spec);
  });
});
