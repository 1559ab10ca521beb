/** From an experiment to its cells. */
import { describe, expect, test } from 'vitest';
import { loadExperiment, shippedExperiments } from '../../src/batch/experiment/load.js';
import { keysOf, PlaceError, setAt } from '../../src/batch/experiment/place.js';
import { applyTransform } from '../../src/batch/experiment/transforms.js';
import { planOf } from '../../src/batch/plan/plan.js';
import { parseWorkload } from '../../src/workload/parse.js';
import { planTiny, TINY } from './tiny.js';

const DATA = () => ({
  machine: { memory: '1GiB' },
  kernel: '4.15',
  cgroups: { '/a': null, '/a.slice': { 'memory.max': '1GiB' }, '/b': {} },
  processes: [
    { name: 'big', cgroup: '/a', program: [{ sleep: '1s' }, { anon: '5MiB' }, 'hold'] },
    { name: 'big.one', cgroup: '/b', count: 3 },
  ],
});

test.each(shippedExperiments())('shipped: %s', (name) => {
  const { experiment, cells } = planOf(loadExperiment(name));
  expect(experiment.name).toBe(name);
  expect(experiment.doc).toMatch(/\?$/);
  expect(cells.length).toBeGreaterThan(10);
});

describe('places', () => {
  test.each([
    ['machine.memory', ['machine', 'memory']],
    ['machine.costs.touch_page', ['machine', 'costs.touch_page']],
    ['cgroups./a.memory.max', ['cgroups', '/a', 'memory.max']],
    ['cgroups./a.slice.memory.max', ['cgroups', '/a.slice', 'memory.max']],
    ['cgroups./new.memory.max', ['cgroups', '/new', 'memory.max']],
    ['processes.big.count', ['processes', 0, 'count']],
    ['processes.big.program.anon', ['processes', 0, 'program', 1, 'anon']],
    ['processes[1].oom_score_adj', ['processes', 1, 'oom_score_adj']],
    ['sysctl.vm.swappiness', ['sysctl', 'vm.swappiness']],
    ['until', ['until']],
  ])('%s', (at, keys) => {
    expect(keysOf(DATA(), at)).toEqual(keys);
  });

  test('a list of keys is taken as it is', () => {
    const data = DATA();
    expect(setAt(data, ['machine', 'costs', 'touch_page'], '1us')).toHaveLength(3);
    expect(data.machine).toEqual({ memory: '1GiB', costs: { touch_page: '1us' } });
  });

  test('knobs of a cgroup that has none, and a kernel in its short form', () => {
    const data: ReturnType<typeof DATA> & { kernel: unknown } = DATA();
    setAt(data, 'cgroups./a.memory.max', '1MiB');
    setAt(data, 'kernel.task_cg_lists', false);
    expect(data.cgroups['/a']).toEqual({ 'memory.max': '1MiB' });
    expect(data.kernel).toEqual({ version: '4.15', task_cg_lists: false });
  });

  test('what is not there is said', () => {
    expect(() => keysOf(DATA(), 'processes.bgi.count')).toThrow(PlaceError);
    expect(() => setAt(DATA(), 'machine.memory.size', 1)).toThrow(/plain value/);
  });
});

describe('splitting and copying a container', () => {
  const yaml = (data: unknown) => parseWorkload(JSON.stringify(data), 'w.yaml');
  const base = () => ({
    machine: { memory: '1GiB' },
    cgroups: { '/b': { 'memory.max': '1GiB' } },
    processes: [
      { name: 'x', cgroup: '/b', count: 5 },
      { name: 'y', cgroup: '/b' },
    ],
  });

  test('six processes in four parts', () => {
    const data = base();
    applyTransform(data, { kind: 'split', path: '/b' }, 4);
    const homes = yaml(data).processes.map(({ cgroup, count }) => `${cgroup}:${count}`);
    expect(homes).toEqual(['/b/1:2', '/b/2:1', '/b/3:1', '/b/4:1', '/b/2:1']);
  });

  test('one part is no part; more parts than processes is an error', () => {
    const data = base();
    applyTransform(data, { kind: 'split', path: '/b' }, 1);
    expect(data).toEqual(base());
    expect(() => applyTransform(base(), { kind: 'split', path: '/b' }, 7)).toThrow(/6 processes/);
    expect(() => applyTransform(base(), { kind: 'split', path: '/c' }, 2)).toThrow(/no cgroup/);
  });

  test('three of it', () => {
    const data = base();
    applyTransform(data, { kind: 'copies', path: '/b' }, 3);
    const workload = yaml(data);
    expect(workload.cgroups.map(({ path }) => path)).toEqual(['/b', '/b-2', '/b-3']);
    expect(workload.processes).toHaveLength(6);
  });
});

describe('grids', () => {
  const grid = (design: string) =>
    TINY.replace(
      /factors:[\s\S]*replications: 6/,
      `${design}
factors:
  policy: [process, cgroup]
  processes.small.count: [4, 5, 6]
  processes.big.count: [1, 2, 3]
replications: 1`,
    );

  test('full: every combination, the compared factor innermost', () => {
    const { cells, blocks } = planTiny(grid('design: full'));
    expect(cells).toHaveLength(18);
    expect(blocks.map(({ cells }) => cells.map(({ index }) => index))[1]).toEqual([2, 3]);
    expect(new Set(cells.map(({ levels }) => levels.map(({ label }) => label).join())).size).toBe(
      18,
    );
  });

  test('a third: each level of each factor as often as the others, never half a block', () => {
    const { cells, blocks } = planTiny(grid('design: { fraction: 1/3 }'));
    expect(cells).toHaveLength(6);
    expect(blocks.every(({ cells }) => cells.length === 2)).toBe(true);
    for (const at of [1, 2]) {
      const seen = cells.map(({ levels }) => levels[at]!.label);
      expect(new Set(seen.map((label) => seen.filter((l) => l === label).length))).toEqual(
        new Set([2]),
      );
    }
  });

  test('the hash is of what determines runs: not of how many, nor of what is shown', () => {
    const hash = (from: string, to: string) => planTiny(TINY.replace(from, to)).hash;
    const same = planTiny().hash;
    expect(hash('replications: 6', 'replications: 7')).toBe(same);
    expect(hash('metrics: ["first[few]", kills', 'metrics: [kills')).toBe(same);
    expect(hash('[14MiB, 18MiB]', '[14MiB, 19MiB]')).not.toBe(same);
    expect(hash('name: tiny', 'name: tiny\nseed: 2')).not.toBe(same);
    expect(hash('policy: [process, cgroup]', 'policy: [cgroup, process]')).not.toBe(same);
  });
});
