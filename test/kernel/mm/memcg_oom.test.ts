import { describe, expect, it } from 'vitest';
import { GFP_KERNEL } from '../../../src/kernel/mm/gfp.js';
import { mem_cgroup_out_of_memory } from '../../../src/kernel/mm/memcg_oom.js';
import { pagefault_out_of_memory } from '../../../src/kernel/mm/memory.js';
import { MS, world } from '../fixture.js';
import { area } from '../placement.js';

describe('a user fault at the limit (KERNEL.md 5.2, up to 4.18)', () => {
  it('fails, kills somebody at its end, and is tried again', () => {
    const w = world({
      cgroups: { '/a': { max: 100 } },
      tasks: { me: { cgroup: '/a', adj: -500 }, hog: { cgroup: '/a', anon: 90 } },
    });
    const { me } = w.tasks;
    expect(w.run(me, w.touch(me, area(me), 50))).toBe(50);
    expect([w.kills, me.mm!.anon_pages, me.memcg_in_oom]).toEqual([['hog'], 50, null]);
    expect(w.dmesg[0]).toMatch(/^me invoked oom-killer: gfp_mask=0x14000c0\(GFP_KERNEL\)/);
  });

  it('wakes the others, who wait killably, when it has killed', () => {
    const w = world({
      cgroups: { '/a': { max: 100 } },
      tasks: {
        first: { cgroup: '/a', adj: -500 },
        second: { cgroup: '/a', adj: -500 },
        hog: { cgroup: '/a', anon: 100, state: 'D' },
      },
    });
    const { first, second, hog } = w.tasks;
    hog.mm!.mmap_sem.tryDownRead(); // it will not go
    w.k.defer(5 * MS, () => hog.mm!.mmap_sem.upRead());
    const log = w.timeline('oomsim:out_of_memory');
    const one = w.start(first, w.touch(first, area(first), 1));
    w.advance(1);
    const two = w.start(second, w.touch(second, area(second), 1));
    w.advance(1);
    expect([second.wchan, second.state]).toEqual(['mem_cgroup_oom', 3]);
    expect(w.memcg('/a').under_oom).toBe(1);
    w.advance(100);
    expect([one.value, two.value, w.kills]).toEqual([1, 1, ['hog']]);
    expect(log[0]).toBe('8ms out_of_memory /a 0 true killed');
    expect(w.memcg('/a').under_oom).toBe(0);
  });

  it('a fatal signal ends the wait', () => {
    const w = world({ cgroups: { '/a': {} }, tasks: { me: { cgroup: '/a' } } });
    const { me } = w.tasks;
    w.memcg('/a').oom_lock = true;
    me.memcg_in_oom = w.memcg('/a');
    const wait = w.start(me, pagefault_out_of_memory(w.k, me));
    w.advance(100);
    expect(wait.done).toBe(false);
    w.kill('me');
    w.advance(1);
    expect(wait.done).toBe(true);
  });

  it('uncharging in a related memcg ends the wait, elsewhere it does not', () => {
    const w = world({
      cgroups: { '/a': {}, '/a/b': {}, '/c': {} },
      tasks: {
        me: { cgroup: '/a' },
        below: { cgroup: '/a/b', anon: 5 },
        other: { cgroup: '/c', anon: 5 },
      },
    });
    const { me } = w.tasks;
    w.memcg('/a').oom_lock = true;
    me.memcg_in_oom = w.memcg('/a');
    const wait = w.start(me, pagefault_out_of_memory(w.k, me));
    w.advance(1);
    w.kill('other');
    w.advance(1);
    expect(wait.done).toBe(false);
    w.kill('below');
    w.advance(1);
    expect(wait.done).toBe(true);
  });

  it('the lock is taken for a whole subtree: one OOM below, and the one above waits', () => {
    const w = world({
      cgroups: { '/a': {}, '/a/b': {} },
      tasks: {
        above: { cgroup: '/a', adj: -500 },
        below: { cgroup: '/a/b', adj: -500 },
        hog: { cgroup: '/a/b', anon: 5, state: 'D' },
      },
    });
    const { above, below } = w.tasks;
    below.memcg_in_oom = w.memcg('/a/b');
    above.memcg_in_oom = w.memcg('/a');
    const locks = () => [w.memcg('/a').oom_lock, w.memcg('/a/b').oom_lock];
    w.start(below, pagefault_out_of_memory(w.k, below));
    w.advance(1);
    w.start(above, pagefault_out_of_memory(w.k, above));
    w.advance(1);
    expect([above.wchan, ...locks()]).toEqual(['mem_cgroup_oom', false, true]);
    w.advance(20);
    expect([w.kills, ...locks()]).toEqual([['hog'], false, false]);
  });

  // memcg_oom_recover() asks whether the killer's memcg is under OOM. Those who wait above it or in it
  // have marked it; those who wait below have not.
  it('but the end of one above does not wake who waits below: that wake-up is lost', () => {
    const w = world({
      cgroups: { '/a': {}, '/a/b': {} },
      tasks: {
        above: { cgroup: '/a', adj: -500 },
        below: { cgroup: '/a/b', adj: -500 },
        hog: { cgroup: '/a', anon: 5, state: 'D' },
      },
    });
    const { above, below } = w.tasks;
    above.memcg_in_oom = w.memcg('/a');
    below.memcg_in_oom = w.memcg('/a/b');
    const kill = w.start(above, pagefault_out_of_memory(w.k, above));
    w.advance(1);
    const wait = w.start(below, pagefault_out_of_memory(w.k, below));
    w.advance(1000);
    expect([w.kills, kill.done, wait.done]).toEqual([['hog'], true, false]);
    expect([w.memcg('/a').under_oom, w.memcg('/a/b').under_oom]).toEqual([0, 1]);
  });
});

describe('pagefault_out_of_memory (KERNEL.md 1.4, 4.10)', () => {
  const leak = (kernel: string, prepare?: 'locked' | 'dying') => {
    const w = world({ kernel, tasks: { me: {}, hog: { anon: 90 } } });
    const { me, hog } = w.tasks;
    if (prepare === 'locked') w.k.oom_lock_try(hog);
    if (prepare === 'dying') me.sigkill_pending = true;
    w.run(me, pagefault_out_of_memory(w.k, me));
    return w;
  };

  it.each(['4.15', '5.9'])('%s: a failed fault outside memcgs is a global OOM', (kernel) => {
    expect(leak(kernel).kills).toEqual(['hog']);
  });

  it('from 5.17 it only says so, unless the task is dying', () => {
    const w = leak('6.1');
    expect(w.kills).toEqual([]);
    expect(w.dmesg).toEqual(['Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF']);
    expect(leak('6.1', 'dying').dmesg).toEqual([]);
  });

  it('does not wait for oom_lock', () => {
    const w = leak('4.15', 'locked');
    expect([w.kills, w.ms < 1]).toEqual([[], true]);
  });

  it('a dying task may kill another, if its own mm has been given up (4.15)', () => {
    const w = world({ tasks: { me: { anon: 5 }, hog: { anon: 90 } } });
    const { me } = w.tasks;
    me.signal.group_exit = true;
    me.sigkill_pending = true;
    w.run(me, pagefault_out_of_memory(w.k, me));
    expect([w.kills, me.memdie]).toEqual([[], true]);
    me.mm!.oom_skip = true;
    w.run(me, pagefault_out_of_memory(w.k, me));
    expect(w.kills).toEqual(['hog']);
  });
});

describe('mem_cgroup_out_of_memory (KERNEL.md 4.10)', () => {
  const attempt = (kernel: string, prepare: (w: ReturnType<typeof make>) => void = () => {}) => {
    const w = make(kernel);
    prepare(w);
    const { me } = w.tasks;
    const ret = w.run(me, mem_cgroup_out_of_memory(w.k, me, w.memcg('/a'), GFP_KERNEL));
    return [ret, w.kills];
  };
  const make = (kernel: string) =>
    world({
      kernel,
      cgroups: { '/a': { max: 100 } },
      tasks: { me: { cgroup: '/a', adj: -1000 }, hog: { cgroup: '/a', anon: 99 } },
    });

  it('kills even if there is room by now, up to 5.8', () => {
    expect(attempt('4.15')).toEqual([true, ['hog']]);
    expect(attempt('5.4')).toEqual([true, ['hog']]);
  });

  it('looks once more from 5.9', () => {
    expect(attempt('5.9')).toEqual([true, []]);
    const full = (w: ReturnType<typeof make>) => {
      w.memcg('/a').memory.max = 99;
    };
    expect(attempt('5.9', full)).toEqual([true, ['hog']]);
  });

  it('does not wait for oom_lock when killed, from 5.1', () => {
    const wait = (kernel: string) => {
      const w = make(kernel);
      const { me, hog } = w.tasks;
      w.k.oom_lock_try(hog);
      const call = w.start(me, mem_cgroup_out_of_memory(w.k, me, w.memcg('/a'), GFP_KERNEL));
      w.advance(1);
      w.kill('me');
      w.advance(1);
      return call.value;
    };
    expect([wait('5.0'), wait('5.2')]).toEqual([undefined, true]);
  });
});
