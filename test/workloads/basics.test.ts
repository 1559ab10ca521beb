/** The first workloads that somebody tries: what each says of itself is so. */
import { describe, expect, test } from 'vitest';
import { playShipped } from './play_shipped.js';

describe('small-vs-large', () => {
  test.each([
    ['process', 'big'],
    ['cgroup', 'small'],
    ['rientjes', 'small'],
  ])('--policy %s kills a "%s"', (policy, victim) => {
    expect(playShipped('small-vs-large', { policy }).names[0]).toBe(victim);
  });

  test('the larger cgroup is the one of the small processes', () => {
    const { scores } = playShipped('small-vs-large', { policy: 'cgroup' });
    expect(scores['/many']).toBeGreaterThan(scores['/few']!);
    expect(scores.big).toBeGreaterThan(2 * scores.small!);
  });
});

describe('memcg-limit', () => {
  test.each([
    ['process', 'big'],
    ['cgroup', 'small'],
  ])('--policy %s kills a "%s", never the bystander', (policy, victim) => {
    const { names, scores } = playShipped('memcg-limit', { policy });
    expect(names[0]).toBe(victim);
    expect(names).not.toContain('bystander');
    expect(scores.bystander).toBeUndefined(); // not looked at
  });
});

describe('swap', () => {
  test('puts the kill off, until it is full', () => {
    const none = [['swap: 256MiB', 'swap: 0']] as const;
    const without = playShipped('swap', { edit: none });
    const { victims, log } = playShipped('swap');
    expect(victims[0]!.timeNs).toBeGreaterThan(without.victims[0]!.timeNs + 5e8);
    expect(log.filter((line) => line.startsWith('Free swap'))[0]).toBe('Free swap  = 0kB');
  });
});

describe('page-cache', () => {
  test('gives way, and nobody is killed', () => {
    const { names, system } = playShipped('page-cache');
    expect(names).toEqual([]);
    const [reader, grower] = ['/reader', '/grower'].map((path) =>
      system.cgroups().find((cgroup) => cgroup.path === path),
    );
    const MIB = 256;
    expect(grower!.anonPages).toBeGreaterThan(249 * MIB);
    expect(reader!.filePages).toBeLessThan(250 * MIB);
    expect(reader!.filePages).toBeGreaterThan(100 * MIB); // what it read last, at least
  });
});
