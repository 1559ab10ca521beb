import type { WorkloadSource } from '../../src/run/identity.js';
import { workloadHash } from '../../src/workload/load.js';
import { parseWorkload } from '../../src/workload/parse.js';

const SLICES = 20;
const CGROUPS_A_SLICE = 100;
const PROCESSES_A_CGROUP = 10;

/**
 * A machine as large as the dashboard has to stand: 2,000 cgroups in 20 slices, 20,000 processes that
 * grow a little, sleep and compute.
 */
export function largePopulation(until: string): WorkloadSource {
  const cgroups: string[] = [];
  const processes: string[] = [];
  for (let slice = 0; slice < SLICES; slice++) {
    cgroups.push(`  /slice${slice}: {}`);
    for (let i = 1; i < CGROUPS_A_SLICE; i++) {
      const path = `/slice${slice}/pod${i}`;
      cgroups.push(`  ${path}: { memory.max: ${i % 7 === 0 ? '3MiB' : '64MiB'} }`);
      processes.push(
        `  - { name: p${slice}-${i}, cgroup: ${path}, count: ${PROCESSES_A_CGROUP}, start: { uniform: [0ms, 50ms] },` +
          ` program: [ { loop: [ { anon: 40KiB }, { compute: 20us }, { sleep: { exponential: 60ms } } ], times: 200 }, hold ] }`,
      );
    }
  }
  const text = [
    'machine: { memory: 8GiB, swap: 0, cpus: 16 }',
    'kernel: { version: "4.15", oom_policy: cgroup }',
    'cgroups:',
    ...cgroups,
    'processes:',
    ...processes,
    `until: ${until}`,
    '',
  ].join('\n');
  return { workload: parseWorkload(text, 'population.yaml'), text, hash: workloadHash(text) };
}
