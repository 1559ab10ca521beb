/** systemd-oomd: KERNEL.md 10.2, and oomd-manager.c and oomd-util.c of systemd. */
import { describe, expect, test } from 'vitest';
import { SystemdOomd } from '../../../src/userspace/killers/systemd_oomd.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import type { SystemdOomdSpec } from '../../../src/workload/types.js';
import { play } from '../play.js';
import { Rig } from './rig.js';

const watch = (more = '', options = '') =>
  `{ systemd_oomd: { ${options} units: { /a: { memory_pressure: kill }, ${more} } } }`;
const one = () => new Rig({ '/a/x': '50MiB' }, watch());

describe('pressure', () => {
  test('60 % is not above 60 %', () => {
    const rig = one().to(0.5).pressure('/a', 60).scan('/a/x', 10).to(29).scan('/a/x', 10).to(60);
    expect(rig.killed).toEqual([]);
  });

  test('60.01 % is, after 30 s: polls come every second', () => {
    const rig = one().to(0.5).pressure('/a', 60.01).to(20).scan('/a/x', 10).to(30.9);
    expect(rig.killed).toEqual([]); // seen at 1 s first
    expect(rig.to(32).killed).toEqual(['/a/x 31']);
    expect(rig.kills[0]).toMatchObject({
      killer: 'systemd-oomd',
      signal: 'SIGKILL',
      memcg: '/a',
      group: true,
      reason: 'memory pressure 60.01%, above 60.00% for 30 s: /a/x is scanned most',
    });
  });

  test('one poll below the limit, and the 30 s begin anew', () => {
    const rig = one().to(0.5).pressure('/a', 90).to(25.5).pressure('/a', 10).to(26.5);
    rig.pressure('/a', 90).to(40).scan('/a/x', 10).to(56.9);
    expect(rig.killed).toEqual([]);
    expect(rig.to(58).killed).toEqual(['/a/x 57']);
  });

  test('between two polls nobody looks', () => {
    const rig = one().to(0.5).pressure('/a', 90).to(25.1).pressure('/a', 10).to(25.9);
    expect(rig.pressure('/a', 90).scan('/a/x', 10).to(32).killed).toEqual(['/a/x 31']);
  });

  test('without reclaim in the last 30 s, no kill', () => {
    const rig = one().to(0.5).pressure('/a', 90).to(59.5);
    expect(rig.killed).toEqual([]);
    expect(rig.scan('/a/x', 1).to(62).killed).toEqual(['/a/x 60']);
    const late = new Rig({ '/a/x': '50MiB' }, watch('', 'duration: 40s,')).to(0.5);
    // Reclaim seen at 5 s; the 40 s are over at 41 s.
    expect(late.scan('/a/x', 1).to(4.5).pressure('/a', 90).to(60).killed).toEqual([]);
  });

  test('limit and duration by unit, or for all', () => {
    const unit = new Rig(
      { '/a/x': '50MiB' },
      '{ systemd_oomd: { units: { /a: { memory_pressure: kill, limit: 20%, duration: 5s } } } }',
    );
    expect(unit.to(0.5).pressure('/a', 21).scan('/a/x', 1).to(8).killed).toEqual(['/a/x 6']);
    const all = new Rig({ '/a/x': '50MiB' }, watch('', 'limit: 20%, duration: 5s,'));
    expect(all.to(0.5).pressure('/a', 21).scan('/a/x', 1).to(8).killed).toEqual(['/a/x 6']);
  });

  test('nothing else happens for 15 s after a kill', () => {
    const rig = new Rig({ '/a/x': '50MiB', '/a/y': '20MiB' }, watch());
    rig.to(0.5).pressure('/a', 90).to(20).scan('/a/x', 10).scan('/a/y', 5).to(33);
    expect(rig.killed).toEqual(['/a/x 31']);
    rig.scan('/a/y', 5).to(45.9);
    expect(rig.killed).toEqual(['/a/x 31']);
    expect(rig.to(47).killed).toEqual(['/a/x 31', '/a/y 46']);
  });
});

describe('the victim', () => {
  /** Pressure for long enough; at the end x and y are scanned in the last interval. */
  function last(rig: Rig, x: number, y: number): string[] {
    rig.to(0.5).pressure('/a', 90).to(30.5).scan('/a/x', x).scan('/a/y', y).to(32);
    return rig.kills.map(({ process }) => process);
  }

  test('is scanned most in the last interval, not in total', () => {
    const rig = new Rig({ '/a/x': '50MiB', '/a/y': '20MiB' }, watch());
    rig.to(0.2).scan('/a/x', 1_000_000);
    expect(last(rig, 10, 11)).toEqual(['/a/y']);
  });

  test('is the larger one of those that are scanned as much', () => {
    expect(last(new Rig({ '/a/x': '50MiB', '/a/y': '20MiB' }, watch()), 10, 10)).toEqual(['/a/x']);
    expect(last(new Rig({ '/a/x': '20MiB', '/a/y': '50MiB' }, watch()), 10, 10)).toEqual(['/a/y']);
  });

  test('is one to avoid only if there is nobody else, and never one to omit', () => {
    const two = { '/a/x': '50MiB', '/a/y': '20MiB' };
    expect(last(new Rig(two, watch('/a/x: { preference: avoid }')), 99, 1)).toEqual(['/a/y']);
    expect(last(new Rig(two, watch('/a/x: { preference: omit }')), 99, 1)).toEqual(['/a/y']);
    const both = '/a/x: { preference: avoid }, /a/y: { preference: omit }';
    expect(last(new Rig(two, watch(both)), 1, 99)).toEqual(['/a/x']);
    const none = '/a/x: { preference: omit }, /a/y: { preference: omit }';
    expect(last(new Rig(two, watch(none)), 1, 99)).toEqual([]);
  });

  test('is a leaf below the unit, or the unit itself if it is one', () => {
    const rig = new Rig({ '/a': '50MiB', '/b': '500MiB' }, watch()).to(0.5).pressure('/a', 90);
    expect(rig.to(20).scan('/a', 1).scan('/b', 99).to(32).killed).toEqual(['/a 31']);
  });

  test('with memory.oom.group, dies with everything below', () => {
    const cgroups = '/a/g: { memory.oom.group: 1 }';
    const rig = new Rig(
      { '/a/g/x': '20MiB', '/a/g/y': '20MiB', '/a/z': '30MiB' },
      watch(),
      cgroups,
    );
    rig.to(0.5).pressure('/a', 90).to(30.5);
    // Alone, neither x nor y would be before z.
    rig.scan('/a/g/x', 6).scan('/a/g/y', 6).scan('/a/z', 10).to(32);
    expect(rig.kills.map(({ process }) => process)).toEqual(['/a/g/x', '/a/g/y']);
  });

  test('is not a cgroup in which nobody lives', () => {
    const rig = new Rig({ '/a/x': '50MiB' }, watch(), '/a/y: {}');
    expect(last(rig, 1, 99)).toEqual(['/a/x']);
  });
});

describe('swap', () => {
  const spec = parseWorkload(
    '{ machine: { memory: 1GiB }, killers: [ { systemd_oomd: {} } ] }',
    'w.yaml',
  ).killers[0] as SystemdOomdSpec;
  const oomd = new SystemdOomd(one().system.host, spec);

  test.each([
    [999, 999, true],
    [1000, 999, false], // 10 % is not less than 10 %
    [999, 1000, false],
  ])('%i of 10000 pages available, %i of 10000 free in swap: %s', (MemAvailable, SwapFree, low) => {
    const m = { MemTotal: 10_000, MemAvailable, AnonPages: 5000, SwapTotal: 10_000, SwapFree };
    expect(oomd.low_on_swap(m)).toBe(low);
  });

  test('without swap nothing is ever low', () => {
    const m = { MemTotal: 10_000, MemAvailable: 0, AnonPages: 5000, SwapTotal: 0, SwapFree: 0 };
    expect(oomd.low_on_swap(m)).toBe(false);
  });

  const full = (sizes: readonly number[]) =>
    play(
      `
      name: full
      machine: { memory: 512MiB, swap: 400MiB }
      kernel: "6.1"
      cgroups: { /a/x: , /a/y: , /b: }
      processes:
        - { name: x, cgroup: /a/x, memory: { swap: ${sizes[0]}MiB } }
        - { name: y, cgroup: /a/y, memory: { swap: ${sizes[1]}MiB } }
        - { name: z, cgroup: /b, start: 60ms,
            memory: { swap: ${sizes[2]}MiB, anon: 435MiB } }
      killers: [ { systemd_oomd: { units: { /a: { swap: kill } } } } ]
      until: 200ms`,
      ['oomsim:userspace_kill'],
    )
      .of('oomsim:userspace_kill')
      .map(({ process, timeNs }) => `${process} ${Math.floor(timeNs / 1e6)}`);

  test('the cgroup that uses most of it dies at the next poll, after 150 ms at most', () => {
    expect(full([50, 150, 170])).toEqual(['y 150']);
  });

  test('only one that uses more than 5 % of all swap', () => {
    expect(full([10, 20, 340])).toEqual([]);
    expect(full([10, 21, 340])).toEqual(['y 150']);
  });
});

test('its own memory can be swapped out, its oom_score_adj is −900', () => {
  const { system } = one();
  system.advance(1e9);
  const self = system.tasks().find(({ comm }) => comm === 'systemd-oomd');
  expect(self).toMatchObject({ oomScoreAdj: -900, anonPages: 512 });
  expect(system.cgroups()[0]?.unevictablePages).toBe(0);
});

test('a kernel without PSI is refused', () => {
  const run = (kernel: string) =>
    play(`
      name: no-psi
      machine: { memory: 512MiB }
      kernel: "${kernel}"
      killers: [ { systemd_oomd: {} } ]
      until: 1ms`);
  expect(() => run('4.19')).toThrow(
    'systemd-oomd needs pressure stall information, which kernel 4.19 does not have: take 5.0 or later',
  );
  expect(() => run('5.0')).not.toThrow();
});
