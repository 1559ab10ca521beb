/** What time does to a kill: O7, O8 and O9 of the public debate, and CVE-2016-10723. */
import { describe, expect, test } from 'vitest';
import { playShipped } from './play_shipped.js';

const SECOND = 1e9;
const MS = 1e6;

describe('o7-last-second-alloc', () => {
  /** ms before the kill (at 131 ms) at which the batch job ends and gives 150 MB back. */
  const ENDS = [1, 5, 10, 15, 19, 25, 30, 35, 39, 45, 50];

  /** Of these, the ones that somebody is killed in spite of. */
  const needless = (policy: string): number[] =>
    ENDS.filter((ms) => {
      const edit = [['at: 105ms', `at: ${131 - ms}ms`]] as const;
      return playShipped('o7-last-second-alloc', { policy, edit }).names.length > 0;
    });

  test('attempt before the selection: needless kills as long as the selection takes', () => {
    expect(needless('cgroup')).toEqual([1, 5, 10, 15, 19, 25, 30, 35, 39]);
  });

  test('attempt behind the selection of a cgroup: half as many', () => {
    expect(needless('v13')).toEqual([1, 5, 10, 15, 19]);
  });
});

describe('o8-reaped-in-vain', () => {
  test.each(['process', 'cgroup'])(
    '%s: an innocent dies before the victim has exited',
    (policy) => {
      const { victims, names, skipped, exited } = playShipped('o8-reaped-in-vain', { policy });
      expect(names).toEqual(['victim', 'innocent']);
      const [victim, innocent] = victims;
      expect(skipped.get(victim!.pid)!.cause).toBe('reaped');
      expect(exited.get('victim')! - innocent!.timeNs).toBeGreaterThan(100 * MS);
    },
  );

  test('memory that can be reaped is, and nobody else dies', () => {
    const { names } = playShipped('o8-reaped-in-vain', { edit: [['{ mlock: current }, ', '']] });
    expect(names).toEqual(['victim']);
  });

  test('5.19 does not skip locked areas', () => {
    expect(playShipped('o8-reaped-in-vain', { kernel: '5.19' }).names).toEqual(['victim']);
  });
});

describe('o9-reaper-waits', () => {
  test('4.15: the reaper waits seconds for oom_lock', () => {
    const { killToReapNs } = playShipped('o9-reaper-waits', { kernel: '4.15' });
    expect(killToReapNs).toBeGreaterThan(5 * SECOND);
    expect(killToReapNs).toBeLessThan(20 * SECOND);
  });

  test('4.19: it begins at once', () => {
    expect(playShipped('o9-reaper-waits', { kernel: '4.19' }).killToReapNs).toBeLessThan(10 * MS);
  });

  test('either half of what 4.19 changed is enough', () => {
    for (const name of ['reaper_takes_oom_lock', 'oom_sleep_under_lock']) {
      const { killToReapNs } = playShipped('o9-reaper-waits', { switches: { [name]: false } });
      expect(killToReapNs).toBeLessThan(10 * MS);
    }
  });
});

describe('starved-reaper (CVE-2016-10723)', () => {
  test('4.15: minutes from the kill to the reap', () => {
    const outcome = playShipped('starved-reaper', { check: false });
    expect(outcome.names).toEqual(['victim']);
    expect(outcome.killToReapNs).toBeGreaterThan(200 * SECOND);
    expect(outcome.killToReapNs).toBeLessThan(400 * SECOND);
    expect(outcome.skipped.get(outcome.victims[0]!.pid)!.cause).toBe('reaped');
  });

  test('4.19: it begins at once', () => {
    const outcome = playShipped('starved-reaper', { kernel: '4.19', check: false });
    expect(outcome.names).toEqual(['victim']);
    expect(outcome.killToReapNs).toBeLessThan(10 * MS);
  });

  test('by cgroup there is no report to pay for', () => {
    const outcome = playShipped('starved-reaper', { policy: 'cgroup', check: false });
    expect(outcome.names).toEqual(['victim']);
    expect(outcome.killToReapNs).toBeLessThan(SECOND);
  });
});
