/** Killing one or all: O5 of the public debate, pods, nested groups. */
import { describe, expect, test } from 'vitest';
import { playShipped } from './play_shipped.js';

describe('o5-policy-times-group', () => {
  test.each([
    ['4.15', 'process', 0, ['few']],
    ['4.15', 'process', 1, ['few']],
    ['4.15', 'cgroup', 0, ['many', 'many']],
    ['4.15', 'cgroup', 1, ['many', 'many']],
    ['4.15', 'series', 0, ['many', 'many']],
    ['4.15', 'series', 1, Array(8).fill('many')],
    ['4.19', 'process', 0, ['few']],
    ['4.19', 'process', 1, ['few', 'few']],
  ])('kernel %s, policy %s, oom group %i: %j', (kernel, policy, group, victims) => {
    const { names } = playShipped('o5-policy-times-group', {
      kernel,
      policy,
      ...(group === 1 ? {} : { edit: [['memory.oom.group: 1', 'memory.oom.group: 0']] }),
    });
    expect(names).toEqual(victims);
  });
});

describe('kill-one-or-all-in-a-pod', () => {
  test.each([
    ['4.19', 'process', ['server', 'helper', 'logs']],
    ['4.15', 'process', ['server']],
    ['4.15', 'series', ['server', 'helper', 'logs']],
  ])('kernel %s, policy %s: %j', (kernel, policy, victims) => {
    const { names } = playShipped('kill-one-or-all-in-a-pod', { kernel, policy });
    expect(names).toEqual(victims);
  });

  test('not told to, 4.19 kills one, and half a pod keeps its memory', () => {
    const outcome = playShipped('kill-one-or-all-in-a-pod', {
      edit: [['memory.oom.group: 1', 'memory.oom.group: 0']],
    });
    expect(outcome.names).toEqual(['server']);
    expect(outcome.usageBytes('/pods/web')).toBeGreaterThan(40 * 1024 ** 2);
  });

  test('the kernel says which group, and kills its victim twice', () => {
    const { log } = playShipped('kill-one-or-all-in-a-pod');
    expect(log).toContain('Tasks in /pods/web are going to be killed due to memory.oom.group set');
    expect(log.filter((line) => line.startsWith('Killed process'))).toHaveLength(4);
  });
});

describe('nested-oom-group', () => {
  const OUTER = ['inner', 'inner', 'rest', 'rest', 'rest', 'rest'];

  test('the series: the outermost group is one consumer', () => {
    const { victims, names } = playShipped('nested-oom-group', { policy: 'series' });
    expect(names).toEqual(OUTER);
    expect(victims[0]?.points).toBe(205 * 256);
  });

  test('the series without the outer group: the inner one is smaller than "alone"', () => {
    const { names } = playShipped('nested-oom-group', {
      policy: 'series',
      edit: [['/outer: { memory.oom.group: 1 }', '/outer: {}']],
    });
    expect(names).toEqual(['alone']);
  });

  test('4.19: the biggest process, then the highest group above it', () => {
    const choices = { kernel: '4.19', policy: 'process' };
    expect(playShipped('nested-oom-group', choices).names).toEqual(['alone']);
    const { names } = playShipped('nested-oom-group', {
      ...choices,
      edit: [['cgroup: /alone,', 'cgroup: /alone, oom_score_adj: -1000,']],
    });
    expect(names).toEqual(OUTER);
  });
});
