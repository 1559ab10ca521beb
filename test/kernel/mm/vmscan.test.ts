import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/engine/coroutine.js';
import { check_invariants } from '../../../src/kernel/check.js';
import { GFP_KERNEL, GFP_NOFS, type Gfp } from '../../../src/kernel/mm/gfp.js';
import { wakeup_kswapd } from '../../../src/kernel/mm/kswapd.js';
import { try_to_free_mem_cgroup_pages, try_to_free_pages } from '../../../src/kernel/mm/vmscan.js';
import { type World, type WorldSpec, world } from '../fixture.js';

const direct = (w: World<'me'>, gfp: Gfp = GFP_KERNEL): Flow<number> =>
  try_to_free_pages(w.k, w.tasks.me, { gfp, order: 0, node: 0, nodemask: null });

const limit = (w: World<'me'>, path: string, n = 32): Flow<number> =>
  try_to_free_mem_cgroup_pages(w.k, w.tasks.me, w.memcg(path), n, GFP_KERNEL, true);

const usage = (w: World<string>, ...paths: string[]) =>
  paths.map((path) => w.memcg(path).memory.usage);

describe('direct reclaim (KERNEL.md 7)', () => {
  const machine = (files: Record<string, number>, over: Partial<WorldSpec<'me'>> = {}) =>
    world({
      kswapd: false,
      cgroups: Object.fromEntries(Object.entries(files).map(([path, file]) => [path, { file }])),
      tasks: { me: {} },
      ...over,
    });

  it('lowers the priority until it has 32 pages', () => {
    const w = machine({ '/a': 4096 });
    // What is left >> 12, >> 11, …
    expect(w.run(w.tasks.me, direct(w))).toBe(1 + 1 + 3 + 7 + 15 + 31);
  });

  it('visits every cgroup, even when it has enough', () => {
    const w = machine({ '/a': 50_000, '/b': 40_000 }, { pages: 200_000 });
    w.run(w.tasks.me, direct(w));
    const [a, b] = usage(w, '/a', '/b');
    expect([50_000 - a!, 40_000 - b!]).toEqual([12 + 24, 9 + 19]);
  });

  it('counts what it scanned and what it stole', () => {
    const w = machine({ '/a': 4096 });
    w.run(w.tasks.me, direct(w));
    expect([w.memcg('/a').pgscan, w.memcg('/a').pgsteal]).toEqual([58, 58]);
  });

  it('takes refaults since the last reclaim into account at every priority', () => {
    const w = world({
      kswapd: false,
      cgroups: { '/a': { file: 1000, active_file: 900 } },
      tasks: { me: {} },
    });
    const lruvec = w.memcg('/a').lruvecs[0]!;
    const deactivated = () => {
      const before = lruvec.size[3]!;
      w.run(w.tasks.me, direct(w));
      return before - lruvec.size[3]!;
    };
    lruvec.activations = 1;
    expect([deactivated(), deactivated()]).toEqual([1 + 3 + 7 + 14 + 26, 0]);
  });

  it('keeps to the nodes of the mempolicy', () => {
    const w = world({
      kswapd: false,
      zones: [0, 1].map((node) => ({ node, managedPages: 10_000 })),
      cgroups: { '/a': { file: 4096 } },
      tasks: { me: {} },
    });
    const reclaim = (nodemask: number[]) =>
      w.run(
        w.tasks.me,
        try_to_free_pages(w.k, w.tasks.me, { gfp: GFP_KERNEL, order: 0, node: 0, nodemask }),
      );
    expect([reclaim([1]), reclaim([0])]).toEqual([0, 58]);
  });

  it('takes time for what it scans and frees', () => {
    const w = machine({ '/a': 4096 }, { costs: { scanPageNs: 100_000, freePageNs: 1_000_000 } });
    w.run(w.tasks.me, direct(w));
    expect(Math.floor(w.ms)).toBe(58 + 5);
  });

  it('returns 0 when there is nothing, after all priorities', () => {
    const w = machine({}, { costs: { reclaimVisitNs: 1000 } });
    expect(w.run(w.tasks.me, direct(w))).toBe(0);
    expect(w.k.sim.nowNs).toBe(13_000); // one cgroup, 13 priorities
  });

  it('does not swap for ever: what is being written is no progress', () => {
    const w = world({
      kswapd: false,
      kernel: '6.1',
      swap: 100,
      swap_page_ns: 1_000_000,
      free: 100,
      tasks: { me: { anon: 1000 } },
    });
    expect(w.run(w.tasks.me, direct(w))).toBe(0);
    expect(w.k.swap.used).toBe(100);
    check_invariants(w.k);
  });

  it('progress of anybody revives a kswapd that had given up', () => {
    const w = machine({ '/a': 4096 });
    expect(w.k.nodes[0]!.kswapd_failures).toBe(16);
    w.run(w.tasks.me, direct(w));
    expect(w.k.nodes[0]!.kswapd_failures).toBe(0);
  });
});

describe('limit reclaim (KERNEL.md 7)', () => {
  const tree = () =>
    world({
      kswapd: false,
      cgroups: {
        '/p': {},
        '/p/a': { file: 400_000 },
        '/p/b': { file: 400_000 },
        '/q': { file: 9 },
      },
      pages: 1_000_000,
      tasks: { me: {} },
    });

  it('stops at its target, and begins behind there the next time', () => {
    const w = tree();
    expect(w.run(w.tasks.me, limit(w, '/p'))).toBe(32); // one batch of 400,000 >> 12
    expect(usage(w, '/p/a', '/p/b')).toEqual([400_000 - 32, 400_000]);
    w.run(w.tasks.me, limit(w, '/p'));
    expect(usage(w, '/p/a', '/p/b')).toEqual([400_000 - 32, 400_000 - 32]);
  });

  it('leaves others alone', () => {
    const w = tree();
    expect(w.run(w.tasks.me, limit(w, '/q', 5000))).toBe(9);
    expect(usage(w, '/p', '/q')).toEqual([800_000, 0]);
  });

  it('aims at what is asked for if that is more than 32 pages', () => {
    const w = tree();
    expect(w.run(w.tasks.me, limit(w, '/p', 500))).toBeGreaterThanOrEqual(500);
  });
});

describe('throttle_direct_reclaim (KERNEL.md 7)', () => {
  /** min is 632: below 316 free pages it is kswapd's turn. What could be reclaimed is protected. */
  const short = (free: number, over: Partial<WorldSpec<'me'>> = {}) => {
    const cgroups = { '/a': { file: 100, min: 1000 } };
    const w = world({ kernel: '4.19', free, cgroups, tasks: { me: {} }, ...over });
    const { kswapd, kswapd_wait } = w.k.nodes[0]!;
    kswapd_wait.delete(kswapd); // it is busy elsewhere
    w.k.sim.cancel(kswapd.timer);
    kswapd.timer = -1;
    return w;
  };

  it('is for those who find half of min or less', () => {
    const w = short(317);
    expect(w.run(w.tasks.me, direct(w))).toBe(0);
    const v = short(316);
    const call = v.start(v.tasks.me, direct(v));
    v.advance(50);
    expect([call.done, v.tasks.me.wchan]).toEqual([false, 'throttle_direct_reclaim']);
  });

  it('is not for zones in which nothing can be reclaimed', () => {
    const w = short(316, { cgroups: {} });
    expect(w.run(w.tasks.me, direct(w))).toBe(0);
  });

  it('ends when kswapd gives up, and lets the reclaimer see for itself', () => {
    const cgroups = { '/a': { file: 100, min: 1000 } };
    const w = world({ kernel: '4.19', free: 316, cgroups, tasks: { me: {} } });
    const call = w.start(w.tasks.me, direct(w));
    w.advance(500);
    expect([w.k.nodes[0]!.kswapd_failures, call.value]).toEqual([16, 0]);
  });

  it('ends after a second for GFP_NOFS', () => {
    const w = short(316);
    const call = w.start(w.tasks.me, direct(w, GFP_NOFS));
    w.advance(1000);
    expect(call.done).toBe(false);
    w.advance(100);
    expect(call.value).toBe(0);
    expect(Math.floor(call.ns / 1e6)).toBe(1024); // 250 jiffies, in buckets of 8
  });

  it('ends with a fatal signal, which passes for progress: no OOM kill for a dying task', () => {
    const w = short(316);
    const call = w.start(w.tasks.me, direct(w));
    w.advance(1);
    w.kill('me');
    w.advance(1);
    expect(call.value).toBe(1);
  });

  it('is not for kernel threads, nor if kswapd has given up', () => {
    const thread = short(316, { tasks: { me: { kthread: true } } });
    expect(thread.run(thread.tasks.me, direct(thread))).toBe(0);
    const hopeless = short(316, { kswapd: false });
    expect(hopeless.run(hopeless.tasks.me, direct(hopeless))).toBe(0);
  });
});

describe('kswapd (KERNEL.md 6.3)', () => {
  const LOG = ['vmscan:mm_vmscan_kswapd_wake', 'vmscan:mm_vmscan_kswapd_sleep'] as const;

  /** kswapd in its deep sleep, then free memory shrinks to `free`. */
  const asleep = (free: number, file = 0) => {
    const w = world({ cgroups: { '/a': { file } }, tasks: { me: {} } });
    w.advance(1000);
    const zone = w.k.nodes[0]!.zones[0]!;
    const n = zone.free - free;
    zone.free -= n;
    zone.used += n;
    return w;
  };

  it('is woken only if no zone is above high', () => {
    for (const [free, woken] of [
      [949, 0],
      [948, 1],
    ] as const) {
      const w = asleep(free);
      const log = w.watch('vmscan:mm_vmscan_kswapd_wake');
      wakeup_kswapd(w.k, w.k.nodes[0]!, 0);
      expect(log.length).toBe(woken);
    }
  });

  it('has nothing to do on a node without memory', () => {
    const w = world({ zones: [{ managedPages: 10_000 }, { node: 1, managedPages: 0 }] });
    w.advance(1000);
    const log = w.watch('vmscan:mm_vmscan_kswapd_wake');
    wakeup_kswapd(w.k, w.k.nodes[1]!, 0);
    expect([log, w.k.nodes[1]!.kswapd_failures]).toEqual([[], 0]);
  });

  it('works until a zone is above high, naps 100 ms, and sleeps', () => {
    const w = asleep(600, 20_000);
    const log = w.timeline(...LOG);
    wakeup_kswapd(w.k, w.k.nodes[0]!, 0);
    w.advance(1000);
    expect(w.k.nr_free_pages()).toBeGreaterThan(948);
    expect(log).toEqual(['1000ms mm_vmscan_kswapd_wake 0 0', '1104ms mm_vmscan_kswapd_sleep 0']);
  });

  it('becomes more urgent while it scans less than all high watermarks, however much it gets', () => {
    const w = asleep(600, 20_000);
    const { costs } = w.k;
    Object.assign(costs, { reclaimVisitNs: 1_000_000 });
    wakeup_kswapd(w.k, w.k.nodes[0]!, 0);
    const before = w.ms;
    while (w.k.nr_free_pages() <= 948) w.k.sim.run(Infinity, 1);
    // Two cgroups at priorities 12 to 6: 4 + 9 + 19 + 39 + 77 + 154 + … pages.
    expect(Math.round(w.ms - before)).toBe(2 * 7);
  });

  it('ages anonymous pages before it reclaims, and again as it does', () => {
    const w = world({ swap: 5000, tasks: { me: { anon: 1600 } }, free: 600 });
    const { size } = w.k.root_mem_cgroup.lruvecs[0]!;
    wakeup_kswapd(w.k, w.k.nodes[0]!, 0);
    while (size[0] === 0) w.k.sim.run(Infinity, 1);
    expect(size[0]).toBe(2 * 32);
  });

  it('gives up after 16 runs in vain, and is not woken any more', () => {
    const w = asleep(600);
    wakeup_kswapd(w.k, w.k.nodes[0]!, 0);
    w.advance(1000);
    expect(w.k.nodes[0]!.kswapd_failures).toBe(16);
    const log = w.watch(...LOG);
    wakeup_kswapd(w.k, w.k.nodes[0]!, 0);
    expect(log).toEqual([]);
  });
});
