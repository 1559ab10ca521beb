import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemCgroup } from '../../../src/kernel/mm/mem_cgroup.js';
import { INFLIGHT_VICTIM, type OomControl } from '../../../src/kernel/mm/oom_control.js';
import { oom_kill_memcg_victim } from '../../../src/kernel/mm/oom_kill.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import {
  cgroup_policy,
  memcg_oom_badness,
  oom_evaluate_memcg,
} from '../../../src/kernel/policy/cgroup.js';
import { type CgroupSpec, type TaskSpec, type World, type WorldSpec, world } from '../fixture.js';

const path_of = (memcg: MemCgroup | typeof INFLIGHT_VICTIM | null): string | null =>
  memcg === null || memcg === INFLIGHT_VICTIM ? memcg : memcg.path;

/** Which memcg is chosen, and its score. */
function choice(w: World<string>, over: Partial<OomControl> = {}): [string | null, number] {
  const oc = w.control(over);
  const found = cgroup_policy.mem_cgroup_select_oom_victim(w.k, oc);
  expect(found).toBe(oc.chosen_memcg !== null);
  return [path_of(oc.chosen_memcg), oc.chosen_points];
}

function victim(w: World<string>): string {
  w.run(w.tasks.me!, w.oom(w.tasks.me!));
  return w.kills.join(' ');
}

describe('memcg_oom_badness (KERNEL.md 4.1)', () => {
  const score = (cgroup: CgroupSpec, task: TaskSpec = {}): number => {
    const w = world({
      swap: 1000,
      cgroups: { '/a': cgroup },
      tasks: { t: { cgroup: '/a', ...task } },
    });
    return memcg_oom_badness(w.memcg('/a'), null);
  };

  it.each<[string, CgroupSpec, TaskSpec, number]>([
    ['anonymous pages', {}, { anon: 100 }, 100],
    ['locked pages', {}, { mlocked: 100 }, 100],
    ['shared memory', {}, { shmem: 100 }, 100],
    ['tmpfs, which no kill gives back', { tmpfs: 100 }, {}, 100],
    ['unreclaimable slab', { slab: 100 }, {}, 100],
    ['kernel stacks', {}, { stack: 4 }, 4],
    ['sockets', { sock: 100 }, {}, 100],
    ['swap', {}, { swap: 100 }, 100],
  ])('counts %s', (_what, cgroup, task, points) => {
    expect(score(cgroup, task)).toBe(points);
  });

  it.each<[string, CgroupSpec, TaskSpec]>([
    ['page cache', { file: 100, active_file: 100 }, {}],
    ['reclaimable slab', { slab_reclaimable: 100 }, {}],
    ['page tables', {}, { pgtables: 100 }],
    ['pipe buffers', { pipe: 100 }, {}],
    ['mapped text', {}, { file: 100 }],
    ['oom_score_adj', {}, { adj: 1000 }],
  ])('does not count %s', (_what, cgroup, task) => {
    expect(score(cgroup, task)).toBe(0);
  });

  it('counts what is charged to the memcg itself, not below it', () => {
    const w = world({
      cgroups: { '/a': { slab: 3 }, '/a/b': { slab: 50 } },
      tasks: { t: { cgroup: '/a/b', anon: 100 } },
    });
    expect(memcg_oom_badness(w.memcg('/a'), null)).toBe(3);
  });

  it('counts LRU pages of the nodes of the mempolicy only', () => {
    const w = world({
      zones: [0, 1].map((node) => ({ node, managedPages: 1000 })),
      cgroups: { '/a': { sock: 5 } },
      tasks: { t0: { cgroup: '/a', anon: 10 }, t1: { cgroup: '/a', anon: 100, node: 1 } },
    });
    const of = (nodemask: number[] | null) => memcg_oom_badness(w.memcg('/a'), nodemask);
    expect([of(null), of([0]), of([1])]).toEqual([115, 15, 105]);
  });
});

describe('a leaf memcg (KERNEL.md 4.2)', () => {
  const evaluate = (tasks: Record<string, TaskSpec>, prepare?: (w: World<string>) => void) => {
    const w = world<string>({ cgroups: { '/a': { slab: 7 } }, tasks });
    prepare?.(w);
    return oom_evaluate_memcg(w.k, w.memcg('/a'), w.control());
  };
  const big = { cgroup: '/a', anon: 100 };

  it('is not eligible without tasks, or if all have oom_score_adj -1000', () => {
    expect(evaluate({})).toBe(0);
    expect(evaluate({ big: { ...big, adj: -1000 } })).toBe(0);
  });

  it('has its full score as soon as one task may be killed, however small', () => {
    expect(evaluate({ big: { ...big, adj: -1000 }, helper: { cgroup: '/a' } })).toBe(107);
    expect(evaluate({ big: { ...big, adj: -999 } })).toBe(107);
  });

  it('is eligible through a task that has no memory any more', () => {
    expect(evaluate({ big: { ...big, adj: -1000 }, exiting: { cgroup: '/a', mm: false } })).toBe(
      107,
    );
  });

  it('is -1 while a victim in it is in flight, even if no task could be killed', () => {
    const doom = (w: World<string>) => mark_oom_victim(w.k, w.tasks.big!);
    expect(evaluate({ big, other: big }, doom)).toBe(-1);
    expect(evaluate({ big: { ...big, adj: -1000 } }, doom)).toBe(-1);
  });

  it('counts again when its victim has been given up', () => {
    const reaped = (w: World<string>) => {
      mark_oom_victim(w.k, w.tasks.big!);
      w.tasks.big!.mm!.oom_skip = true;
    };
    expect(evaluate({ big }, reaped)).toBe(107);
  });
});

describe('the root memcg (KERNEL.md 4.2)', () => {
  const evaluate = (spec: WorldSpec<string>, totalpages = 100_000): number => {
    const w = world(spec);
    return oom_evaluate_memcg(w.k, w.k.root_mem_cgroup, w.control({ totalpages }));
  };

  it('is the sum of the badness of its tasks: page tables, text, adj and bonus included', () => {
    const tasks = {
      a: { anon: 100, pgtables: 2, file: 30 },
      b: { anon: 1000, root: true },
      c: { anon: 10, adj: 3 },
      d: { anon: 500, adj: -1000 },
      kworker: { kthread: true },
    };
    expect(evaluate({ tasks })).toBe(132 + 970 + 310);
    expect(evaluate({ tasks: { d: { anon: 500, adj: -1000 } } })).toBe(0);
  });

  it('makes each process count for at least 1', () => {
    const tasks = { hog: { anon: 50_000, adj: -999 }, idle: {} };
    expect(evaluate({ tasks })).toBe(2);
  });

  it('follows one small task with oom_score_adj (objection O1b)', () => {
    const root = (adj: number) =>
      evaluate({ tasks: { others: { anon: 42_267 }, bash: { anon: 1207, adj } } }, 24_722_008);
    expect([root(0), root(1000), root(-999)]).toEqual([43_474, 24_765_474, 42_268]);
  });

  it('counts a shared mm once, where its owner is', () => {
    const tasks = {
      owner: { anon: 100 },
      sharer: { shares: 'owner' },
      thread: { anon: 10, threads: 3 },
    };
    expect(evaluate({ tasks })).toBe(110);
    const away = { away: { cgroup: '/a', anon: 100 }, guest: { shares: 'away' } };
    expect(evaluate({ cgroups: { '/a': {} }, tasks: away })).toBe(0);
  });

  it('has the tasks of cgroups without memory controller', () => {
    const w = world({
      cgroups: { '/a': {} },
      tasks: { me: {}, t: { cgroup: '/a', anon: 100 } },
    });
    w.write(w.tasks.me, '/', 'cgroup.subtree_control', '-memory');
    expect(oom_evaluate_memcg(w.k, w.k.root_mem_cgroup, w.control())).toBe(101);
  });

  it('is -1 while a victim in it is in flight', () => {
    const w = world({ tasks: { a: { anon: 100 }, b: { anon: 100 } } });
    mark_oom_victim(w.k, w.tasks.b);
    expect(oom_evaluate_memcg(w.k, w.k.root_mem_cgroup, w.control())).toBe(-1);
  });
});

describe('select_victim_memcg (KERNEL.md 4.3)', () => {
  /** Leaves with one task of the given size each, in this order. */
  const leaves = (sizes: Record<string, number>, root = 0): World<string> =>
    world<string>({
      cgroups: Object.fromEntries(Object.keys(sizes).map((path) => [path, {}])),
      tasks: {
        ...(root > 0 ? { root: { anon: root } } : {}),
        ...Object.fromEntries(
          Object.entries(sizes).map(([cgroup, anon]) => [`t${cgroup}`, { cgroup, anon }]),
        ),
      },
    });

  it.each(['scan', 'index'])(
    'by %s: what is left of a memcg without its controller has no tasks',
    (by) => {
      const w = world<string>({
        cgroups: { '/a': {}, '/a/b': {} },
        tasks: { sh: {}, t: { cgroup: '/a/b', anon: 100 } },
      });
      w.k.checked = by === 'index';
      expect(choice(w)).toEqual(['/a/b', 100]);
      w.write(w.tasks.sh!, '/a', 'cgroup.subtree_control', '-memory');
      expect(choice(w)).toEqual(['/', 1]);
    },
  );

  it('chooses the biggest leaf', () => {
    expect(choice(leaves({ '/a': 10, '/b': 30, '/c': 20 }))).toEqual(['/b', 30]);
  });

  it('chooses the first of equals; root comes before all', () => {
    expect(choice(leaves({ '/a': 10, '/b': 30, '/c': 30 }))).toEqual(['/b', 30]);
    expect(choice(leaves({ '/a': 30, '/b': 30 }, 30))).toEqual(['/', 30]);
  });

  it('visits parents before children, these in the order they were made', () => {
    const w = leaves({ '/b': 1, '/a': 1, '/a/y': 30, '/b/x': 30 });
    expect(choice(w)).toEqual(['/b/x', 30]);
  });

  it('does not see what is in a cgroup that has children', () => {
    expect(choice(leaves({ '/a': 900, '/a/x': 10, '/b': 20 }))).toEqual(['/b', 20]);
  });

  it('does not add up children: splitting up is a way to hide (objection O2)', () => {
    expect(choice(leaves({ '/a': 0, '/a/1': 20, '/a/2': 20, '/b': 21 }))).toEqual(['/b', 21]);
  });

  it('looks below the memcg at its limit only', () => {
    const w = leaves({ '/a': 0, '/a/x': 10, '/b': 900 }, 900);
    expect(choice(w, { memcg: w.memcg('/a') })).toEqual(['/a/x', 10]);
    expect(choice(w, { memcg: w.memcg('/b') })).toEqual(['/b', 900]);
  });

  it('finds nothing where nothing is eligible or scores', () => {
    expect(choice(world({ cgroups: { '/a': {} }, tasks: { t: { cgroup: '/a' } } }))).toEqual([
      null,
      0,
    ]);
  });

  it('stops at a victim in flight, and forgets better candidates', () => {
    const w = leaves({ '/a': 900, '/b': 1, '/c': 999 });
    mark_oom_victim(w.k, w.tasks['t/b']!);
    expect(choice(w)[0]).toBe(INFLIGHT_VICTIM);
  });

  it('ignores oom_score_adj of leaves (objection O3)', () => {
    const w = world({
      cgroups: { '/a': {}, '/b': {} },
      tasks: { a: { cgroup: '/a', anon: 20, adj: 1000 }, b: { cgroup: '/b', anon: 30, adj: -999 } },
    });
    expect(choice(w)).toEqual(['/b', 30]);
  });

  it('is nobody but the biggest leaf in any flat tree', () => {
    const sizes = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.nat({ max: 20 }), (anons, root) => {
        const w = leaves(Object.fromEntries(anons.map((anon, i) => [`/c${i}`, anon])), root);
        const best = Math.max(root, ...anons);
        const path = root === best ? '/' : `/c${anons.indexOf(best)}`;
        expect(choice(w)).toEqual(best === 0 ? [null, 0] : [path, best]);
      }),
    );
  });
});

describe('oom_kill_memcg_victim (KERNEL.md 4.4)', () => {
  it('kills the biggest task of the biggest cgroup, not the biggest task', () => {
    const w = world<string>({
      policy: 'cgroup',
      cgroups: { '/few': {}, '/many': {} },
      tasks: {
        me: {},
        big: { cgroup: '/few', anon: 100 },
        s1: { cgroup: '/many', anon: 40 },
        s2: { cgroup: '/many', anon: 50 },
        s3: { cgroup: '/many', anon: 45 },
      },
    });
    expect(victim(w)).toBe('s2');
  });

  it('says why', () => {
    const reason = (policy: string) => {
      const w = world<string>({
        policy,
        cgroups: { '/a': {} },
        tasks: { me: {}, a: { cgroup: '/a', anon: 5 } },
      });
      let seen: unknown;
      w.k.trace.subscribe(['oomsim:oom_kill'], (_name, _context, fields) => {
        seen = fields.reason;
      });
      victim(w);
      return seen;
    };
    expect(reason('cgroup')).toBe('biggest task of /a, the biggest cgroup');
    expect(reason('process')).toBe('highest badness');
  });

  it('minds oom_score_adj inside the cgroup, on the scale of the OOM (objection O3)', () => {
    const spec = (max: number) => ({
      policy: 'cgroup',
      pages: 1_000_000,
      cgroups: { '/a': { max } },
      tasks: {
        me: {},
        t1: { cgroup: '/a', anon: 60_000 },
        t2: { cgroup: '/a', anon: 20_000, adj: 100 },
      },
    });
    const limit = world(spec(100_000));
    limit.run(limit.tasks.me, limit.oom(limit.tasks.me, { memcg: limit.memcg('/a') }));
    expect(limit.kills).toEqual(['t1']);
    expect(victim(world<string>(spec(Infinity)))).toBe('t2');
  });

  it('kills a task of root itself when root is biggest, none of a cgroup below', () => {
    const w = world<string>({
      policy: 'cgroup',
      cgroups: { '/c': {} },
      tasks: {
        me: {},
        c: { cgroup: '/c', anon: 150 },
        ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`r${i}`, { anon: 10 + i }])),
      },
    });
    expect(victim(w)).toBe('r19');
  });

  it('takes a victim in flight in the chosen memcg for an answer: true, and no kill', () => {
    const w = world({ policy: 'cgroup', cgroups: { '/a': {} }, tasks: { t: { cgroup: '/a' } } });
    mark_oom_victim(w.k, w.tasks.t);
    const oc = w.control({ chosen_memcg: w.memcg('/a') });
    expect(w.now(w.tasks.t, oom_kill_memcg_victim(w.k, w.tasks.t, oc))).toBe(true);
    expect([oc.chosen_task, w.kills]).toEqual([INFLIGHT_VICTIM, []]);
  });

  it('falls back to the process scan with negative badness as well (5.9)', () => {
    const w = world<string>({
      kernel: '6.1',
      policy: 'cgroup',
      cgroups: { '/a': {}, '/a/b': {} },
      tasks: { me: { adj: -1000 }, t: { cgroup: '/a', anon: 5, adj: -500 } },
    });
    expect(victim(w)).toBe('t');
  });
});
