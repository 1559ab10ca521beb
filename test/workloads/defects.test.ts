/** The defects D1 to D8 of the patch of 2017-12-06, each against the unpatched kernel. */
import { describe, expect, test } from 'vitest';
import { playShipped } from './play_shipped.js';

const MIB = 1024 ** 2;
const IN_FLIGHT_FALSE = 'false: a victim is in flight';
const IN_FLIGHT_TRUE = 'true: a victim is in flight';

describe('d1-inflight-failure (O10)', () => {
  const held = (ms: number) => [['mmap_sem: 1100ms', `mmap_sem: ${ms}ms`]] as const;

  test('by cgroup, allocations fail while the victim is dying', () => {
    const outcome = playShipped('d1-inflight-failure', { policy: 'cgroup' });
    expect(outcome.names).toEqual(['victim']);
    expect(outcome.allocFailures).toBeGreaterThan(20);
    expect(outcome.returns[IN_FLIGHT_FALSE]).toBe(outcome.allocFailures);
    expect(outcome.returns[IN_FLIGHT_TRUE]).toBeUndefined();
  });

  test('by process, none does, however often they ask', () => {
    const outcome = playShipped('d1-inflight-failure', { policy: 'process' });
    expect(outcome.names).toEqual(['victim']);
    expect(outcome.allocFailures).toBe(0);
    expect(outcome.returns[IN_FLIGHT_FALSE]).toBeUndefined();
    expect(outcome.returns[IN_FLIGHT_TRUE]).toBeGreaterThan(100);
  });

  test('the longer mmap_sem is held, the more, until the reaper gives up after a second', () => {
    const count = (ms: number): number =>
      playShipped('d1-inflight-failure', { edit: held(ms) }).allocFailures;
    const failures = [400, 600, 800, 1000, 1200].map(count);
    expect(failures[0]).toBe(0);
    expect(failures).toEqual(failures.toSorted((a, b) => a - b));
    expect(new Set(failures).size).toBe(failures.length);
    // A jiffy or two each, one after the other: at most 250 in a second.
    expect(count(3000)).toBe(count(1700));
    expect(count(3000)).toBeLessThan(260);
  });

  test.each([
    ['v9', 0],
    ['v10', 80],
    ['v12', 80],
    ['v13', 80],
    ['cgroup-fixed', 0],
  ])('%s: about %i failures', (policy, failures) => {
    const { allocFailures } = playShipped('d1-inflight-failure', { policy });
    if (failures === 0) expect(allocFailures).toBe(0);
    else expect(Math.abs(allocFailures - failures)).toBeLessThan(30);
  });

  test('GFP_NOFS allocations are immune', () => {
    const outcome = playShipped('d1-inflight-failure', {
      edit: [
        ['class: kernel', 'class: nofs'],
        ['anon: 450MiB', 'anon: 455MiB'],
      ],
    });
    expect(outcome.allocFailures).toBe(0);
  });
});

describe('d2-sysrq-blocked', () => {
  const ignored = 'sysrq: OOM request ignored. No task eligible';

  test('by cgroup, a victim in flight anywhere blocks it', () => {
    const { names, log } = playShipped('d2-sysrq-blocked', { policy: 'cgroup' });
    expect(names).toEqual(['stuck']);
    expect(log).toContain(ignored);
  });

  test('by process, the biggest dies at once', () => {
    const { victims, names, log } = playShipped('d2-sysrq-blocked', { policy: 'process' });
    expect(names).toEqual(['stuck', 'hog']);
    expect(victims[1]!.timeNs / 1e6).toBeCloseTo(500, -1);
    expect(log).not.toContain(ignored);
  });
});

describe('d3-memory-max-gives-up', () => {
  test('by cgroup, the write returns with the usage above the limit', () => {
    const outcome = playShipped('d3-memory-max-gives-up', { policy: 'cgroup' });
    expect(outcome.names).toEqual(['first']);
    expect(outcome.returns[IN_FLIGHT_FALSE]).toBe(1);
    expect(outcome.usageBytes('/box')).toBeGreaterThan(140 * MIB);
    // The writing shell is gone before its victim is.
    expect(outcome.exited.get('sh')).toBeLessThan(outcome.exited.get('first')!);
  });

  test('by process, it goes on until the usage fits', () => {
    const outcome = playShipped('d3-memory-max-gives-up', { policy: 'process' });
    expect(outcome.names).toEqual(['first', 'worker', 'worker']);
    expect(outcome.usageBytes('/box')).toBeLessThanOrEqual(60 * MIB);
    expect(outcome.exited.get('sh')).toBeGreaterThan(outcome.exited.get('first')!);
  });
});

describe('d4-no-diagnostics', () => {
  const report = [/ invoked oom-killer: /, /^Mem-Info:/, /Kill process \d+ \(hog\) score \d+/];

  test.each(['process', 'cgroup'])('%s', (policy) => {
    const { names, log } = playShipped('d4-no-diagnostics', { policy });
    expect(names).toEqual(['hog']);
    expect(log.filter((line) => line.startsWith('Killed process'))).toHaveLength(1);
    const found = report.map((pattern) => log.some((line) => pattern.test(line)));
    expect(found).toEqual(Array(3).fill(policy === 'process'));
    if (policy === 'cgroup') expect(log).toHaveLength(2); // and the reaper's line
  });
});

describe('d6-no-second-best', () => {
  test('after the biggest cgroup comes the biggest process, not the second cgroup', () => {
    const { scores, victims, names, log } = playShipped('d6-no-second-best', { policy: 'cgroup' });
    expect(scores['/cache']).toBeGreaterThan(scores['/many']!);
    expect(scores['/many']).toBeGreaterThan(scores['/one']!);
    expect(names).toEqual(['writer', 'single']);
    expect(victims[1]!.reason).toBe('highest badness');
    // Only the process scan reports.
    expect(log.filter((line) => line.includes('invoked oom-killer'))).toHaveLength(1);
  });
});

describe('d7-before-cgroup-mount', () => {
  test('the process scan kills, with its report', () => {
    const { names, log } = playShipped('d7-before-cgroup-mount', { policy: 'cgroup' });
    expect(names).toEqual(['hog']);
    expect(log.some((line) => line.includes('invoked oom-killer'))).toBe(true);
  });

  test('with cgroups mounted, root is chosen as a cgroup', () => {
    const { names, log } = playShipped('d7-before-cgroup-mount', {
      policy: 'cgroup',
      edit: [['task_cg_lists: false', 'task_cg_lists: true']],
    });
    expect(names).toEqual(['hog']);
    expect(log.some((line) => line.includes('invoked oom-killer'))).toBe(false);
  });
});

describe('d8-victim-not-seen', () => {
  test('by cgroup, the next one dies before the first has given anything back', () => {
    const { victims, names, skipped } = playShipped('d8-victim-not-seen', { policy: 'cgroup' });
    expect(names).toEqual(['victim', 'innocent']);
    const [first, second] = victims;
    expect(second!.timeNs - first!.timeNs).toBeLessThan(12e6);
    expect(skipped.get(first!.pid)!.timeNs).toBeGreaterThan(second!.timeNs);
  });

  test('by process, the one that shares its memory is found, and waited for', () => {
    const { names } = playShipped('d8-victim-not-seen', { policy: 'process' });
    expect(names).toEqual(['victim']);
  });
});
