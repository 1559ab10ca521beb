/** Cgroups that are split, grouped, left behind or dead: O2, O4 and O11 of the public debate. */
import { describe, expect, test } from 'vitest';
import { playShipped } from './play_shipped.js';

describe('o2-evasion-by-splitting', () => {
  test('10 GB in one leaf die again and again, 90 GB in twelve never', () => {
    const { scores, names } = playShipped('o2-evasion-by-splitting');
    expect(scores['/a']).toBeGreaterThan(scores['/b/12']!);
    expect(names).toEqual(['a', 'a', 'a', 'a']);
  });

  test('memory.oom_group where the subtree is delegated ends it', () => {
    const { names } = playShipped('o2-evasion-by-splitting', {
      policy: 'series',
      edit: [['memory.oom_group: 0', 'memory.oom_group: 1']],
    });
    expect(names).toEqual(Array.from({ length: 12 }, (_, i) => `b${i + 1}`));
  });

  test('so does memory.oom_policy, one process at a time', () => {
    const { names } = playShipped('o2-evasion-by-splitting', {
      policy: 'rientjes',
      edit: [['memory.oom_group: 0', 'memory.oom_policy: tree']],
    });
    expect(names[0]).toBe('b1');
    expect(names).not.toContain('a');
  });
});

describe('o2-split-siblings', () => {
  test.each([
    ['process', ['one']],
    ['cgroup', ['three']],
    ['series', ['three']],
  ])('%s: %j', (policy, victims) => {
    expect(playShipped('o2-split-siblings', { policy }).names).toEqual(victims);
  });

  test('as a group, the largest is the largest', () => {
    const { names } = playShipped('o2-split-siblings', {
      policy: 'series',
      edit: [['memory.oom_group: 0', 'memory.oom_group: 1']],
    });
    expect(names).toEqual(['left', 'left', 'right', 'right']);
  });
});

describe('o2b-charges-stay-in-parent', () => {
  test('the job that moved is not seen, a bystander dies', () => {
    const { scores, names } = playShipped('o2b-charges-stay-in-parent', { policy: 'cgroup' });
    expect(scores).toMatchObject({ '/p/c': 0, '/other': 76_800 });
    expect(scores).not.toHaveProperty('/p');
    expect(scores.job).toBeGreaterThan(384_000);
    expect(names).toEqual(['bystander']);
  });

  test('by process, the job dies', () => {
    expect(playShipped('o2b-charges-stay-in-parent', { policy: 'process' }).names).toEqual(['job']);
  });
});

describe('o2c-zombie-child (D5)', () => {
  test('one dead child with one charge hides its parent', () => {
    const { scores, names } = playShipped('o2c-zombie-child');
    expect(scores).not.toHaveProperty('/x');
    expect(scores.hog).toBeGreaterThan(150_000);
    expect(names).toEqual(['a']);
  });

  test('a child that goes at once does not', () => {
    const { scores, names } = playShipped('o2c-zombie-child', {
      edit: [['{ tmpfs: 4MiB }, ', '']],
    });
    expect(scores['/x']).toBeGreaterThan(150_000);
    expect(names).toEqual(['hog']);
  });
});

describe('o2c-zombie-child, the other half of D5', () => {
  /** "stuck" runs into a limit of /x and can't die before 1.2 s; memory runs out at about 0.8 s. */
  const PROCESSES = `
  - name: stuck
    cgroup: /x
    start: 300ms
    program: [ { anon: 200MiB }, { mmap_sem: 900ms }, hold ]
  - { name: limit, cgroup: /x, start: 400ms, program: [ { anon: 110MiB }, hold ] }
  - name: late
    cgroup: /b
    start: 600ms
    program: [ { anon: 500MiB, step: 4MiB, every: 2ms }, hold ]
events:`;
  const edit = [
    ['/x: {}', '/x: { memory.max: 300MiB }'],
    ['start: 300ms', 'start: 1h'], // no hog
    ['events:', PROCESSES],
    ['cpus: 2 }', 'cpus: 2, costs: { reclaim_visit: 10us } }'],
  ] as const;
  const RELEASED_NS = 1.2e9;

  test('a victim in flight in the hidden cgroup is not waited for', () => {
    const { victims, names } = playShipped('o2c-zombie-child', { edit });
    expect(names.slice(0, 2)).toEqual(['stuck', 'late']);
    expect(victims[1]!.timeNs).toBeLessThan(RELEASED_NS);
  });

  test('without the zombie it is', () => {
    const { victims } = playShipped('o2c-zombie-child', {
      edit: [...edit, ['{ tmpfs: 4MiB }, ', '']],
    });
    expect(victims[0]!.process).toBe('stuck');
    for (const { timeNs } of victims.slice(1)) expect(timeNs).toBeGreaterThan(RELEASED_NS);
  });
});

describe('o4-grouping-punished', () => {
  test('equal leaves: the first one', () => {
    const { names } = playShipped('o4-grouping-punished', { policy: 'cgroup' });
    expect(names).toEqual(['a']);
  });

  test('as groups: the larger one, for being one', () => {
    const { names } = playShipped('o4-grouping-punished', {
      policy: 'series',
      edit: [['memory.oom_group: 0', 'memory.oom_group: 1']],
    });
    expect(names).toEqual(['c', 'd', 'e']);
  });
});

describe('o4-slices', () => {
  test('leaf by leaf, the leak dies', () => {
    expect(playShipped('o4-slices', { policy: 'cgroup' }).names).toEqual(['leaky']);
  });

  test('slice by slice, the honest workload does', () => {
    const { names } = playShipped('o4-slices', {
      policy: 'series',
      edit: [['memory.oom_group: 0', 'memory.oom_group: 1']],
    });
    expect(names).toEqual(['job1', 'job2', 'job3']);
  });
});

describe('o11-sum-of-groups', () => {
  test('groups under one parent are not added up', () => {
    const { names } = playShipped('o11-sum-of-groups', { policy: 'series' });
    expect(names).toEqual(Array(10).fill('d'));
  });

  test('unless the parent is the group', () => {
    const { names } = playShipped('o11-sum-of-groups', {
      policy: 'series',
      edit: [['memory.oom_group: 0', 'memory.oom_group: 1']],
    });
    expect(names).toEqual([...Array(6).fill('b'), ...Array(6).fill('c')]);
  });

  test('nor with memory.oom_policy, unless the parent is a tree', () => {
    const { names } = playShipped('o11-sum-of-groups', {
      policy: 'rientjes',
      edit: [['/a: { memory.oom_group: 0 }', '/a: { memory.oom_policy: tree }']],
    });
    expect(names[0]).toBe('b');
  });
});
