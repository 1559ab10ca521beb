/** Metrics of whole runs whose answers are known beforehand. */
import { describe, expect, test } from 'vitest';
import type { Container } from '../../../src/batch/experiment/types.js';
import { valueColumns } from '../../../src/batch/metrics/definitions.js';
import { RunMetrics } from '../../../src/batch/metrics/run_metrics.js';
import { boot } from '../../../src/run/boot.js';
import { parseWorkload } from '../../../src/workload/parse.js';

function metricsOf(
  text: string,
  containers: Record<string, string>,
  requests: Record<string, number> = {},
) {
  const workload = parseWorkload(text, 'w.yaml');
  const list = Object.entries(containers).map(
    ([name, path]): Container => ({ name, paths: [path], requestBytes: requests[name] ?? null }),
  );
  const system = boot(workload, { seed: '1', run: 1, queue: 'auto', check: true });
  const metrics = new RunMetrics(system, list);
  while (system.advance(Number.POSITIVE_INFINITY) !== 'ended');
  const values = metrics.values();
  const names = valueColumns(list.map(({ name }) => name));
  expect(values).toHaveLength(names.length);
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}

/** /one has 100 MiB in one process, /four 120 MiB in four; at 1 s the administrator asks for a kill. */
const TWO = (policy: string, more = '') => `
machine: { memory: 512MiB, swap: 0 }
kernel: { version: "4.15", oom_policy: ${policy} }
cgroups: { /one: {}, /four: {} }
processes:
  - { name: one, cgroup: /one, program: [{ anon: 100MiB }, hold] ${more} }
  - { name: four, cgroup: /four, count: 4, program: [{ anon: 30MiB }, hold] }
events: [{ at: 1s, sysrq: f }]
until: 2s`;

const CONTAINERS = { one: '/one', four: '/four' };
const MIB = 1024 * 1024;

describe('one kill out of 100 MiB in one process and 120 MiB in four', () => {
  test('by process: the larger process of the smaller container', () => {
    const m = metricsOf(TWO('process'), CONTAINERS);
    expect(m).toMatchObject({ kills: 1, regret: 0, 'first[one]': 1, 'hit[four]': 0, panic: 0 });
    expect(m['expected[one]']).toBeCloseTo(100 / 220, 1);
    expect(m.small_bias).toBeCloseTo(1 - 100 / 220, 1);
    expect(m.container_regret).toBeCloseTo(1 - 100 / 120, 1);
    expect(m.freed_per_kill).toBeCloseTo(100, 0);
    expect(m['killed_memory[one]']).toBeCloseTo(100, 0);
    expect(m.work_lost).toBeCloseTo(1, 1);
    expect(m['availability[one]']).toBeCloseTo(0.5, 2);
    expect(m['broken[one]']).toBe(0);
    expect(m.availability).toBeCloseTo(0.75, 2);
  });

  test('by cgroup: a small process of the larger container, which is half dead then', () => {
    const m = metricsOf(TWO('cgroup'), CONTAINERS);
    expect(m).toMatchObject({ kills: 1, container_regret: 0, 'first[one]': 0, 'hit[four]': 1 });
    expect(m.regret).toBeCloseTo(0.7, 1);
    expect(m.small_bias).toBeCloseTo(-100 / 220, 1);
    expect(m['broken[four]']).toBeCloseTo(0.5, 2);
    expect(m['whole[four]']).toBeCloseTo(0.5, 2);
    expect(m['availability[four]']).toBeCloseTo(0.875, 2);
  });

  test('who has no more than its request is innocent', () => {
    const innocent = (one: number) =>
      metricsOf(TWO('process'), CONTAINERS, { one: one * MIB }).innocent;
    expect(innocent(200)).toBe(1);
    expect(innocent(50)).toBe(0);
  });

  test('who is started again and killed again is a repeat kill', () => {
    const text = TWO('process', ', restart: { when: on-kill, delay: 100ms }').replace(
      '{ at: 1s, sysrq: f }',
      '{ at: 1s, sysrq: f }, { at: 1500ms, sysrq: f }',
    );
    expect(metricsOf(text, CONTAINERS)).toMatchObject({ kills: 2, repeat_kills: 1 });
  });
});

test('without memory pressure there is nothing but availability', () => {
  const m = metricsOf(TWO('process').replace('{ at: 1s, sysrq: f }', ''), CONTAINERS);
  expect(m).toMatchObject({ kills: 0, oom_time: 0, alloc_failures: 0, stall_total: 0 });
  expect(m).toMatchObject({ availability: 1, 'whole[one]': 1, 'hit[one]': 0 });
  expect(m.regret).toBeNaN();
  expect(m['first[one]']).toBeNaN();
});

test('a container at its own limit is not innocent, and its allocations stall', () => {
  const m = metricsOf(
    `machine: { memory: 512MiB, swap: 0 }
cgroups: { /a: { memory.max: 50MiB } }
processes: [{ name: hog, cgroup: /a, program: [{ anon: 80MiB, step: 1MiB, every: 1ms }, hold] }]
until: 1s`,
    { a: '/a' },
  );
  expect(m).toMatchObject({ kills: 1, innocent: 0, small_bias: 0 });
  expect(m.stall_total).toBeGreaterThan(0);
  expect(m.oom_time).toBeGreaterThan(0);
  expect(m.reap_time).toBeLessThanOrEqual(m.oom_time!);
});

test('a whole group killed for one hog is collateral', () => {
  const m = metricsOf(
    `machine: { memory: 512MiB, swap: 0 }
kernel: "4.19"
cgroups: { /pod: { memory.max: 100MiB, memory.oom.group: 1 } }
processes:
  - { name: helper, cgroup: /pod, count: 2, program: [{ anon: 10MiB }, hold] }
  - { name: hog, cgroup: /pod, start: 100ms, program: [{ anon: 200MiB, step: 1MiB, every: 1ms }, hold] }
until: 1s`,
    { pod: '/pod' },
  );
  expect(m).toMatchObject({ kills: 3, collateral: 2 });
});
