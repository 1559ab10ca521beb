/** The patch as posted in v9 to v13, its mended form, and Rientjes' alternative: KERNEL.md 1.6, 4.8. */
import { describe, expect, test } from 'vitest';
import { INFLIGHT_VICTIM } from '../../../src/kernel/mm/oom_control.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { rientjes_fair_root_policy, rientjes_policy } from '../../../src/kernel/policy/rientjes.js';
import { play } from '../../userspace/play.js';
import { type TaskSpec, world } from '../fixture.js';

/** Root holds twenty small tasks, /c one that is bigger than any of them but smaller than all. */
const ROOT_OF_MANY = (policy: string): string => `
  name: root-of-many
  machine: { memory: 400MiB }
  kernel: { version: "4.15", oom_policy: ${policy} }
  cgroups: { /c: , /trigger: }
  processes:
    - { name: small, count: 20, program: [ { anon: 10MiB }, hold ] }
    - { name: big, cgroup: /c, program: [ { anon: 120MiB }, hold ] }
    - { name: trigger, cgroup: /trigger, start: 500ms, oom_score_adj: -1000,
        program: [ { anon: 60MiB, step: 1MiB, every: 2ms }, hold ] }
  until: 3s`;

/** A victim whose memory is shared, and gone only when the reaper has given up, is in flight. */
const IN_FLIGHT = (policy: string): string => `
  name: in-flight
  machine: { memory: 256MiB }
  kernel: { version: "4.15", oom_policy: ${policy} }
  cgroups: { /victim: , /other: }
  processes:
    - { name: victim, cgroup: /victim, program: [ { anon: 150MiB }, { threads: 1, anon: 1MiB }, { mmap_sem: 3s }, hold ] }
    - { name: other, cgroup: /other, start: 200ms, count: 4, oom_score_adj: -900,
        program: [ { anon: 40MiB, step: 1MiB, every: 1ms }, hold ] }
  until: 2s`;

const returns = (policy: string): { values: boolean[]; gapsNs: number[] } => {
  const { of } = play(IN_FLIGHT(policy), ['oomsim:out_of_memory']);
  const calls = of('oomsim:out_of_memory').filter(({ why }) => why === 'a victim is in flight');
  return { values: calls.map(({ ret }) => ret), gapsNs: calls.map(({ timeNs }) => timeNs) };
};

describe('what root counts as', () => {
  test.each(['v9', 'v10'])('%s: as its biggest task', (policy) => {
    expect(play(ROOT_OF_MANY(policy)).victims[0]).toBe('big');
  });

  test.each(['v12', 'v13', 'cgroup'])('%s: as the sum of its tasks', (policy) => {
    expect(play(ROOT_OF_MANY(policy)).victims[0]).toBe('small');
  });
});

describe('a victim in flight', () => {
  test.each(['v10', 'v12', 'cgroup'])('%s: out_of_memory() returns false (D1)', (policy) => {
    const { values } = returns(policy);
    expect(values.length).toBeGreaterThan(0);
    expect(values.every((value) => !value)).toBe(true);
  });

  test.each(['process', 'v9', 'cgroup-fixed'])('%s: it returns true', (policy) => {
    const { values } = returns(policy);
    expect(values.length).toBeGreaterThan(0);
    expect(values.every((value) => value)).toBe(true);
  });
});

describe("Rientjes' memory.oom_policy", () => {
  const TREE = (a: string, policy = 'rientjes'): string => `
    name: tree
    machine: { memory: 400MiB }
    kernel: { version: "4.15", oom_policy: ${policy} }
    cgroups: { /a: { ${a} }, /a/x: , /a/y: , /b: }
    processes:
      - { name: ax, cgroup: /a/x, program: [ { anon: 90MiB }, hold ] }
      - { name: ay, cgroup: /a/y, program: [ { anon: 95MiB }, hold ] }
      - { name: b, cgroup: /b, program: [ { anon: 120MiB }, hold ] }
      - { name: trigger, start: 500ms, oom_score_adj: -1000,
          program: [ { anon: 80MiB, step: 1MiB, every: 2ms }, hold ] }
    until: 3s`;

  test('cgroup: leaves are compared one by one', () => {
    expect(play(TREE('')).victims[0]).toBe('b');
  });

  test('tree: a subtree counts as one, and its biggest task dies', () => {
    expect(play(TREE('memory.oom_policy: tree')).victims).toEqual(['ay']);
  });

  test('memory.oom.group is about what dies, not about what is compared', () => {
    const { victims } = play(TREE('memory.oom_policy: tree, memory.oom.group: 1'));
    expect(victims.sort()).toEqual(['ax', 'ay']);
  });

  /** At the limit of /a: one big process in /a/x, two small ones that use more together in /a/y. */
  const atLimit = (knobs: string): string => `
    machine: { memory: 400MiB }
    kernel: { version: "4.15", oom_policy: rientjes }
    cgroups: { ${knobs} /a/x: , /a/y: }
    processes:
      - { name: big, cgroup: /a/x, program: [ { anon: 60MiB }, hold ] }
      - { name: small, cgroup: /a/y, count: 2, program: [ { anon: 40MiB }, hold ] }
      - { name: trigger, cgroup: /a/x, start: 500ms, oom_score_adj: -1000,
          program: [ { anon: 15MiB, step: 1MiB, every: 2ms }, hold ] }
    until: 2s`;

  test('none: a memcg at its limit has the process scan', () => {
    const none = 'memory.max: 150MiB, memory.oom_policy: none';
    expect(play(atLimit(`/a: { ${none} },`)).victims[0]).toBe('big');
    expect(play(atLimit('/a: { memory.max: 150MiB },')).victims[0]).toBe('small');
  });

  test('new cgroups have the policy of their parent, and the whole system that of root', () => {
    const root = '/: { memory.oom_policy: none }';
    expect(play(atLimit(`${root}, /a: { memory.max: 150MiB },`)).victims[0]).toBe('big');
    const global = (knobs: string) =>
      atLimit(`${knobs} /t: , /a: ,`)
        .replace('400MiB', '200MiB')
        .replace('cgroup: /a/x, start', 'cgroup: /t, start')
        .replace('15MiB', '60MiB');
    expect(play(global('')).victims[0]).toBe('small');
    expect(play(global(`${root},`)).victims[0]).toBe('big');
  });

  test('tree within tree: the highest is the consumer', () => {
    const w = world({
      policy: 'rientjes',
      cgroups: { '/a': {}, '/a/p': {}, '/a/p/x': {}, '/a/p/y': {}, '/a/q': {}, '/b': {} },
      tasks: {
        me: { adj: -1000 },
        x: { cgroup: '/a/p/x', anon: 10 },
        y: { cgroup: '/a/p/y', anon: 11 },
        q: { cgroup: '/a/q', anon: 10 },
        b: { cgroup: '/b', anon: 25 },
      },
    });
    const kill = () => {
      w.run(w.tasks.me, w.oom(w.tasks.me));
      return w.kills.at(-1);
    };
    for (const path of ['/a', '/a/p']) w.memcg(path).oom_policy = 'tree';
    expect(kill()).toBe('y');
  });
});

describe('fair root (KERNEL.md 4.8)', () => {
  type Tasks = Readonly<Record<string, TaskSpec>>;
  const choice = (tasks: Tasks) => {
    const w = world<string>({
      policy: 'rientjes-fair-root',
      swap: 100,
      cgroups: { '/a': {}, '/b': {}, '/p': {}, '/p/c': {} },
      tasks: { me: { adj: -1000 }, ...tasks },
    });
    const oc = w.control();
    rientjes_fair_root_policy.mem_cgroup_select_oom_victim(w.k, oc);
    const { chosen_memcg } = oc;
    return typeof chosen_memcg === 'object' ? [chosen_memcg?.path, oc.chosen_points] : chosen_memcg;
  };
  const a = { a: { cgroup: '/a', anon: 20 } };

  test.each<[string, Tasks, unknown]>([
    [
      'what no leaf accounts for, whatever oom_score_adj',
      { ...a, r: { anon: 30, adj: 1000 } },
      ['/', 30],
    ],
    ['and no more than that', { ...a, r: { anon: 10 } }, ['/a', 20]],
    ['swap and kernel memory too', { ...a, r: { anon: 5, swap: 10, stack: 9 } }, ['/', 24]],
    [
      'tasks in cgroups that are no leaves',
      { ...a, r: {}, p: { cgroup: '/p', anon: 30 } },
      ['/', 30],
    ],
    ['a leaf as big wins', { ...a, r: { anon: 20 } }, ['/a', 20]],
    ['nothing if nobody in root may be killed', { ...a, r: { anon: 90, adj: -1000 } }, ['/a', 20]],
    ['locked memory does not count', { ...a, b: { cgroup: '/b', mlocked: 50 } }, ['/a', 20]],
  ])('%s', (_what, tasks, expected) => {
    expect(choice(tasks)).toEqual(expected);
  });
});

describe('leaves of Rientjes (KERNEL.md 4.8)', () => {
  const scene = () =>
    world({
      policy: 'rientjes',
      zones: [
        { node: 0, managedPages: 5000 },
        { node: 1, managedPages: 5000 },
      ],
      cgroups: { '/a': {}, '/b': {} },
      tasks: {
        me: { adj: -1000 },
        a: { cgroup: '/a', anon: 20 },
        b: { cgroup: '/b', anon: 50, node: 1, state: 'D' },
      },
    });
  const choice = (w: ReturnType<typeof scene>, nodemask: number[] | null = null) => {
    const oc = w.control({ nodemask });
    rientjes_policy.mem_cgroup_select_oom_victim(w.k, oc);
    const { chosen_memcg } = oc;
    return typeof chosen_memcg === 'object' ? chosen_memcg?.path : chosen_memcg;
  };

  test('count on all nodes, whatever the policy of the allocation', () => {
    expect(choice(scene(), [0])).toBe('/b');
  });

  test('a victim in flight ends the search', () => {
    const w = scene();
    mark_oom_victim(w.k, w.tasks.a);
    expect(choice(w)).toBe(INFLIGHT_VICTIM);
  });

  test('need an owner of an mm that may be killed', () => {
    const w = scene();
    w.tasks.b.mm!.owner = w.tasks.me;
    expect(choice(w)).toBe('/a');
  });
});
