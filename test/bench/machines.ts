/** Workloads that are made, not shipped: large machines, and one that runs for an hour. */
import { readWorkload } from '../../src/workload/parse.js';
import type { Workload } from '../../src/workload/types.js';

export interface Size {
  readonly cgroups: number;
  readonly processesPerCgroup: number;
  readonly memoryGib: number;
  readonly untilS: number;
}

/** What processes ask for, on average, is so much more than there is. */
const OVERCOMMIT = 1.25;
const KIB_PER_GIB = 1024 * 1024;

/**
 * A machine under sustained pressure: processes grow step by step, hold still and exit, or are
 * killed, and come back. Every fourth cgroup is at its own limit, too.
 */
export function crowdedMachine(size: Size): Workload {
  const { cgroups, processesPerCgroup, memoryGib, untilS } = size;
  const processes = cgroups * processesPerCgroup;
  const shareKib = Math.ceil((memoryGib * KIB_PER_GIB * OVERCOMMIT) / processes);
  const kib = (part: number): string => `${Math.ceil(shareKib * part)}KiB`;
  const paths = Array.from({ length: cgroups }, (_, i) => `/c${i}`);
  const limit = { 'memory.max': kib(processesPerCgroup * 0.9) };
  return workload({
    name: 'crowded',
    machine: {
      memory: `${memoryGib}GiB`,
      cpus: Math.max(2, Math.min(64, Math.round(memoryGib / 4))),
      hz: 250,
    },
    kernel: { version: '4.15', oom_policy: 'cgroup' },
    cgroups: Object.fromEntries(paths.map((path, i) => [path, i % 4 === 0 ? limit : {}])),
    processes: paths.map((path, i) => ({
      name: `p${i}`,
      cgroup: path,
      count: processesPerCgroup,
      start: { uniform: ['0s', `${Math.round((untilS * 1000) / 6)}ms`] },
      program: [
        {
          anon: { uniform: [kib(0.5), kib(1.5)] },
          step: kib(0.1),
          every: { exponential: '300ms' },
        },
        { sleep: { exponential: '20s' } },
      ],
      restart: { when: 'always', delay: '2s' },
    })),
    until: `${untilS}s`,
  });
}

/** An hour of pods that are killed and restarted, jobs that fork, files, swap, threads. */
export function longLived(): Workload {
  return workload({
    name: 'an-hour',
    machine: { memory: '1GiB', swap: '256MiB', cpus: 2, hz: 250 },
    kernel: { version: '6.1', oom_policy: 'process' },
    cgroups: {
      '/web': { 'memory.max': '150MiB' },
      '/db': {},
      '/batch': { 'memory.high': '200MiB' },
    },
    processes: [
      {
        name: 'web',
        cgroup: '/web',
        count: 4,
        program: [
          {
            loop: [
              { anon: { uniform: ['10MiB', '40MiB'] }, step: '4MiB', every: '100ms' },
              { sleep: { exponential: '2s' } },
              { shm: '2MiB' },
              'free',
              { sleep: '1s' },
            ],
          },
        ],
        restart: { when: 'on-kill', delay: '2s' },
      },
      {
        name: 'db',
        cgroup: '/db',
        count: 2,
        program: [
          { anon: '150MiB', step: '8MiB', every: { exponential: '50ms' } },
          {
            loop: [
              { read: '100MiB', file: 'data' },
              { write: '4MiB', file: 'log' },
              { churn: '1s', every: '100ms' },
              { sleep: { exponential: '3s' } },
            ],
          },
        ],
        restart: { when: 'on-kill', delay: '5s' },
      },
      {
        name: 'batch',
        cgroup: '/batch',
        count: 3,
        start: { exponential: '1s' },
        program: [
          {
            loop: [
              { spawn: 'job', count: 2 },
              { fork: 'job', count: 1 },
              'wait',
              { sleep: { exponential: '2s' } },
            ],
          },
        ],
        restart: { when: 'always', delay: '1s' },
      },
      {
        name: 'job',
        count: 1,
        program: [
          { threads: 2, anon: '1MiB' },
          { anon: { uniform: ['10MiB', '60MiB'] }, step: '2MiB', every: '20ms' },
          { pipes: 4 },
          { sleep: { exponential: '1s' } },
          { exit: 0 },
        ],
      },
      {
        name: 'hog',
        cgroup: '/db',
        count: 1,
        start: '5s',
        program: [{ anon: '900MiB', step: '10MiB', every: '40ms' }, { sleep: '1s' }],
        restart: { when: 'always', delay: '5s' },
      },
    ],
    until: '3600s',
  });
}

/** @throws Error if it is no workload */
function workload(description: unknown): Workload {
  const { workload: read, problems } = readWorkload(description, 'bench');
  if (read === null) throw new Error(problems.map(({ message }) => message).join('\n'));
  return read;
}
