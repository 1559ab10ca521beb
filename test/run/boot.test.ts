/** What a workload has from its first moment on depends on the kernel, too. */
import { expect, test } from 'vitest';
import { LRU_ACTIVE_ANON, LRU_INACTIVE_ANON } from '../../src/kernel/mm/mm_types.js';
import { boot } from '../../src/run/boot.js';
import { parseWorkload } from '../../src/workload/parse.js';

const WORKLOAD = `
name: boot
machine: { memory: 256MiB }
cgroups: { /a: { memory.min: 10MiB } }
processes: [ { name: p, cgroup: /a, memory: { anon: 100 pages }, program: [hold] } ]
until: 1s`;

/** The machine shortly after its start. */
function memcgOn(kernel: string) {
  const workload = parseWorkload(WORKLOAD, 'boot.yaml');
  const system = boot(workload, { seed: '1', run: 1, queue: 'heap', check: true, kernel });
  system.advance(1_000_000);
  return system.kernel.root_mem_cgroup.children[0]!;
}

test('memory.min protects nothing before 4.18, which does not have it', () => {
  expect([memcgOn('4.17').min, memcgOn('4.19').min]).toEqual([0, 2560]);
});

test('memory that a process has from the start lies where its faults would have put it', () => {
  const lists = (kernel: string) => {
    const { size } = memcgOn(kernel).lruvecs[0]!;
    return [size[LRU_ACTIVE_ANON]! >= 100, size[LRU_INACTIVE_ANON]! >= 100];
  };
  expect([lists('4.15'), lists('5.9')]).toEqual([
    [true, false],
    [false, true],
  ]);
});
