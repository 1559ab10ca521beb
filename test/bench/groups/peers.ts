/**
 * The hold model in other simulators: each event schedules its successor. simjs comes from npm; the
 * others from Debian (python3-simpy3, libns3-dev, libsimgrid-dev), and are left out where they are
 * not installed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Reading, Work } from '../benchmark.js';
import { DELAYS_MASK, delaysNs, hold } from '../loads.js';

const group = 'other simulators';
const POPULATIONS = [1000, 100_000];
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
    target: { faster: { than: 'simjs', times: 10 } },
    prepare: () => hold('ladder', pending, delaysNs.exponential),
  },
  {
    group,
    comparison: comparison(pending),
    name: 'simjs',
    unit: 'event',
    prepare: () => simjsHold(pending),
  },
]);

const source = (name: string): string =>
  fileURLToPath(new URL(`../peers/${name}`, import.meta.url));

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
  const dir = mkdtempSync(join(tmpdir(), 'oomsim-bench-'));
  try {
    const program = join(dir, 'hold');
    numberFrom('g++', ['-O2', '-std=c++17', source(file), '-o', program, ...flags]);
    return numberFrom(program, args);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const simpy = (args: readonly string[]): number =>
  numberFrom('python3', [source('simpy_hold.py'), ...args]);

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

function peer(
  name: string,
  install: string,
  times: number,
  ns: (args: readonly string[]) => number,
): Reading[] {
  return POPULATIONS.map((pending) => ({
    group,
    name: `oomsim against ${name}, ${pending.toLocaleString('en-US')} events pending`,
    times: 1,
    slow: true,
    parts: [
      { name: `${name}`, unit: 'ns/event', missing: `install ${install} to compare` },
      { name: 'oomsim', unit: 'ns/event' },
      { name: 'times faster', unit: '×', target: { min: times } },
    ],
    read: () => {
      const theirs = ns([String(pending), '200000']);
      const ours = oomsim(pending);
      return [theirs, ours, theirs / ours];
    },
  }));
}

const NS3 = ['-I/usr/include', '-lns3.37-core'];

export const readings: Reading[] = [
  ...peer('SimPy', 'python3-simpy3', 25, simpy),
  ...peer('ns-3 (PriorityQueue)', 'libns3-dev', 2.5, (args) => compiled('ns3_hold.cc', NS3, args)),
  ...peer('SimGrid (actors)', 'libsimgrid-dev', 10, (args) =>
    compiled('simgrid_hold.cc', ['-lsimgrid'], args),
  ),
];
