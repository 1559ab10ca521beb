/** oomd: KERNEL.md 10.3, and the plugins of its source. */
import { describe, expect, test } from 'vitest';
import { glob } from '../../../src/userspace/killers/oomd_cgroups.js';
import { play } from '../play.js';
import { Rig } from './rig.js';

const SLICE = { '/s/x': '60MiB', '/s/y': '40MiB' };
const BY_SIZE = '{ kill_by_memory_size_or_growth: { cgroup: "s/*" } }';

const rules = (detectors: string, actions = BY_SIZE, more = '') =>
  `{ oomd: { ${more} rulesets: [ { name: r, detectors: [ ${detectors} ], actions: [ ${actions} ] } ] } }`;

const ABOVE = '{ pressure_above: { cgroup: s, resource: memory, threshold: 60, duration: 30s } }';
const ALWAYS = '{ memory_above: { cgroup: s, threshold: 0, duration: 0 } }';

describe('detectors, every 5 s', () => {
  test('pressure_above: more than the threshold for the duration', () => {
    const rig = new Rig(SLICE, rules(`[ ${ABOVE} ]`));
    expect(rig.to(1).pressure('/s', 60).to(61).killed).toEqual([]);
    expect(rig.pressure('/s', 60.01).to(94).killed).toEqual([]); // seen at 65 s first
    expect(rig.to(96).killed).toEqual(['/s/x 95']);
  });

  test('pressure_above: one interval below, and it begins anew', () => {
    const rig = new Rig(SLICE, rules(`[ ${ABOVE} ]`));
    rig.to(1).pressure('/s', 90).to(21).pressure('/s', 0).to(26).pressure('/s', 90);
    expect(rig.to(59).killed).toEqual([]);
    expect(rig.to(61).killed).toEqual(['/s/x 60']);
  });

  const rising = `[ { pressure_rising_beyond: { cgroup: s, threshold: 50, duration: 10s } } ]`;
  test('pressure_rising_beyond: 60 s and 10 s averages above, the latter not falling fast', () => {
    const rig = new Rig(SLICE, rules(rising)).to(1);
    expect(rig.pressure('/s', 90, 50).to(30).killed).toEqual([]);
    expect(rig.pressure('/s', 50, 60).to(60).killed).toEqual([]);
    expect(rig.pressure('/s', 51, 60).to(61).killed).toEqual(['/s/x 60']);
    const falling = new Rig(SLICE, rules(rising)).to(1).pressure('/s', 100, 60).to(11);
    // The duration is over at 15 s, and 84 is less than 0.85 of 100.
    expect(falling.pressure('/s', 84, 60).to(19).killed).toEqual([]);
    expect(falling.to(21).killed).toEqual(['/s/x 20']);
  });

  test('memory_reclaim: pages were scanned in the last so many seconds', () => {
    const rig = new Rig(SLICE, rules('[ { memory_reclaim: { cgroup: "s/*", duration: 10s } } ]'));
    expect(rig.to(31).killed).toEqual([]);
    expect(rig.scan('/s/y', 1).to(36).killed).toEqual(['/s/x 35']);
  });

  test('swap_free: less than so many percent', () => {
    const swap = (pct: number, used: string) =>
      new Rig(
        { '/s/x': `10MiB, swap: ${used}` },
        rules(
          `[ { swap_free: { threshold_pct: ${pct} } } ]`,
          '{ kill_by_swap_usage: { cgroup: "s/*" } }',
        ),
      ).to(6).killed;
    expect(swap(50, '512MiB')).toEqual([]); // half of 1 GiB is free: not less than 50 %
    expect(swap(50, '513MiB')).toEqual(['/s/x 0']);
  });

  test('all of a group, any of the groups', () => {
    const never = '{ swap_free: { threshold_pct: 0 } }';
    expect(new Rig(SLICE, rules(`[ ${ALWAYS}, ${never} ]`)).to(9).killed).toEqual([]);
    expect(new Rig(SLICE, rules(`[ ${never} ], [ ${ALWAYS} ]`)).to(4).killed).toEqual(['/s/x 0']);
  });
});

describe('kills', () => {
  const kill = (processes: Record<string, string>, action: string, more = '', cgroups = '') =>
    new Rig(processes, rules(`[ ${ALWAYS} ]`, action, `start: 1s, ${more}`), cgroups);

  test('a ruleset pauses for 15 s after a kill', () => {
    const rig = kill(SLICE, BY_SIZE).to(15.9);
    expect(rig.killed).toEqual(['/s/x 1']);
    expect(rig.to(22).killed).toEqual(['/s/x 1', '/s/y 16']);
  });

  test('size: half of all candidates or more, less what is protected', () => {
    expect(kill(SLICE, BY_SIZE).to(2).kills[0]?.reason).toBe('r: /s/x has more than 50% of all');
    const all = BY_SIZE.replace('cgroup:', 'size_threshold: 0, cgroup:');
    const low = (parent: string) => `/s: { ${parent} }, /s/x: { memory.low: 55MiB }`;
    expect(kill(SLICE, all, '', low('memory.low: 1GiB')).to(2).killed).toEqual(['/s/y 1']);
    // A parent without protection has none to give.
    expect(kill(SLICE, all, '', low('')).to(2).killed).toEqual(['/s/x 1']);
  });

  const grown = (percentile: number) =>
    play(
      `
      name: growth
      machine: { memory: 1GiB }
      kernel: "6.1"
      cgroups: { /s/a: , /s/b: , /s/c: }
      processes:
        - { name: a, cgroup: /s/a, memory: { anon: 40MiB } }
        - { name: b, cgroup: /s/b, memory: { anon: 55MiB } }
        - { name: c, cgroup: /s/c, program: [ { anon: 30MiB }, { at: 61s }, { anon: 20MiB }, hold ] }
      killers: [ ${rules(
        '[ { memory_above: { cgroup: s/c, threshold: 45MiB, duration: 0 } } ]',
        BY_SIZE.replace('cgroup:', `growing_size_percentile: ${percentile}, cgroup:`),
      )} ]
      until: 66s`,
      ['oomsim:userspace_kill'],
    ).of('oomsim:userspace_kill')[0]!;

  test('growth: without a large one, the one that outgrows its average', () => {
    // 50 MiB over 3/4 of some 29 MiB (the average began at 0) and 1/4 of 50 MiB.
    expect(grown(0)).toMatchObject({
      process: 'c',
      reason: 'r: /s/c grows: 1.45 times its average',
    });
  });

  test('growth counts among the largest fifth only; the largest comes after that', () => {
    expect(grown(80)).toMatchObject({ process: 'b', reason: 'r: /s/b is the largest' });
  });

  test('prefer comes first, avoid last', () => {
    expect(kill(SLICE, BY_SIZE, 'prefer: [/s/y],').to(2).killed).toEqual(['/s/y 1']);
    expect(kill(SLICE, BY_SIZE, 'avoid: [/s/x],').to(2).killed).toEqual(['/s/y 1']);
    expect(kill(SLICE, BY_SIZE, 'avoid: [/s/x, /s/y],').to(2).killed).toEqual(['/s/x 1']);
  });

  test('by swap, by pressure', () => {
    const swapped = { '/s/x': '60MiB, swap: 10MiB', '/s/y': '10MiB, swap: 11MiB' };
    const bySwap = '{ kill_by_swap_usage: { cgroup: "s/*" } }';
    expect(kill(swapped, bySwap).to(2).killed).toEqual(['/s/y 1']);
    expect(kill(SLICE, bySwap).to(20).killed).toEqual([]); // nobody uses any
    const rig = kill(SLICE, '{ kill_by_pressure: { cgroup: "s/*" } }').to(0.5);
    // (10 s + 60 s) / 2
    expect(rig.pressure('/s/x', 50, 20).pressure('/s/y', 36, 36).to(2).killed).toEqual(['/s/y 1']);
  });

  const DEEP = { '/s/x/a': '30MiB', '/s/x/b': '40MiB', '/s/y': '50MiB' };
  const recursive = BY_SIZE.replace('cgroup:', 'recursive: true, cgroup:');
  test('the whole cgroup, or level by level down to memory.oom.group', () => {
    expect(kill(DEEP, BY_SIZE).to(2).killed).toEqual(['/s/x/a 1', '/s/x/b 1']);
    expect(kill(DEEP, recursive).to(2).killed).toEqual(['/s/x/b 1']);
    const group = '/s/x: { memory.oom.group: 1 }';
    expect(kill(DEEP, recursive, '', group).to(2).killed).toEqual(['/s/x/a 1', '/s/x/b 1']);
  });
});

test('the desktop configuration that ships', () => {
  const session = '/user.slice/user-1000.slice/session-2.scope';
  const rig = new Rig({ [session]: '60MiB', '/system.slice/sshd': '40MiB' }, 'oomd').to(1);
  rig.pressure('/user.slice', 61).pressure('/system.slice', 79);
  expect(rig.to(31).scan(session, 1).scan('/user.slice', 1).to(34).killed).toEqual([]);
  expect(rig.to(36).killed).toEqual([`${session} 35`]);
});

test('patterns stay within a component', () => {
  expect(glob('/a/*').test('/a/b')).toBe(true);
  expect(glob('/a/*').test('/a/b/c')).toBe(false);
  expect(glob('/user-?.slice').test('/user-1.slice')).toBe(true);
  expect(glob('/user.slice').test('/userXslice')).toBe(false);
});
