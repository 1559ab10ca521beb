import type {
  CgroupSnapshot,
  CgroupStanding,
  Gauges,
  MachineSnapshot,
} from '../../src/kernel/snapshot.js';

/** A machine at rest; a test names what matters to it. */
export function machineSnapshot(some: Partial<MachineSnapshot> = {}): MachineSnapshot {
  return {
    timeNs: 0,
    totalPages: 131072,
    freePages: 65536,
    swapTotalPages: 0,
    swapFreePages: 0,
    zones: [],
    oomLockHolderPid: 0,
    kswapd: 'S',
    reaper: { state: 'S', pid: 0 },
    runnable: 0,
    kills: 0,
    ...some,
  };
}

/** An empty cgroup without limits. */
export function cgroupSnapshot(some: Partial<CgroupSnapshot> & { path: string }): CgroupSnapshot {
  return {
    usagePages: 0,
    anonPages: 0,
    filePages: 0,
    shmemPages: 0,
    swapPages: 0,
    unevictablePages: 0,
    slabPages: 0,
    kernelStackPages: 0,
    pgtablesPages: 0,
    sockPages: 0,
    pipePages: 0,
    dirtyPages: 0,
    writebackPages: 0,
    maxPages: Infinity,
    highPages: Infinity,
    lowPages: 0,
    minPages: 0,
    swapMaxPages: Infinity,
    oomGroup: false,
    processes: 0,
    events: { low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 },
    psi: {
      someAvg10: 0,
      someAvg60: 0,
      someAvg300: 0,
      someTotalNs: 0,
      fullAvg10: 0,
      fullAvg60: 0,
      fullAvg300: 0,
      fullTotalNs: 0,
    },
    pgscan: 0,
    pgsteal: 0,
    ...some,
  };
}

/** A cgroup without tasks that nobody would choose. */
export function cgroupStanding(some: Partial<CgroupStanding> = {}): CgroupStanding {
  return { score: 0, states: [0, 0, 0, 0, 0, 0, 0], stalled: 0, ...some };
}

/** What gauges say of the same instant. */
export function gaugesOf(m: MachineSnapshot, cgroups: readonly CgroupSnapshot[]): Gauges {
  return {
    paths: cgroups.map(({ path }) => path),
    cgroups: Float64Array.from(cgroups.flatMap((c) => [...pagesOf(c), ...countsOf(c)])),
    machine: Float64Array.of(
      m.freePages,
      m.swapFreePages,
      m.runnable,
      m.oomLockHolderPid,
      m.reaper.pid,
      m.kills,
    ),
  };
}

/** In the order of PAGE_GAUGES. */
const pagesOf = (c: CgroupSnapshot): number[] => [
  c.usagePages,
  c.anonPages,
  c.filePages,
  c.swapPages,
  c.shmemPages,
  c.unevictablePages,
  c.slabPages,
  c.kernelStackPages,
  c.pgtablesPages,
  c.sockPages,
  c.pipePages,
  c.dirtyPages,
  c.writebackPages,
  c.maxPages,
  c.highPages,
  c.lowPages,
  c.minPages,
  c.swapMaxPages,
];

/** In the order of COUNT_GAUGES. */
const countsOf = ({ processes, events, pgscan, pgsteal, psi }: CgroupSnapshot): number[] => [
  processes,
  events.low,
  events.high,
  events.max,
  events.oom,
  events.oom_kill,
  events.oom_group_kill,
  pgscan,
  pgsteal,
  psi.someAvg10 / 100,
  psi.someTotalNs,
  psi.fullAvg10 / 100,
  psi.fullTotalNs,
];
