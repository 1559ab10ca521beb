import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oom_unkillable_task } from '../../../src/kernel/mm/oom_eligible.js';
import { oom_badness } from '../../../src/kernel/mm/oom_kill.js';
import { type TaskSpec, world } from '../fixture.js';

const TOTAL = 100_000; // a point of oom_score_adj is 100 pages

function badness(spec: TaskSpec, kernel = '4.15', totalpages = TOTAL): number {
  const w = world({ kernel, swap: 1000, tasks: { p: spec } });
  return oom_badness(w.k, w.tasks.p, null, null, totalpages);
}

describe('oom_badness (KERNEL.md 2.1)', () => {
  it.each<[string, TaskSpec, number]>([
    ['all resident pages', { anon: 100, file: 20, shmem: 30 }, 150],
    ['locked pages like others', { mlocked: 70 }, 70],
    ['swap entries', { anon: 10, swap: 90 }, 100],
    ['page tables', { anon: 10, pgtables: 3 }, 13],
    ['not kernel stacks', { anon: 10, stack: 4 }, 10],
    ['100 pages for each point of oom_score_adj', { anon: 500, adj: 3 }, 800],
    ['100 pages less for each negative point', { anon: 500, adj: -3 }, 200],
    ['at least 1, however negative oom_score_adj is', { anon: 500, adj: -999 }, 1],
    ['1 for a process without memory', {}, 1],
    ['0 for oom_score_adj -1000', { anon: 500, adj: -1000 }, 0],
    ['0 for a task without mm', { mm: false }, 0],
    ['0 for a kernel thread', { kthread: true }, 0],
  ])('counts %s', (_what, spec, points) => {
    expect(badness(spec)).toBe(points);
  });

  it('divides totalpages before it multiplies: adj means nothing below 1000 pages', () => {
    const adjPages = [999, 1000, 1999, 2000].map((total) => badness({ adj: 7 }, '4.15', total));
    expect(adjPages).toEqual([1, 7, 7, 14]);
  });

  it('takes 3 % off for CAP_SYS_ADMIN, rounded down, before adj comes in (up to 4.16)', () => {
    expect(badness({ anon: 1000, root: true })).toBe(970);
    expect(badness({ anon: 33, root: true })).toBe(33);
    expect(badness({ anon: 1033, root: true, adj: 10 })).toBe(1033 - 30 + 1000);
    expect(badness({ anon: 1000, root: true }, '4.17')).toBe(1000);
  });

  it('is negative where adj makes it so, from 5.9', () => {
    expect(badness({ anon: 500, adj: -100 }, '5.4')).toBe(1);
    expect(badness({ anon: 500, adj: -100 }, '5.9')).toBe(-9500);
    expect(badness({ anon: 500, adj: -1000 }, '5.9')).toBe(Number.NEGATIVE_INFINITY);
    expect(badness({}, '5.9')).toBe(0);
  });

  it('skips an mm that has been given up (MMF_OOM_SKIP)', () => {
    const w = world({ tasks: { p: { anon: 500 } } });
    w.tasks.p.mm!.oom_skip = true;
    expect(oom_badness(w.k, w.tasks.p, null, null, TOTAL)).toBe(0);
  });

  it('skips a vfork() child as long as it runs on its parent memory', () => {
    const w = world({
      tasks: { shell: { anon: 500 }, ls: { shares: 'shell', parent: 'shell', vfork: true } },
    });
    const score = (t: 'shell' | 'ls') => oom_badness(w.k, w.tasks[t], null, null, TOTAL);
    expect([score('shell'), score('ls')]).toEqual([500, 0]);
    w.tasks.ls.vfork_done = true;
    expect([score('shell'), score('ls')]).toEqual([500, 500]);
  });

  it('asks the first thread that still has the mm when the leader has lost it', () => {
    const w = world({ tasks: { p: { anon: 1000, root: true, threads: 1 } } });
    const [leader, thread] = w.tasks.p.signal.threads;
    leader!.mm = null;
    thread!.cap_sys_admin = false;
    expect(oom_badness(w.k, leader!, null, null, TOTAL)).toBe(1000);
  });

  it('is the sum that the version table says, for any task', () => {
    const task = fc.record({
      anon: fc.nat({ max: 900 }),
      file: fc.nat({ max: 900 }),
      swap: fc.nat({ max: 900 }),
      pgtables: fc.nat({ max: 9 }),
      adj: fc.integer({ min: -999, max: 1000 }),
      root: fc.boolean(),
    });
    fc.assert(
      fc.property(task, fc.nat({ max: 1e7 }), (spec, total) => {
        const used = spec.anon + spec.file + spec.swap + spec.pgtables;
        const adj = spec.adj * Math.floor(total / 1000);
        const bonus = spec.root ? Math.floor((used * 3) / 100) : 0;
        expect(badness(spec, '4.15', total)).toBe(Math.max(1, used - bonus + adj));
        expect(badness(spec, '5.4', total)).toBe(Math.max(1, used + adj));
        expect(badness(spec, '6.1', total)).toBe(used + adj);
      }),
    );
  });
});

describe('oom_unkillable_task (KERNEL.md 2.2)', () => {
  const twoNodes = [0, 1].map((node) => ({ node, managedPages: 1000 }));

  it('spares init, its threads and kernel threads', () => {
    const w = world({ tasks: { p: {}, kworker: { kthread: true } } });
    const { k, tasks } = w;
    expect(oom_unkillable_task(k, k.init, null, null)).toBe(true);
    expect(oom_unkillable_task(k, tasks.kworker, null, null)).toBe(true);
    expect(oom_unkillable_task(k, tasks.p, null, null)).toBe(false);
  });

  it('spares tasks outside the memcg, judged by where the owner of the mm is', () => {
    const w = world({
      cgroups: { '/a': {}, '/a/b': {}, '/c': {} },
      tasks: {
        below: { cgroup: '/a/b' },
        outside: { cgroup: '/c' },
        guest: { cgroup: '/a', shares: 'outside' },
        bare: { cgroup: '/a', mm: false },
      },
    });
    const killable = Object.values(w.tasks)
      .filter((t) => !oom_unkillable_task(w.k, t, w.memcg('/a'), null))
      .map((t) => t.comm);
    expect(killable).toEqual(['below', 'bare']);
  });

  it('spares tasks that cannot use the nodes of the mempolicy', () => {
    const w = world({
      zones: twoNodes,
      tasks: { any: {}, zero: { nodemask: [0] }, one: { nodemask: [1] } },
    });
    const spared = (nodemask: number[] | null) =>
      Object.values(w.tasks)
        .filter((t) => oom_unkillable_task(w.k, t, null, nodemask))
        .map((t) => t.comm);
    expect(spared(null)).toEqual([]);
    expect(spared([0])).toEqual(['one']);
    expect(spared([0, 1])).toEqual([]);
  });

  it('spares tasks whose cpuset has no node in common with the current task', () => {
    const w = world({
      zones: twoNodes,
      cgroups: { '/zero': { mems: [0] }, '/one': { mems: [1] } },
      tasks: { current: { cgroup: '/zero' }, other: { cgroup: '/one' } },
    });
    w.k.sched.current = w.tasks.current;
    expect(oom_unkillable_task(w.k, w.tasks.current, null, null)).toBe(false);
    expect(oom_unkillable_task(w.k, w.tasks.other, null, null)).toBe(true);
  });
});
