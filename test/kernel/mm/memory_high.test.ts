import { describe, expect, it } from 'vitest';
import { mem_cgroup_handle_over_high } from '../../../src/kernel/mm/memory_high.js';
import { type CgroupSpec, world } from '../fixture.js';

/** A task comes back to user mode after it charged `pages` with /a above its high. */
function come_back(kernel: string, spec: CgroupSpec, pages: number) {
  const w = world({ kernel, cgroups: { '/a': spec }, tasks: { me: { cgroup: '/a' } } });
  const { me } = w.tasks;
  me.memcg_nr_pages_over_high = pages;
  w.run(me, mem_cgroup_handle_over_high(w.k, me));
  const { memory, events } = w.memcg('/a');
  return { ms: Math.floor(w.ms), usage: memory.usage, events: events.high };
}

describe('memory.high on return to user mode (KERNEL.md 5.3)', () => {
  it('reclaims about what was charged, once', () => {
    const { usage, events } = come_back('4.15', { high: 1000, slab: 500, file: 5000 }, 64);
    expect(events).toBe(1);
    expect(5500 - usage).toBeGreaterThanOrEqual(64);
    expect(5500 - usage).toBeLessThan(64 + 32);
  });

  it('lets usage grow when nothing can be reclaimed: no sleep, no OOM', () => {
    expect(come_back('4.15', { high: 1000, slab: 5000 }, 64)).toEqual({
      ms: 0,
      usage: 5000,
      events: 1,
    });
  });

  it('deals with every level that is over its high', () => {
    const w = world({
      cgroups: { '/a': { high: 10 }, '/a/b': {}, '/a/b/c': { high: 10, slab: 50 } },
      tasks: { me: { cgroup: '/a/b/c' } },
    });
    const { me } = w.tasks;
    me.memcg_nr_pages_over_high = 32;
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    w.run(me, mem_cgroup_handle_over_high(w.k, me));
    expect(log.map((line) => line.split(' ')[1])).toEqual(['/a/b/c', '/a']);
  });

  it('is what a task does before it runs user code again', () => {
    const w = world({
      cgroups: { '/a': { high: 10, slab: 50 } },
      tasks: { me: { cgroup: '/a' } },
    });
    w.tasks.me.memcg_nr_pages_over_high = 32;
    w.tasks.me.flow = null;
    w.tasks.me.wake();
    w.advance(1);
    expect([w.memcg('/a').events.high, w.tasks.me.memcg_nr_pages_over_high]).toEqual([1, 0]);
  });
});

describe('reclaim before the sleep (5.9)', () => {
  it('goes on while it brings anything: usage is brought down to high, nearly', () => {
    const { ms, usage } = come_back('5.9', { high: 1000, slab: 500, file: 5000 }, 32);
    expect(usage).toBeLessThan(1100); // where a sleep would be too short to be worth it
    expect(come_back('5.4', { high: 1000, slab: 500, file: 5000 }, 32).usage).toBeGreaterThan(5000);
    expect(ms).toBe(0);
  });

  it('is tried 16 times more where there is nothing, and only then the task sleeps', () => {
    expect(come_back('5.4', { high: 1000, slab: 5000 }, 32).events).toBe(1);
    expect(come_back('5.9', { high: 1000, slab: 5000 }, 32)).toMatchObject({
      events: 17,
      ms: 2016,
    });
  });
});

describe('the sleep of 5.4 (KERNEL.md 4.10)', () => {
  const slept = (kernel: string, usage: number, pages: number) =>
    come_back(kernel, { high: 10_000, slab: usage }, pages).ms;

  it('does not exist before', () => {
    expect(slept('5.2', 20_000, 32)).toBe(0);
  });

  it('grows with the square of the overage', () => {
    // (overage << 20)² × HZ >> 34 jiffies: 1, 39 and 159, of which a single one is not worth it.
    const ms = [10_100, 10_500, 11_000].map((usage) => slept('5.4', usage, 32));
    expect(ms).toEqual([0, 160, 640]);
  });

  it('grows with the size of the charge', () => {
    expect(slept('5.4', 10_500, 64)).toBeGreaterThan(1.9 * slept('5.4', 10_500, 32));
  });

  it('is two seconds at most', () => {
    expect(slept('5.4', 90_000, 32)).toBe(2016); // 500 jiffies, in buckets of 8
  });

  it('ends with a fatal signal', () => {
    const w = world({
      kernel: '5.4',
      cgroups: { '/a': { high: 100, slab: 5000 } },
      tasks: { me: { cgroup: '/a' } },
    });
    const { me } = w.tasks;
    me.memcg_nr_pages_over_high = 32;
    const call = w.start(me, mem_cgroup_handle_over_high(w.k, me));
    w.advance(100);
    w.kill('me');
    w.advance(1);
    expect(call.done).toBe(true);
  });
});
