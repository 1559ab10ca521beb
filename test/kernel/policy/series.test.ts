import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cgroup_attach_process } from '../../../src/kernel/cgroup/cgroupfs.js';
import { INFLIGHT_VICTIM } from '../../../src/kernel/mm/oom_control.js';
import { rescore_process } from '../../../src/kernel/mm/oom_index.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { series_policy } from '../../../src/kernel/policy/series.js';
import { mm_alloc } from '../../../src/kernel/sched/fork.js';
import { play } from '../../userspace/play.js';
import { type CgroupSpec, type TaskSpec, type World, world } from '../fixture.js';

/** A tree of cgroups, `*` marking groups, with one task of the given size in each leaf. */
function tree(sizes: Record<string, number | null>): World<string> {
  const cgroups: Record<string, CgroupSpec> = {};
  const tasks: Record<string, TaskSpec> = { me: {} };
  for (const [name, anon] of Object.entries(sizes)) {
    const path = name.replace('*', '');
    cgroups[path] = { group: name.endsWith('*') };
    if (anon !== null) tasks[path] = { cgroup: path, anon };
  }
  return world<string>({ policy: 'series', cgroups, tasks });
}

function choice(w: World<string>, domain: string | null = null): [string | null, number] {
  const oc = w.control({ memcg: domain === null ? null : w.memcg(domain) });
  series_policy.mem_cgroup_select_oom_victim(w.k, oc);
  const { chosen_memcg } = oc;
  return [
    chosen_memcg === null || chosen_memcg === INFLIGHT_VICTIM ? chosen_memcg : chosen_memcg.path,
    oc.chosen_points,
  ];
}

function spare({ k, tasks }: World<string>, name: string): void {
  const { signal } = tasks[name]!;
  rescore_process(k, signal, () => {
    signal.oom_score_adj = -1000;
  });
}

describe('selection with memory.oom_group (KERNEL.md 4.5)', () => {
  it('a group is as big as all leaves below it together', () => {
    expect(choice(tree({ '/a*': null, '/a/x': 10, '/a/y': 10, '/b': 15 }))).toEqual(['/a', 20]);
  });

  it('without the group they are separate', () => {
    expect(choice(tree({ '/a': null, '/a/x': 10, '/a/y': 10, '/b': 15 }))).toEqual(['/b', 15]);
  });

  it('the first of equals wins', () => {
    expect(choice(tree({ '/a*': null, '/a/x': 5, '/a/y': 5, '/b': 10 }))).toEqual(['/a', 10]);
    expect(choice(tree({ '/a': 10, '/b*': null, '/b/x': 5, '/b/y': 5 }))).toEqual(['/a', 10]);
  });

  it('groups within a group belong to the outermost', () => {
    const w = tree({ '/a*': null, '/a/x*': null, '/a/x/1': 6, '/a/x/2': 6, '/a/y*': 6, '/b': 15 });
    expect(choice(w)).toEqual(['/a', 18]);
  });

  it('groups below a cgroup that is none compete each for itself (objection O11)', () => {
    expect(choice(tree({ '/A': null, '/A/B*': 6, '/A/C*': 6, '/D*': 10 }))).toEqual(['/D', 10]);
  });

  it('a leaf behind a group begins anew', () => {
    const w = tree({ '/a*': null, '/a/x': 10, '/b': 9, '/c*': null, '/c/x': 9, '/c/y': 9 });
    expect(choice(w)).toEqual(['/c', 18]);
  });

  it('root is compared as a leaf and never part of a group', () => {
    const w = world<string>({
      cgroups: { '/a': {} },
      tasks: { r: { anon: 30 }, a: { cgroup: '/a', anon: 20 } },
    });
    expect(choice(w)).toEqual(['/', 30]);
  });

  it('leaves that are not eligible add nothing', () => {
    const w = tree({ '/a*': null, '/a/x': 10, '/a/y': 10, '/b': 15 });
    spare(w, '/a/y');
    expect(choice(w)).toEqual(['/b', 15]);
  });

  it('a victim in flight ends the search', () => {
    const w = tree({ '/a*': null, '/a/x': 10, '/a/y': 10, '/b': 1 });
    mark_oom_victim(w.k, w.tasks['/b']!);
    expect(choice(w)[0]).toBe(INFLIGHT_VICTIM);
  });

  it('a group at its own limit is chosen unseen: no score, no victims in flight', () => {
    const w = tree({ '/a*': null, '/a/x': 10, '/a/y': 0 });
    mark_oom_victim(w.k, w.tasks['/a/x']!);
    expect(choice(w, '/a')).toEqual(['/a', 0]);
    expect(choice(w)[0]).toBe(INFLIGHT_VICTIM);
  });

  it('gives every leaf to the outermost group above it, and takes the first of the biggest', () => {
    const node = fc.record({ group: fc.boolean(), anon: fc.nat({ max: 9 }) });
    const forest = fc.array(fc.tuple(node, fc.array(fc.tuple(node, fc.array(node))), node));
    fc.assert(
      fc.property(forest, (tops) => {
        const sizes: Record<string, number | null> = {};
        const sums = new Map<string, number>();
        const add = (
          path: string,
          spec: { group: boolean; anon: number },
          above: string,
          leaf: boolean,
        ) => {
          const consumer = above !== '' ? above : leaf || spec.group ? path : '';
          sizes[spec.group ? `${path}*` : path] = leaf ? spec.anon : null;
          if (leaf) sums.set(consumer, (sums.get(consumer) ?? 0) + spec.anon);
          return spec.group ? consumer : above;
        };
        tops.forEach(([top, mids], i) => {
          const in_top = add(`/${i}`, top, '', mids.length === 0);
          mids.forEach(([mid, leaves], j) => {
            const in_mid = add(`/${i}/${j}`, mid, in_top, leaves.length === 0);
            leaves.forEach((leaf, l) => {
              add(`/${i}/${j}/${l}`, leaf, in_mid, true);
            });
          });
        });
        const w = tree(sizes);
        spare(w, 'me'); // root has no score
        const best = Math.max(0, ...sums.values());
        const first = [...sums].find(([, sum]) => sum === best)?.[0];
        expect(choice(w)).toEqual(best === 0 ? [null, 0] : [first, best]);
      }),
    );
  });
});

describe('killing a group (KERNEL.md 4.5)', () => {
  const kill = (domain: string | null, group: boolean) => {
    const w = world<string>({
      policy: 'series',
      cgroups: { '/a': { group }, '/a/y': {}, '/a/x': {}, '/b': {} },
      tasks: {
        me: {},
        x: { cgroup: '/a/x', anon: 90, threads: 1 },
        y1: { cgroup: '/a/y', anon: 10 },
        saved: { cgroup: '/a/y', anon: 10, adj: -1000 },
        y2: { cgroup: '/a/y', anon: 5 },
        b: { cgroup: '/b', anon: 50 },
      },
    });
    const log = w.watch('oomsim:out_of_memory');
    w.run(w.tasks.me!, w.oom(w.tasks.me!, { memcg: domain === null ? null : w.memcg(domain) }));
    return [w.kills.join(' '), Math.floor(w.ms), log[0]?.includes(' true ')];
  };

  it('kills every thread of every process below, in tree order, but for oom_score_adj -1000', () => {
    expect(kill(null, true)).toEqual(['y1 y2 x x', 8, true]);
  });

  it('spares init and kernel threads, even with memory in the group', () => {
    const w = world({
      policy: 'series',
      cgroups: { '/a': { group: true } },
      tasks: {
        me: {},
        x: { cgroup: '/a', anon: 90 },
        kworker: { cgroup: '/a', kthread: true, shares: 'x' },
      },
    });
    const { init } = w.k;
    cgroup_attach_process(w.k, init, w.k.cgroups.get('/a')!);
    mm_alloc(w.k, init);
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.kills).toEqual(['x']);
    expect([init, w.tasks.kworker].map((t) => t.sigkill_pending)).toEqual([false, false]);
  });

  it('does the same when the group is at its own limit', () => {
    expect(kill('/a', true)).toEqual(['y1 y2 x x', 8, true]);
  });

  it('kills the biggest task of the biggest leaf where there is no group', () => {
    expect(kill(null, false)).toEqual(['x', 8, true]);
  });

  it('prints a line for every thread, and no report', () => {
    const w = world<string>({
      policy: 'series',
      cgroups: { '/a': { group: true } },
      tasks: { me: {}, t: { cgroup: '/a', anon: 9, threads: 1, pid: 100, state: 'D' } },
    });
    w.run(w.tasks.me!, w.oom(w.tasks.me!));
    const line = 'Killed process %d (t) total-vm:36kB, anon-rss:36kB, file-rss:0kB, shmem-rss:0kB';
    expect(w.dmesg.slice(0, 2)).toEqual([line.replace('%d', '100'), line.replace('%d', '100')]);
  });

  it('groups of 4.19 are another matter: the unpatched kernel looks at processes only', () => {
    const w = world<string>({
      cgroups: { '/a': { group: true } },
      tasks: { me: {}, x: { cgroup: '/a', anon: 10 }, y: { cgroup: '/a', anon: 9 } },
    });
    w.run(w.tasks.me!, w.oom(w.tasks.me!));
    expect(w.kills).toEqual(['x']);
  });
});

describe('the mount option groupoom (KERNEL.md 4.6)', () => {
  const few_and_many = () =>
    world({
      policy: 'series',
      cgroups: { '/few': {}, '/many': {} },
      tasks: {
        me: {},
        big: { cgroup: '/few', anon: 60 },
        small: { cgroup: '/many', anon: 40 },
        other: { cgroup: '/many', anon: 40 },
      },
    });
  const first_kill = (groupoom: boolean) => {
    const w = few_and_many();
    w.k.groupoom = groupoom;
    w.run(w.tasks.me, w.oom(w.tasks.me));
    return w.kills;
  };

  it('without it, processes are compared, as if the series were not there', () => {
    expect([first_kill(true), first_kill(false)]).toEqual([['small'], ['big']]);
  });

  it('without it, memory.oom_group cannot be written', () => {
    const w = few_and_many();
    const write = (value: string) => w.write(w.tasks.me, '/many', 'memory.oom_group', value);
    expect([write('7'), w.memcg('/many').oom_group]).toEqual([null, true]);
    w.k.groupoom = false;
    expect([write('0'), w.memcg('/many').oom_group]).toEqual(['ENOTSUPP', true]);
  });

  it('is a switch, and may be remounted', () => {
    const played = (line: string, switches = '') =>
      play(`
        machine: { memory: 400MiB }
        kernel: { version: "4.15", oom_policy: series${switches} }
        cgroups: { /few: , /many: , /trigger: }
        processes:
          - { name: big, cgroup: /few, program: [ { anon: 100MiB }, hold ] }
          - { name: small, cgroup: /many, count: 2, program: [ { anon: 80MiB }, hold ] }
          - { name: trigger, cgroup: /trigger, start: 500ms, oom_score_adj: -1000,
              program: [ { anon: 130MiB, step: 1MiB, every: 1ms }, hold ] }
        events: [ ${line} ]
        until: 2s`).victims[0];
    expect(played('')).toBe('small');
    expect(played('', ', groupoom: false')).toBe('big');
    expect(played('{ at: 100ms, remount: defaults }')).toBe('big');
    expect(played('{ at: 100ms, remount: groupoom }', ', groupoom: false')).toBe('small');
  });
});
