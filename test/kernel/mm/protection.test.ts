import { describe, expect, it } from 'vitest';
import { GFP_KERNEL } from '../../../src/kernel/mm/gfp.js';
import { mem_cgroup_protection, unprotected_pages } from '../../../src/kernel/mm/protection.js';
import {
  new_scan_control,
  type ScanControl,
  try_to_free_mem_cgroup_pages,
  try_to_free_pages,
} from '../../../src/kernel/mm/vmscan.js';
import { type CgroupSpec, type World, world } from '../fixture.js';

const protections = (w: World<string>, root: string, ...paths: string[]) =>
  paths.map((path) => mem_cgroup_protection(w.k, w.memcg(root), w.memcg(path)));

describe('memory.low up to 4.17 (KERNEL.md 5.3)', () => {
  const low = (low: number, usage: number): CgroupSpec => ({ low, slab: usage });

  it('protects a cgroup that uses less than it, not one that uses as much', () => {
    const w = world({ cgroups: { '/a': low(100, 99), '/b': low(100, 100), '/c': {} } });
    expect(protections(w, '/', '/a', '/b', '/c')).toEqual(['low', 'none', 'none']);
  });

  it('needs every ancestor below the reclaim root to use less than its own', () => {
    const w = world({
      cgroups: { '/a': low(200, 0), '/a/b': low(150, 150), '/a/b/c': low(100, 10) },
    });
    expect(protections(w, '/', '/a/b/c')).toEqual(['none']);
    expect(protections(w, '/a/b', '/a/b/c')).toEqual(['low']);
  });

  it('never protects the reclaim root itself', () => {
    const w = world({ cgroups: { '/a': low(100, 10) } });
    expect(protections(w, '/a', '/a')).toEqual(['none']);
  });

  it('memory.min is the same, but in earnest: from 4.18', () => {
    const min = { '/a': { min: 100, slab: 10 } };
    expect(protections(world({ kernel: '4.15', cgroups: min }), '/', '/a')).toEqual(['none']);
    expect(protections(world({ kernel: '4.19', cgroups: min }), '/', '/a')).toEqual(['min']);
  });
});

describe('memory.low from 4.18 to 5.3', () => {
  const shared = (low: number) =>
    world({
      kernel: '4.19',
      cgroups: {
        '/p': { low },
        '/p/a': { low: 100, slab: 100 },
        '/p/b': { low: 60, slab: 50 },
        '/p/c': { low: 100, slab: 101 },
      },
    });

  it('is shared among the children that keep within their own', () => {
    // 150 for claims of 150; c uses too much and claims nothing.
    expect(protections(shared(150), '/', '/p/a', '/p/b', '/p/c')).toEqual(['low', 'low', 'none']);
    expect(protections(shared(149), '/', '/p/a', '/p/b')).toEqual(['none', 'none']);
  });

  it('does not need ancestors that use less than their own', () => {
    expect(protections(shared(150), '/', '/p', '/p/a')).toEqual(['none', 'low']);
  });

  it('below the reclaim root counts as it is', () => {
    expect(protections(shared(0), '/p', '/p/a')).toEqual(['low']);
  });
});

describe('proportional protection from 5.4 (KERNEL.md 4.10)', () => {
  it('protects a cgroup that uses just as much as it may', () => {
    const w = world({ kernel: '6.1', cgroups: { '/a': { low: 100, slab: 100 } } });
    expect(protections(w, '/', '/a')).toEqual(['low']);
  });

  it('shares what the parent is granted among children that claim more than that', () => {
    const child = { low: 100, slab: 100 };
    const w = world({
      kernel: '6.1',
      cgroups: { '/p': { low: 150 }, '/p/a': child, '/p/b': child, '/p/c': { low: 60, slab: 50 } },
    });
    // 150 for claims of 250: 60 for each of a and b, 30 for c.
    expect(protections(w, '/', '/p/a', '/p/b', '/p/c')).toEqual(['none', 'none', 'none']);
    w.memcg('/p').low = 250;
    expect(protections(w, '/', '/p/a', '/p/b', '/p/c')).toEqual(['low', 'low', 'low']);
  });

  it('scans of a protected cgroup what exceeds the protection', () => {
    const reclaimed = (kernel: string, low: number) => {
      const w = world({
        kernel,
        kswapd: false,
        cgroups: { '/a': { low, file: 40_000 }, '/b': { file: 40_000 } },
        tasks: { me: {} },
      });
      const ac = { gfp: GFP_KERNEL, order: 0, node: 0, nodemask: null };
      w.run(w.tasks.me, try_to_free_pages(w.k, w.tasks.me, ac));
      return 40_000 - w.memcg('/a').memory.usage;
    };
    expect([reclaimed('6.1', 0), reclaimed('6.1', 20_000), reclaimed('6.1', 40_000)]).toEqual([
      28,
      13,
      0, // 40,000 >> 12 and then >> 11
    ]);
    expect([reclaimed('4.15', 0), reclaimed('4.15', 20_000)]).toEqual([28, 28]);
  });
});

describe('unprotected_pages (from 5.4)', () => {
  const looked_at = (knobs: CgroupSpec, over: Partial<ScanControl> = {}) => {
    const w = world({ kernel: '6.1', cgroups: { '/a': { slab: 1000, ...knobs } } });
    const sc = new_scan_control(over);
    return [unprotected_pages(w.k, w.memcg('/a'), 800, sc), sc.memcg_low_skipped];
  };

  it('are those beyond the protection, and a batch at least', () => {
    expect(looked_at({ low: 500 })).toEqual([800 - 399, true]);
    expect(looked_at({ low: 990 })).toEqual([32, true]);
    expect(looked_at({})).toEqual([800, false]);
  });

  it('in the second pass memory.min alone protects', () => {
    expect(looked_at({ low: 500, min: 100 }, { memcg_low_reclaim: true })).toEqual([721, false]);
  });

  it('there is nothing to come back for where memory.low adds nothing to memory.min', () => {
    expect(looked_at({ low: 500, min: 500 })).toEqual([401, false]);
  });
});

describe('reclaim and memory.low (KERNEL.md 5.3, 7)', () => {
  const machine = (knobs: CgroupSpec) =>
    world({
      kernel: '4.19',
      kswapd: false,
      cgroups: { '/p': {}, '/p/a': { file: 1000, ...knobs } },
      tasks: { me: {} },
    });
  const reclaim = (w: World<'me'>) => {
    const { me } = w.tasks;
    const flow = try_to_free_mem_cgroup_pages(w.k, me, w.memcg('/p'), 32, GFP_KERNEL, true);
    return w.run(me, flow);
  };

  it('does without it when nothing else is left, and counts an event at each visit', () => {
    const w = machine({ low: 5000 });
    expect(reclaim(w)).toBeGreaterThanOrEqual(32);
    expect(w.memcg('/p/a').events.low).toBeGreaterThan(0);
  });

  it('never does without memory.min', () => {
    const w = machine({ min: 5000 });
    expect([reclaim(w), w.memcg('/p/a').memory.usage]).toEqual([0, 1000]);
  });

  it('kswapd leaves it alone whatever happens', () => {
    const w = world({
      kernel: '4.19',
      costs: { scanPageNs: 10 },
      cgroups: { '/a': { low: 90_000, file: 50_000 } },
      tasks: { me: {} },
      free: 700,
    });
    w.advance(5000);
    expect(w.k.nodes[0]!.kswapd_failures).toBe(16);
    expect(w.memcg('/a').memory.usage).toBe(50_000);
  });
});
