/** How root, leaves and the tasks in them are scored: O1, O3 and O6 of the public debate. */
import { describe, expect, test } from 'vitest';
import { playShipped } from './play_shipped.js';

describe('o1-root-vs-leaf', () => {
  test('the scores reported in 2018, to the page; the task in root dies', () => {
    const { scores, names } = playShipped('o1-root-vs-leaf');
    expect(scores).toMatchObject({ '/': 12_652_907, '/container': 1_573_044, '/filler': 0 });
    expect(names).toEqual(['root-task']);
  });

  test('without oom_score_adj in root, the container six times its size does', () => {
    const { scores, names } = playShipped('o1-root-vs-leaf', {
      edit: [['cgroup: /\n    oom_score_adj: 1000', 'cgroup: /\n    oom_score_adj: 0']],
    });
    expect(scores).toMatchObject({ '/': 262_907, '/container': 1_573_044 });
    expect(names).toEqual(['member']);
  });
});

describe('o1b-root-adj', () => {
  test.each([
    [1000, 24_765_474, ['bash', 'database']],
    [0, 43_474, ['database']],
    [-999, 42_268, ['database']],
  ])('with %i, root scores %i', (adj, score, victims) => {
    const { scores, names } = playShipped('o1b-root-adj', {
      edit: [['oom_score_adj: 1000', `oom_score_adj: ${adj}`]],
    });
    expect(scores).toMatchObject({ '/': score, '/container': 20_971_520 });
    expect(names).toEqual(victims);
  });
});

test('o1b-root-adj: the fair root of 2018 leaves oom_score_adj out of it', () => {
  const { names } = playShipped('o1b-root-adj', { policy: 'rientjes-fair-root' });
  expect(names).toEqual(['database']);
});

describe('o1c-root-hog-hides', () => {
  test('a hog in root with -999 counts one point, the innocent die', () => {
    const { scores, names } = playShipped('o1c-root-hog-hides');
    expect(scores).toMatchObject({ '/': 1, '/web': 400_000 });
    expect(names).toEqual(['web', 'mail']);
  });

  test('the fair root of 2018 finds it', () => {
    const { names } = playShipped('o1c-root-hog-hides', { policy: 'rientjes-fair-root' });
    expect(names).toEqual(['hog']);
  });

  test('in a container of its own it would die first', () => {
    const { scores, names } = playShipped('o1c-root-hog-hides', {
      edit: [
        ['  /build: {}', '  /build: {}\n  /hog: {}'],
        ['cgroup: /\n', 'cgroup: /hog\n'],
      ],
    });
    expect(scores['/hog']).toBeGreaterThan(3_000_000);
    expect(names).toEqual(['hog']);
  });
});

describe('o1d-many-small-root-tasks', () => {
  test('root counts the sum of its tasks', () => {
    const { scores, names } = playShipped('o1d-many-small-root-tasks', { check: false });
    expect(scores).toMatchObject({ '/': 204_800_000, '/db': 2_097_152 });
    expect(new Set(names)).toEqual(new Set(['small']));
  });

  test.each(['v10', 'process'])(
    '%s: its biggest task is all that counts, the database dies',
    (policy) => {
      const { names } = playShipped('o1d-many-small-root-tasks', { policy, check: false });
      expect(names).toEqual(['db']);
    },
  );
});

describe('o3-adj-scale', () => {
  test.each(['process', 'cgroup'])('%s: the domain decides who of the two dies', (policy) => {
    const { victims, totalpages } = playShipped('o3-adj-scale', { policy });
    expect(totalpages).toEqual([1_000_000, 100_000]);
    expect(victims.map(({ process, points }) => [process, points])).toEqual([
      ['t2', 120_000],
      ['t1', 60_000],
    ]);
  });
});

describe('o6-mempolicy', () => {
  test('by cgroup, only what is on the node of the OOM counts', () => {
    const { scores, names } = playShipped('o6-mempolicy', { policy: 'cgroup' });
    expect(scores['/large']).toBeLessThan(scores['/small']!);
    expect(scores.large).toBeGreaterThan(scores.small! * 3);
    expect(names).toEqual(['small']);
  });

  test.each(['process', 'rientjes'])('%s: all of it counts', (policy) => {
    expect(playShipped('o6-mempolicy', { policy }).names[0]).toBe('large');
  });
});
