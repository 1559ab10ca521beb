import { describe, expect, it } from 'vitest';
import { css_tasks } from '../../../src/kernel/cgroup/cgroup.js';
import {
  cgroup_attach_process,
  cgroup_mkdir,
  cgroup_rmdir,
  memparse_pages,
} from '../../../src/kernel/cgroup/cgroupfs.js';
import { memcg_has_children } from '../../../src/kernel/mm/mem_cgroup.js';
import { try_charge_fast } from '../../../src/kernel/mm/memcontrol.js';
import { MS, type World, world } from '../fixture.js';

describe('mkdir and rmdir', () => {
  it('makes a child with a memory controller of its own', () => {
    const w = world({ cgroups: { '/a': {} } });
    const cgroup = cgroup_mkdir(w.k, '/a/b');
    expect([cgroup.memcg.path, cgroup.memcg.parent!.path]).toEqual(['/a/b', '/a']);
    expect(() => cgroup_mkdir(w.k, '/x/y')).toThrow('no such parent');
  });

  it.each([
    ['/none', 'ENOENT'],
    ['/', 'ENOENT'],
    ['/busy', 'EBUSY'],
    ['/parent', 'EBUSY'],
    ['/empty', null],
  ])('rmdir %s: %s', (path, error) => {
    const w = world({
      cgroups: { '/busy': {}, '/parent': {}, '/parent/child': {}, '/empty': {} },
      tasks: { t: { cgroup: '/busy' } },
    });
    expect(cgroup_rmdir(w.k, path)).toBe(error);
  });

  it('a removed cgroup stays in the memcg tree, dead, until its last charge is gone', () => {
    const w = world({
      cgroups: { '/p': {}, '/p/c': {} },
      tasks: { me: { cgroup: '/p/c', anon: 5 } },
    });
    cgroup_attach_process(w.k, w.tasks.me, w.k.cgroups.get('/p')!);
    const dead = w.memcg('/p/c');
    expect(cgroup_rmdir(w.k, '/p/c')).toBe(null);
    expect([dead.online, memcg_has_children(w.memcg('/p'))]).toEqual([false, true]);
    w.kill('me');
    w.advance(1);
    expect(memcg_has_children(w.memcg('/p'))).toBe(false);
  });

  it('dead ones keep their dead parents', () => {
    const w = world({ cgroups: { '/p': {}, '/p/c': { slab: 1 } } });
    cgroup_rmdir(w.k, '/p/c');
    cgroup_rmdir(w.k, '/p');
    expect(memcg_has_children(w.k.root_mem_cgroup)).toBe(true);
  });
});

describe('cgroup.procs', () => {
  it('moves all threads, and no charge (KERNEL.md 5.1)', () => {
    const w = world({
      cgroups: { '/a': {}, '/b': {} },
      tasks: { t: { cgroup: '/a', anon: 7, threads: 2 } },
    });
    w.move('t', '/b');
    expect([...w.k.cgroups.get('/b')!.tasks]).toEqual(w.tasks.t.signal.threads);
    expect([w.memcg('/a').memory.usage, w.memcg('/b').memory.usage]).toEqual([7, 0]);
  });
});

describe('cgroup.procs of a process that dies', () => {
  it('leaves threads that are exiting where they are', () => {
    const w = world({
      cgroups: { '/a': {}, '/b': {} },
      tasks: { t: { cgroup: '/a', anon: 7, threads: 1 } },
    });
    const [leader, thread] = w.tasks.t.signal.threads;
    leader!.exiting = true;
    w.move('t', '/b');
    expect([leader!.cgroup.path, thread!.cgroup.path]).toEqual(['/a', '/b']);
    expect([...w.k.cgroups.get('/a')!.tasks]).toEqual([leader]);
  });
});

describe('cgroup.subtree_control', () => {
  const effective = (w: World<string>) =>
    ['/a', '/a/b', '/a/b/c'].map((path) => w.memcg(path).path);

  it('takes the memory controller from the children, and gives them new ones', () => {
    const w = world<string>({
      cgroups: { '/a': {}, '/a/b': { max: 100 }, '/a/b/c': {} },
      tasks: { sh: {} },
    });
    w.write(w.tasks.sh!, '/a/b', 'cgroup.subtree_control', '-memory');
    expect(effective(w)).toEqual(['/a', '/a/b', '/a/b']);
    w.write(w.tasks.sh!, '/a', 'cgroup.subtree_control', '-memory');
    expect(effective(w)).toEqual(['/a', '/a', '/a']);
    expect(w.write(w.tasks.sh!, '/a/b', 'memory.max', 5)).toBe('ENOENT');
    w.write(w.tasks.sh!, '/a', 'cgroup.subtree_control', '+memory');
    expect(effective(w)).toEqual(['/a', '/a/b', '/a/b']);
    expect(w.memcg('/a/b').memory.max).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves the charges behind, but the tasks count for the parent (css_task_iter)', () => {
    const w = world({ cgroups: { '/a': { slab: 9 } }, tasks: { sh: {}, p: { cgroup: '/a' } } });
    const own = w.memcg('/a');
    const tasks = () => [own, w.k.root_mem_cgroup].map((memcg) => [...css_tasks(memcg)].length);
    const [inOwn, inRoot] = tasks();
    w.write(w.tasks.sh, '/', 'cgroup.subtree_control', '-memory');
    expect(own.memory.usage).toBe(9);
    expect([inOwn, tasks()]).toEqual([1, [0, inRoot! + 1]]);
  });
});

describe('memory files (KERNEL.md 5.3)', () => {
  it.each([
    ['max', Number.POSITIVE_INFINITY],
    ['0', 0],
    ['4095', 0],
    ['8192', 2],
    ['1M', 256],
    ['1MiB', 256],
    ['2g', 524288],
    ['-1', Number.NaN],
    ['lots', Number.NaN],
  ])('%s is %d pages', (text, pages) => {
    expect(memparse_pages(text)).toBe(pages);
  });

  it('takes limits and flags, and refuses what it does not know', () => {
    const w = world({ kernel: '4.19', cgroups: { '/a': {} }, tasks: { sh: {} } });
    const write = (file: string, value: string) => w.write(w.tasks.sh, '/a', file, value);
    expect(write('memory.high', '40K')).toBe(null);
    expect(write('memory.low', '44K')).toBe(null);
    expect(write('memory.min', '48K')).toBe(null);
    expect(write('memory.swap.max', '52K')).toBe(null);
    expect(write('memory.oom.group', '1')).toBe(null);
    const { high, low, min, swap, oom_group } = w.memcg('/a');
    expect([high, low, min, swap.max, oom_group]).toEqual([10, 11, 12, 13, true]);
    expect(write('memory.max', 'lots')).toBe('EINVAL');
    expect(write('memory.oom.group', '2')).toBe('EINVAL');
    expect(write('memory.limit_in_bytes', '5')).toBe('ENOENT');
    expect(w.write(w.tasks.sh, '/b', 'memory.max', '5')).toBe('ENOENT');
  });

  it('memory.min does not exist in 4.15', () => {
    const w = world({ cgroups: { '/a': {} }, tasks: { sh: {} } });
    expect(w.write(w.tasks.sh, '/a', 'memory.min', '5')).toBe('ENOENT');
  });
});

describe('memory.reclaim (5.19)', () => {
  it('gets as many pages as it was asked for, or says that there are not so many', () => {
    const w = world({
      kernel: '6.1',
      cgroups: { '/a': { file: 1000, slab: 50 } },
      tasks: { sh: {} },
    });
    expect(w.write(w.tasks.sh, '/a', 'memory.reclaim', 100)).toBe(null);
    expect(w.memcg('/a').memory.usage).toBeLessThanOrEqual(950);
    expect(w.write(w.tasks.sh, '/a', 'memory.reclaim', 2000)).toBe('EAGAIN');
    expect(w.memcg('/a').memory.usage).toBe(50);
  });

  it('ends when the writer is killed', () => {
    const w = world({
      kernel: '6.1',
      cgroups: { '/a': { file: 50_000 } },
      tasks: { sh: {} },
    });
    w.tasks.sh.sigkill_pending = true;
    expect(w.write(w.tasks.sh, '/a', 'memory.reclaim', 40_000)).toBe(null);
    expect(w.memcg('/a').memory.usage).toBe(50_000);
  });
});

describe('writing memory.high', () => {
  it('reclaims the excess, once', () => {
    const w = world({ cgroups: { '/a': { file: 5000, slab: 500 } }, tasks: { sh: {} } });
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    w.write(w.tasks.sh, '/a', 'memory.high', 2000);
    expect(log.length).toBe(1);
    expect(w.memcg('/a').memory.usage).toBeLessThanOrEqual(2000);
    w.write(w.tasks.sh, '/a', 'memory.high', 100);
    expect([log.length, w.memcg('/a').memory.usage]).toEqual([2, 500]);
  });
});

it('writing memory.high swaps, too', () => {
  const w = world({
    swap: 1000,
    cgroups: { '/a': {} },
    tasks: { sh: {}, t: { cgroup: '/a', anon: 900 } },
  });
  w.write(w.tasks.sh, '/a', 'memory.high', 100);
  expect(w.memcg('/a').swap_pages).toBeGreaterThan(0);
});

describe('writing memory.max (KERNEL.md 5.3)', () => {
  /** [kills, usage, reclaim calls, oom events] of a write. */
  const shrink = (kernel: string, max: number, tasks: Record<string, object>, file = 0) => {
    const w = world<string>({ kernel, cgroups: { '/a': { file } }, tasks: { sh: {}, ...tasks } });
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    expect(w.write(w.tasks.sh!, '/a', 'memory.max', max)).toBe(null);
    const { memory, events } = w.memcg('/a');
    expect(memory.max).toBe(max);
    return [w.kills, memory.usage, log.length, events.oom];
  };
  const a = { a: { cgroup: '/a', anon: 300 } };
  const b = { b: { cgroup: '/a', anon: 200 } };

  it('has nothing to do where usage fits', () => {
    expect(shrink('4.15', 500, { ...a, ...b })).toEqual([[], 500, 0, 0]);
  });

  it('reclaims as long as that helps', () => {
    const [kills, usage] = shrink('4.15', 400, a, 5000);
    expect(kills).toEqual([]);
    expect(usage).toBeLessThanOrEqual(400);
  });

  it.each([
    ['4.15', 5],
    ['5.4', 5],
    ['5.9', 16],
    ['6.1', 16],
  ])('%s: kills after %d rounds of reclaim in vain', (kernel, rounds) => {
    const [kills, usage, reclaims] = shrink(kernel, 250, { ...a, ...b });
    expect([kills, usage, reclaims]).toEqual([['a'], 200, rounds]);
  });

  it('kills one after the other until usage fits', () => {
    expect(shrink('4.15', 100, { ...a, ...b })).toEqual([['a', 'b'], 0, 5, 2]);
  });

  it('gives up, and succeeds, when there is nobody left to kill', () => {
    const saved = { a: { cgroup: '/a', anon: 300, adj: -1000 } };
    expect(shrink('4.15', 100, { ...saved, ...b })).toEqual([['b'], 300, 5, 2]);
  });

  it('takes back what the CPUs have in stock first', () => {
    const w = world({ cgroups: { '/a': { slab: 10 } }, tasks: { sh: {}, t: { cgroup: '/a' } } });
    const memcg = w.memcg('/a');
    try_charge_fast(w.k, memcg, 12); // and 20 more
    expect(memcg.memory.usage).toBe(42);
    w.write(w.tasks.sh, '/a', 'memory.max', 22);
    expect([memcg.memory.usage, w.kills]).toEqual([22, []]);
  });

  it('stops when the writer is killed', () => {
    const w = world({
      cgroups: { '/a': {} },
      costs: { oomTaskScanNs: 100_000 },
      cpus: 2,
      tasks: { sh: { state: 'D' }, a: { cgroup: '/a', anon: 300, state: 'D' } },
    });
    const sem = w.tasks.a.mm!.mmap_sem;
    w.run(w.tasks.a, sem.downWrite(w.tasks.a));
    w.k.defer(50 * MS, () => {
      w.kill('sh');
    });
    w.write(w.tasks.sh, '/a', 'memory.max', 0);
    expect([Math.floor(w.ms), w.memcg('/a').memory.usage]).toEqual([50, 300]);
  });
});
