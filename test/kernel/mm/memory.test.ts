import { describe, expect, it } from 'vitest';
import { cgroup_rmdir } from '../../../src/kernel/cgroup/cgroupfs.js';
import { check_invariants } from '../../../src/kernel/check.js';
import { touch_fast, user_fault } from '../../../src/kernel/mm/memory.js';
import {
  add_mm_counter_fast,
  get_mm_anon,
  get_mm_rss,
  sync_mm_rss,
} from '../../../src/kernel/mm/mm_types.js';
import { swap_in } from '../../../src/kernel/mm/swap_in.js';
import { type World, type WorldSpec, world } from '../fixture.js';
import { area } from '../placement.js';

const machine = (over: Partial<WorldSpec<'me'>> = {}): World<'me'> =>
  world({ kswapd: false, cgroups: { '/a': {} }, tasks: { me: { cgroup: '/a' } }, ...over });

/** Touches up to `want` pages without waiting. */
function touch(w: World<'me'>, want: number, vma = area(w.tasks.me)): number {
  w.k.sched.current = w.tasks.me;
  const n = touch_fast(w.k, w.tasks.me, vma, want);
  w.k.sched.current = null;
  return n;
}

describe('touch_fast', () => {
  it('maps pages, charges them and their page tables', () => {
    const w = machine();
    expect(touch(w, 1000)).toBe(1000);
    const { mm } = w.tasks.me;
    const { kmem, resident, memory } = w.memcg('/a');
    expect([mm!.anon_pages, mm!.pgtables_pages]).toEqual([1000, 2]);
    expect([resident.anon, kmem.pgtables, memory.usage]).toEqual([1000, 2, 1002]);
    check_invariants(w.k);
  });

  it('needs a page table for every 512 pages, whoever has touched them', () => {
    const w = machine();
    const seen = [100, 412, 1, 1000].map((pages) => {
      touch(w, pages);
      return w.tasks.me.mm!.pgtables_pages;
    });
    expect(seen).toEqual([1, 1, 2, 3]);
  });

  it('takes pages from lower zones when the higher ones are down to the watermark', () => {
    const marks = { minPages: 10, lowPages: 20, highPages: 30 };
    const w = machine({
      zones: [
        { name: 'DMA32', managedPages: 1000, protectionPages: [0, 100], ...marks },
        { name: 'Normal', managedPages: 1000, ...marks },
      ],
    });
    expect(touch(w, 5000)).toBe(980 + 880 - 10); // ten page tables
    expect(w.k.nodes[0]!.zones.map((zone) => zone.free)).toEqual([120, 20]);
  });

  it('stops at the low watermark, and goes on in small steps down to min, with kswapd awake', () => {
    // min 632, low 790: above low there are 110 pages, one of them for a page table.
    const w = machine({ free: 900 });
    expect(touch(w, 500)).toBe(109);
    expect(touch(w, 500)).toBe(8);
    expect(touch(w, 500)).toBe(8);
    let last = 8;
    while (last > 0) last = touch(w, 500);
    expect(w.k.nr_free_pages()).toBe(632);
  });

  it('stops below the lowest limit on the way up', () => {
    const w = world({
      kswapd: false,
      cgroups: { '/p': { max: 100, slab: 50 }, '/p/a': { max: 300 } },
      tasks: { me: { cgroup: '/p/a' } },
    });
    expect(touch(w, 500)).toBe(49);
    expect(touch(w, 500)).toBe(0);
    expect(w.memcg('/p').memory.usage).toBe(100);
  });

  it('leaves it to the slow path where that would have to wait or to fail', () => {
    const w = machine();
    const vma = area(w.tasks.me);
    w.tasks.me.mm!.unstable = true;
    expect(touch(w, 5, vma)).toBe(0);
    w.tasks.me.mm!.unstable = false;
    w.run(w.tasks.me, w.tasks.me.mm!.mmap_sem.downWrite(w.tasks.me));
    expect(touch(w, 5, vma)).toBe(0);
  });

  it('new anonymous pages are active up to 5.7, inactive from 5.8, locked ones unevictable', () => {
    const list = (kernel: string, locked: boolean) => {
      const w = machine({ kernel });
      const vma = area(w.tasks.me);
      vma.locked = locked;
      touch(w, 5, vma);
      return w.memcg('/a').lruvecs[0]!.size.indexOf(5);
    };
    expect([list('5.4', false), list('5.9', false), list('5.9', true)]).toEqual([1, 0, 4]);
  });
});

describe('user_fault (KERNEL.md 1.4, 3.4)', () => {
  const fault = (w: World<'me'>, vma = area(w.tasks.me)) =>
    w.run(w.tasks.me, user_fault(w.k, w.tasks.me, vma));

  it('maps one page', () => {
    const w = machine();
    expect([fault(w), w.tasks.me.mm!.anon_pages]).toEqual([true, 1]);
    fault(w);
    const { anon_pages, pgtables_pages } = w.tasks.me.mm!;
    expect([anon_pages, pgtables_pages]).toEqual([2, 1]);
  });

  it('waits for mmap_sem', () => {
    const w = machine({ tasks: { me: { cgroup: '/a' } } });
    const sem = w.tasks.me.mm!.mmap_sem;
    w.run(w.tasks.me, sem.downWrite(w.tasks.me));
    w.k.defer(5_000_000, () => sem.upWrite(w.tasks.me));
    expect(fault(w)).toBe(true);
    expect(Math.floor(w.ms)).toBe(5);
  });

  it('is SIGBUS in private memory that the reaper has been at, not in shared memory', () => {
    const kills = (kind: 'anon' | 'shmem') => {
      const w = machine();
      w.tasks.me.mm!.unstable = true;
      const log = w.watch('signal:signal_generate');
      const ok = fault(w, area(w.tasks.me, kind));
      check_invariants(w.k);
      return [ok, log];
    };
    expect(kills('anon')).toEqual([false, ['signal_generate 7 me me']]);
    expect(kills('shmem')).toEqual([true, []]);
  });

  it('is SIGSEGV in an area that is gone', () => {
    const w = machine();
    const vma = area(w.tasks.me);
    vma.unmapped = true;
    const log = w.watch('signal:signal_generate');
    expect([fault(w, vma), log]).toEqual([false, ['signal_generate 11 me me']]);
  });

  it('forgets a memcg OOM that came to nothing', () => {
    const w = machine();
    w.tasks.me.memcg_in_oom = w.memcg('/a');
    fault(w);
    expect(w.tasks.me.memcg_in_oom).toBe(null);
  });
});

describe('swap_in', () => {
  const swapped = (over: Partial<WorldSpec<'me'>> = {}) =>
    machine({
      swap: 100,
      swap_page_ns: 1_000_000,
      tasks: { me: { cgroup: '/a', swap: 20 } },
      ...over,
    });
  const mapping_of = (w: World<'me'>) => w.tasks.me.mm!.mmap!.mappings[0]!;

  it('reads a page from the device, and frees its slot', () => {
    const w = swapped();
    expect(w.run(w.tasks.me, swap_in(w.k, w.tasks.me, mapping_of(w), 5))).toBe(1);
    const { anon_pages, swapents, maj_flt } = w.tasks.me.mm!;
    expect([anon_pages, swapents, maj_flt, w.k.swap.used]).toEqual([1, 19, 1, 19]);
    expect(w.ms).toBeGreaterThanOrEqual(1);
    expect(w.memcg('/a').swap_pages).toBe(19);
    check_invariants(w.k);
  });

  it('is charged to who was charged when the page left, or if that is gone, to its owner', () => {
    const charged = (remove: boolean) => {
      const w = swapped({ cgroups: { '/a': {}, '/b': {} } });
      const a = w.memcg('/a');
      w.move('me', '/b');
      if (remove) cgroup_rmdir(w.k, '/a');
      w.run(w.tasks.me, swap_in(w.k, w.tasks.me, mapping_of(w), 5));
      check_invariants(w.k);
      return [a.swap_pages, a.resident.anon, w.memcg('/b').resident.anon];
    };
    expect([charged(false), charged(true)]).toEqual([
      [19, 1, 0],
      [19, 0, 1],
    ]);
  });

  it('has nothing to do where nothing is swapped out', () => {
    const w = machine({ tasks: { me: { cgroup: '/a', anon: 5 } } });
    expect(w.now(w.tasks.me, swap_in(w.k, w.tasks.me, mapping_of(w), 5))).toBe(0);
  });
});

describe('private RSS counts (SPLIT_RSS_COUNTING, up to 6.1)', () => {
  it('64 faults are counted by the thread before the mm sees them', () => {
    const w = machine();
    const { me } = w.tasks;
    const mm = me.mm!;
    mm.anon_pages = 1000;
    const hidden: number[] = [];
    for (const faults of [1, 64, 1, 64, 1, 1000]) {
      add_mm_counter_fast(mm, me, faults);
      hidden.push(mm.anon_pages - get_mm_anon(mm));
    }
    // Every 66th fault shows the mm what came before it, and hides itself.
    expect(hidden).toEqual([1, 65, 1, 65, 66, 10]);
    sync_mm_rss(mm, me);
    expect([get_mm_anon(mm), get_mm_rss(mm)]).toEqual([2131, 2131]);
    mm.anon_pages = 0;
  });

  it('are what oom_badness() sees too little of', () => {
    const rss = (kernel: string) => {
      const w = machine({ kernel });
      touch(w, 30);
      return get_mm_rss(w.tasks.me.mm!);
    };
    expect([rss('4.15'), rss('6.1'), rss('6.14')]).toEqual([0, 0, 30]);
  });
});
