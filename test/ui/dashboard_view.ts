import type { DashboardView } from '../../src/ui/view.js';
import { cgroupSnapshot, machineSnapshot } from '../record/snapshots.js';

const zone = {
  node: 0,
  name: 'DMA32',
  freePages: 600,
  minPages: 500,
  lowPages: 625,
  highPages: 750,
  managedPages: 112_640,
};

/** A run in the middle of its trouble. */
export function dashboardView(some: Partial<DashboardView> = {}): DashboardView {
  return {
    workload: 'small-vs-large',
    kernel: '4.15',
    policy: 'cgroup',
    seed: '1',
    token: 'oomsim1:1:9f3c0a11:1:1',
    timeNs: 1_128_000_000,
    untilNs: 5e9,
    events: 12_345,
    state: 'running',
    machine: machineSnapshot({ totalPages: 112_640, freePages: 600, zones: [zone], kills: 3 }),
    cgroups: [
      cgroupSnapshot({ path: '/', usagePages: 112_040, processes: 47 }),
      cgroupSnapshot({ path: '/few', usagePages: 30_720, processes: 2 }),
      cgroupSnapshot({
        path: '/many',
        usagePages: 81_000,
        maxPages: 102_400,
        processes: 42,
        events: { low: 0, high: 0, max: 0, oom: 0, oom_kill: 3, oom_group_kill: 0 },
      }),
    ],
    log: ['[    1.100000] Out of memory: Kill process 113 (small) score 4 or sacrifice child'],
    ...some,
  };
}
