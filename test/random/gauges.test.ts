/** Gauges and snapshots of random workloads: the same numbers in two forms. */
import { expect, test } from 'vitest';
import { gaugesOf } from '../record/snapshots.js';
import { boot_random, random_file } from './one_run.js';

const SEEDS = Array.from({ length: 12 }, (_, i) => 2001 + i);
const LOOKS = 20;
const EVENTS = 500;

test.each(SEEDS)('seed %i: gauges say what snapshots say', (seed) => {
  const system = boot_random(random_file(seed).workload);
  for (let look = 0; look < LOOKS; look++) {
    const { paths, cgroups, machine } = system.gauges();
    const expected = gaugesOf(system.machine(), system.cgroups());
    expect(paths).toEqual(expected.paths);
    expect([...cgroups.subarray(0, expected.cgroups.length)]).toEqual([...expected.cgroups]);
    expect(machine).toEqual(expected.machine);
    system.advance(system.workload.untilNs, EVENTS);
  }
});
