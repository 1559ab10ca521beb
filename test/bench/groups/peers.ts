/**
 * The hold model in other simulators: each event schedules its successor. simjs comes from npm; the
 * others from Debian (python3-simpy3, libns3-dev, libsimgrid-dev), and are left out where they are
 * not installed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Part, Reading, Work } from '../benchmark.js';
import { DELAYS_MASK, delaysNs, hold } from '../loads.js';

const group = 'other simulators';
const POPULATIONS = [1000, 100_000, 1_000_000];
const comparison = (pending: number): string =>
  `hold model against simjs, ${pending.toLocaleString('en-US')} events pending`;

/** The part of simjs that is needed; it has no types. */
interface SimJs {
  Sim: new () => { addEntity(kind: unknown): unknown; simulate(until: number, max: number): void };
  Entity: new () => { setTimer(delay: number): { done(callback: () => void): void } };
}

const SIMJS_EVENTS = 10_000;

async function simjsHold(pending: number): Promise<Work> {
  // The package is a bundle for browsers: it leaves what it has in `window.Sim`.
  const page = globalThis as unknown as { window?: { Sim?: SimJs } };
  page.window = {};
  await import('simjs' as string);
  const { Sim, Entity } = page.window.Sim!;
  let next = 0;
  class Hold extends Entity {
    start(): void {
      for (let i = 0; i < pending; i++) this.again();
    }

    again(): void {
      next = (next + 1) & DELAYS_MASK;
      this.setTimer(delaysNs.exponential[next]!).done(() => this.again());
    }
  }
  const sim = new Sim();
  sim.addEntity(Hold);
  return () => {
    sim.simulate(Number.MAX_SAFE_INTEGER, SIMJS_EVENTS);
    return SIMJS_EVENTS;
  };
}

export const benchmarks: Benchmark[] = POPULATIONS.flatMap((pending) => [
  {
    group,
    comparison: comparison(pending),
    name: 'oomsim',
    unit: 'event',
    slow: pending > 100_000,
    target: { faster: { than: 'simjs', times: 10 } },
    prepare: () => hold('ladder', pending, delaysNs.exponential),
  },
  {
    group,
    comparison: comparison(pending),
    name: 'simjs',
    unit: 'event',
    slow: pending > 100_000,
    prepare: () => simjsHold(pending),
  },
]);

const source = (name: string): string =>
  fileURLToPath(new URL(`../peers/${name}`, import.meta.url));

/** Events of a round of theirs: at least as many as are pending, so that each had its turn. */
const EVENTS_MIN = 200_000;

/** What a program prints; NaN if it can't be run. */
function numberFrom(program: string, args: readonly string[]): number {
  try {
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore'];
    return Number(execFileSync(program, args, { encoding: 'utf8', stdio }));
  } catch {
    return Number.NaN;
  }
}

/** Compiles a peer and runs it; NaN if its library is not there. */
function compiled(file: string, flags: readonly string[], args: readonly string[]): number {
  const program = join(mkdtempSync(join(tmpdir(), 'peer-')), 'hold');
  numberFrom('g++', ['-O2', '-std=c++17', source(file), '-o', program, ...flags]);
  return numberFrom(program, args);
}

/** Debian's packages are for Debian's Python, which need not be the first in PATH. */
const simpy = (args: readonly string[]): number =>
  ['/usr/bin/python3', 'python3']
    .map((python) => numberFrom(python, [source('simpy_hold.py'), ...args]))
    .find(Number.isFinite) ?? Number.NaN;

/** oomsim's time for the same: the median of some rounds in this process. */
function oomsim(pending: number): number {
  const work = hold('ladder', pending, delaysNs.exponential);
  const roundsNs: number[] = [];
  for (let round = 0; round < 15; round++) {
    const begin = process.cpuUsage();
    let units = 0;
    for (let i = 0; i < 10; i++) units += work() as number;
    const { user, system } = process.cpuUsage(begin);
    roundsNs.push(((user + system) * 1000) / units);
  }
  return roundsNs.toSorted((a, b) => a - b)[7]!;
}

/**
 * @param ahead the ratio that is asked for: a `max` is one of our time to theirs
 * @param pendingMax more than so many do not fit in memory
 */
function peer(
  name: string,
  install: string,
  ahead: Part,
  ns: (args: readonly string[]) => number,
  pendingMax = Number.POSITIVE_INFINITY,
): Reading[] {
  return POPULATIONS.filter((pending) => pending <= pendingMax).map((pending) => ({
    group,
    name: `oomsim against ${name}, ${pending.toLocaleString('en-US')} events pending`,
    times: 3,
    slow: true,
    parts: [
      { name: `${name}`, unit: 'ns/event', missing: `install ${install} to compare` },
      { name: 'oomsim', unit: 'ns/event' },
      ahead,
    ],
    read: () => {
      const theirs = ns([String(pending), String(Math.max(EVENTS_MIN, pending))]);
      const ours = oomsim(pending);
      const ratio = ahead.target?.max === undefined ? theirs / ours : ours / theirs;
      return [theirs, ours, ratio];
    },
  }));
}

/** So that 100,000 actors find room for their stacks. */
const SIMGRID = ['--cfg=contexts/stack-size:16', '--cfg=contexts/guard-size:0'];

const faster = (min: number): Part => ({ name: 'times faster', unit: '×', target: { min } });
const slower = (max: number): Part => ({ name: 'times its time', unit: '×', target: { max } });

export const readings: Reading[] = [
  ...peer('SimPy', 'python3-simpy3', faster(25), simpy),
  ...peer('ns-3 (PriorityQueue)', 'libns3-dev', faster(2.5), (args) =>
    compiled('ns3_hold.cc', ['-lns3-core'], args),
  ),
  ...peer(
    'SimGrid (actors)',
    'libsimgrid-dev',
    faster(10),
    (args) => compiled('simgrid_hold.cc', ['-lsimgrid'], [...args, ...SIMGRID]),
    100_000,
  ),
  // A queue alone, that calls nothing and can't cancel: how near to the machine one can get.
  ...peer('a ladder queue in C++', 'g++', slower(4.5), (args) =>
    compiled('ladder_hold.cc', [], args),
  ),
];
