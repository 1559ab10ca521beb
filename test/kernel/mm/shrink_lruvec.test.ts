import { describe, expect, it } from 'vitest';
import type { Lruvec } from '../../../src/kernel/mm/lruvec.js';
import { shrink_lruvec } from '../../../src/kernel/mm/shrink_lruvec.js';
import {
  new_scan_control,
  type ScanControl,
  snapshot_refaults,
} from '../../../src/kernel/mm/vmscan.js';
import { type CgroupSpec, type TaskSpec, type World, type WorldSpec, world } from '../fixture.js';

const SWAP = { swap: 50_000 };

/** /a with anonymous pages (inactive: tmpfs, active: a task's) and page cache. */
function lists(
  cgroup: CgroupSpec,
  task: TaskSpec = {},
  over: Partial<WorldSpec<'t'>> = {},
): World<'t'> {
  return world({
    kswapd: false,
    ...SWAP,
    cgroups: { '/a': cgroup },
    tasks: { t: { cgroup: '/a', ...task } },
    ...over,
  });
}

const lruvec_of = (w: World<string>): Lruvec => w.memcg('/a').lruvecs[0]!;

/** Scans /a once with no target; pages scanned: [anon, file]. */
function scan(w: World<string>, over: Partial<ScanControl> = {}): readonly number[] {
  const lruvec = lruvec_of(w);
  const before = [...lruvec.recent_scanned];
  const sc = new_scan_control({ nr_to_reclaim: Number.POSITIVE_INFINITY, priority: 4, ...over });
  shrink_lruvec(w.k, lruvec, sc);
  return lruvec.recent_scanned.map((n, kind) => n - before[kind]!);
}

describe('get_scan_count (KERNEL.md 7)', () => {
  const both = { tmpfs: 1600, file: 1600 };
  const ONLY_FILE = [0, 100]; // 1600 >> 4

  it('scans the share of each list that the priority says, rounded down', () => {
    const counts = [12, 6, 5, 4, 0].map((priority) =>
      scan(lists({ file: 100 }, {}, { swap: 0 }), { priority }),
    );
    expect(counts.map(([, file]) => file)).toEqual([0, 1, 3, 6, 100]);
  });

  it('scans files only where nothing can be swapped', () => {
    expect(scan(lists(both, {}, { swap: 0 }))).toEqual(ONLY_FILE);
    expect(scan(lists({ ...both, swap_max: 0 }))).toEqual(ONLY_FILE);
    expect(scan(lists(both, { swap: 50_000 }))).toEqual(ONLY_FILE); // swap is full
    expect(scan(lists(both), { may_swap: false })).toEqual(ONLY_FILE);
  });

  it('the swap.max of any level counts', () => {
    const w = world({
      ...SWAP,
      kswapd: false,
      cgroups: { '/p': { swap_max: 0 }, '/p/a': both },
    });
    w.k.cgroups.set('/a', w.k.cgroups.get('/p/a')!);
    expect(scan(w, { priority: 0 })).toEqual([0, 1600]);
  });

  it('scans files only in limit reclaim with vm.swappiness 0', () => {
    const sysctl = { swappiness: 0 };
    const w = lists(both, {}, { sysctl });
    expect(scan(w, { priority: 0, target_mem_cgroup: w.memcg('/a') })).toEqual([0, 1600]);
  });

  it('scans everything at priority 0, unless vm.swappiness is 0', () => {
    const cgroup = { tmpfs: 1600, file: 100, active_file: 1600 };
    // Of the active files only as many as it takes to make half of all inactive.
    expect(scan(lists(cgroup), { priority: 0 })).toEqual([1600, 100 + 800]);
    const [unswappy] = scan(lists(cgroup, {}, { sysctl: { swappiness: 0 } }), { priority: 0 });
    expect(unswappy).toBe(0);
  });

  it('scans anonymous pages only when the node has hardly any page cache (global reclaim)', () => {
    const few = { tmpfs: 1600, file: 160 };
    // min 632, low 790, high 948: 160 + 788 is not above high.
    expect(scan(lists(few, {}, { free: 788 }))).toEqual([100, 0]);
    expect(scan(lists(few, {}, { free: 789 }))).toEqual([0, 10]);
  });

  it('... but not if inactive anonymous pages are few, or none at this priority', () => {
    const aging = 32; // of the active list, since the inactive one is low
    const low = lists({ tmpfs: 160, file: 160 }, { anon: 1600 }, { free: 100 });
    expect(scan(low)).toEqual([aging, 10]);
    const none = lists({ tmpfs: 15, file: 160 }, {}, { free: 100 });
    expect(scan(none)).toEqual([0, 10]);
  });

  it('... and not in limit reclaim', () => {
    const w = lists({ tmpfs: 1600, file: 160 }, {}, { free: 100 });
    expect(scan(w, { target_mem_cgroup: w.memcg('/a') })).toEqual([0, 10]);
  });

  it('scans files only while there are plenty of inactive ones', () => {
    expect(scan(lists({ tmpfs: 1600, file: 1600, active_file: 1600 }))[0]).toBe(0);
    expect(scan(lists({ tmpfs: 1600, file: 1599, active_file: 1600 }))[0]).toBeGreaterThan(0);
    expect(scan(lists({ tmpfs: 1600, file: 15 }))[0]).toBeGreaterThan(0); // 15 >> 4 is none
  });

  it('otherwise divides by swappiness: 60 to 140', () => {
    // 60/201 and 140/201 of what each list has at this priority.
    const w = lists({ tmpfs: 16_000, active_file: 16_000 });
    expect(scan(w)).toEqual([Math.floor((1000 * 60) / 201), Math.floor((1000 * 140) / 201)]);
    const all = lists({ tmpfs: 16_000, active_file: 16_000 }, {}, { sysctl: { swappiness: 100 } });
    expect(scan(all)).toEqual([497, 497]);
    // To the page: 402 × 60/201 is less than 120 in floating point.
    expect(scan(lists({ tmpfs: 16 * 402, active_file: 16 * 402 }))).toEqual([120, 280]);
  });

  it('turns away from a kind whose pages come back (up to 5.7)', () => {
    const w = lists({ tmpfs: 16_000, active_file: 16_000 });
    lruvec_of(w).recent_scanned[0] = 999;
    lruvec_of(w).recent_rotated[0] = 999;
    lruvec_of(w).recent_scanned[1] = 999;
    // 60 × 1000/1000 to 140 × 1000/1.
    expect(scan(w)).toEqual([0, Math.floor((1000 * 140_000) / 140_061)]);
  });

  it('forgets half of the history when it is longer than a quarter of the list', () => {
    const remembered = (scanned: number) => {
      const w = lists({ tmpfs: 400 });
      lruvec_of(w).recent_scanned[0] = scanned;
      scan(w, { priority: 12 });
      return lruvec_of(w).recent_scanned[0];
    };
    expect([remembered(100), remembered(101)]).toEqual([100, 50]);
  });

  it('turns away from a kind that costs much (from 5.8)', () => {
    const anon_share = (cost: number) => {
      const w = lists({ tmpfs: 16_000, active_file: 16_000 }, {}, { kernel: '6.1' });
      lruvec_of(w).anon_cost = cost;
      return scan(w)[0];
    };
    // 60 × 3001/2001 to 140 × 3001/1001.
    expect([anon_share(0), anon_share(1000)]).toEqual([
      Math.floor((1000 * 60) / 201),
      Math.floor((1000 * 89) / (89 + 419 + 1)),
    ]);
  });

  it('notes what pages cost that were in use, and half of that when it becomes much', () => {
    const w = lists({ file: 1600 }, {}, { kernel: '6.1' });
    const cost = () => [lruvec_of(w).anon_cost, lruvec_of(w).file_cost];
    w.k.flusher.file('/a').sets[0]!.touched_ns = 1;
    scan(w);
    expect(cost()).toEqual([0, 100]);
    lruvec_of(w).anon_cost = 299;
    w.k.flusher.file('/a').sets[0]!.touched_ns = 2;
    scan(w); // 93 of the 1500 that are left; together more than a quarter of all 1600
    expect(cost().map((n) => n < 299)).toEqual([true, true]);
  });

  it('measures the cost by what could be reclaimed', () => {
    const w = lists({ file: 400 }, { mlocked: 16_000 }, { kernel: '6.1' });
    w.k.flusher.file('/a').sets[0]!.touched_ns = 1;
    lruvec_of(w).anon_cost = 99;
    scan(w); // 25 pages in use: 124 of 400
    expect([lruvec_of(w).anon_cost, lruvec_of(w).file_cost]).toEqual([49, 12]);
  });

  it('scans a batch of a removed cgroup, however small it is', () => {
    const w = lists({ file: 100 }, {}, { swap: 0 });
    w.memcg('/a').online = false;
    expect(scan(w, { priority: 12 })).toEqual([0, 32]);
  });
});

describe('how long a memcg is scanned (KERNEL.md 7)', () => {
  it('until it has given what the whole run is to bring, whatever came from others', () => {
    const w = world({ cgroups: { '/a': { file: 16_000 }, '/b': { file: 16_000 } } });
    const sc = new_scan_control({ priority: 4, nr_to_reclaim: 64 });
    const reclaimed = ['/a', '/b'].map((path) => {
      const before = sc.nr_reclaimed;
      shrink_lruvec(w.k, w.memcg(path).lruvecs[0]!, sc);
      return sc.nr_reclaimed - before;
    });
    expect(reclaimed).toEqual([64, 64]);
  });

  /** Of 298 anonymous, 348 inactive and 696 active file pages that are to be scanned: [anon, file]. */
  const scanned = (over: Partial<ScanControl>, kernel = '4.15') => {
    const w = lists({ tmpfs: 16_000, file: 8000, active_file: 16_000 }, {}, { kernel });
    return scan(w, { kswapd: true, ...over });
  };

  it('what is left is scanned in proportion: 12 or 22 % of the files as of the others', () => {
    expect(scanned({ nr_to_reclaim: 32 })).toEqual([32, 41 + 83]);
    expect(scanned({ nr_to_reclaim: 33 })).toEqual([64, 76 + 153]);
  });

  it('from 6.1 there is one batch more', () => {
    expect(scanned({ nr_to_reclaim: 32 }, '6.1')).toEqual([32, 41 + 64]);
  });

  it('in the first pass of direct reclaim to the end', () => {
    const first = { kswapd: false, nr_to_reclaim: 1 };
    const w = lists({ file: 32 * 4096 * 3 }, {}, { swap: 0, pages: 1_000_000 });
    expect(scan(w, { ...first, priority: 12 })).toEqual([0, 96]);
    expect(scan(w, { ...first, priority: 11 })).toEqual([0, 32]);
  });
});

describe('inactive_list_is_low (KERNEL.md 7)', () => {
  /** Whether active pages of a kind move: file, or anonymous. */
  const deactivates = (inactive: number, active: number, over: Partial<WorldSpec<'t'>> = {}) => {
    const w = lists({ file: inactive, active_file: active }, {}, { ...over });
    // A scan of one page of each list: nothing is freed before it is decided.
    const sc = new_scan_control({ priority: 0, nr_to_reclaim: 0 });
    const before = lruvec_of(w).size[3];
    shrink_lruvec(w.k, lruvec_of(w), sc);
    return lruvec_of(w).size[3]! < before!;
  };

  it('up to 1 GiB half of the pages should be inactive', () => {
    // 32 inactive pages are reclaimed before the active list is looked at.
    expect([deactivates(132, 100), deactivates(131, 100)]).toEqual([false, true]);
  });

  it('of 2 GiB a fifth is enough', () => {
    const over = { pages: 800_000 };
    const active = 500_000;
    expect(deactivates(125_032, active, over)).toBe(false); // × 4 is not below
    expect(deactivates(125_031, active, over)).toBe(true);
  });

  it('after workingset activations any is too few', () => {
    const w = lists({ file: 500, active_file: 100 });
    lruvec_of(w).activations = 1;
    shrink_lruvec(w.k, lruvec_of(w), new_scan_control({ priority: 0, nr_to_reclaim: 0 }));
    expect(lruvec_of(w).size[3]).toBe(100 - 32);
    snapshot_refaults(w.k, w.memcg('/'), w.k.nodes);
    shrink_lruvec(w.k, lruvec_of(w), new_scan_control({ priority: 0, nr_to_reclaim: 0 }));
    expect(lruvec_of(w).size[3]).toBe(100 - 32); // since the last reclaim there were none
  });

  it('anonymous pages are aged 32 a visit, but never without swap', () => {
    const aged = (swap: number) => {
      const w = lists({}, { anon: 1600 }, { swap });
      scan(w, { priority: 12 });
      return lruvec_of(w).size.slice(0, 2);
    };
    expect([aged(1000), aged(0)]).toEqual([
      [32, 1568],
      [0, 1600],
    ]);
  });
});

describe('what becomes of a scanned page (KERNEL.md 7)', () => {
  const sizes = (w: World<string>) => lruvec_of(w).size.slice();

  it('clean page cache is freed', () => {
    const w = lists({ file: 320 }, {}, { swap: 0 });
    const free = w.k.nr_free_pages();
    const sc = new_scan_control({ priority: 4 });
    shrink_lruvec(w.k, lruvec_of(w), sc);
    expect([sc.nr_reclaimed, w.memcg('/a').memory.usage]).toEqual([20, 300]);
    expect(w.k.nr_free_pages()).toBe(free + 20);
  });

  it('dirty page cache becomes active, and the flusher is woken', () => {
    const w = lists({ file: 320 }, {}, { swap: 0 });
    w.k.flusher.file('/a').sets[0]!.dirty = 320;
    const sc = new_scan_control({ priority: 4 });
    shrink_lruvec(w.k, lruvec_of(w), sc);
    expect([sc.nr_reclaimed, ...sizes(w)]).toEqual([0, 0, 0, 300, 20, 0]);
    w.advance(1);
    expect(w.k.flusher.dirty_pages()).toBe(0);
  });

  it('pages that are being read are locked: they stay where they are', () => {
    const w = lists({ file: 320 }, {}, { swap: 0 });
    w.k.flusher.file('/a').sets[0]!.reading = 310;
    const sc = new_scan_control({ priority: 4 });
    shrink_lruvec(w.k, lruvec_of(w), sc);
    expect([sc.nr_reclaimed, ...sizes(w)]).toEqual([10, 0, 0, 310, 0, 0]);
  });

  it('an anonymous page is written to swap, and free when it is scanned again after that', () => {
    const w = lists({ tmpfs: 320 }, {}, { swap_page_ns: 100_000, free: 100 });
    const set = w.k.flusher.file('/a:tmpfs', 'shmem').sets[0]!;
    const pass = () => {
      const sc = new_scan_control({ priority: 4 });
      shrink_lruvec(w.k, lruvec_of(w), sc);
      return [sc.nr_reclaimed, set.lru[0], set.writeback, set.swapcache_clean, w.k.swap.used];
    };
    expect(pass()).toEqual([0, 300, 20, 0, 20]);
    expect(pass()).toEqual([0, 282, 38, 0, 38]);
    w.advance(4); // 38 writes take 3.8 ms
    expect([set.lru[0], set.writeback, set.swapcache_clean]).toEqual([320, 0, 38]);
    expect(pass()).toEqual([20, 300, 0, 18, 38]);
    expect(w.memcg('/a').memory.usage).toBe(300);
  });

  it('the owner of swapped-out memory sees it go from RSS to swap entries', () => {
    const w = lists({}, { anon: 320 }, { free: 100, kernel: '6.1' });
    scan(w);
    const { anon_pages, swapents } = w.tasks.t.mm!;
    expect([anon_pages, swapents]).toEqual([300, 20]);
    expect(w.memcg('/a').swap_pages).toBe(20);
  });

  it('without a free slot it becomes active again', () => {
    const w = lists({ tmpfs: 320, swap_max: 5 }, {}, { free: 100 });
    scan(w);
    expect([w.memcg('/a').swap_pages, ...sizes(w).slice(0, 2)]).toEqual([5, 300, 15]);
    expect(lruvec_of(w).recent_rotated[0]).toBe(15);
  });

  it('pages used since the last scan become active, until they are left alone', () => {
    const w = lists({}, { anon: 320 }, { free: 100, kernel: '6.1' });
    w.tasks.t.mm!.mmap!.mappings[0]!.set.touched_ns = 1;
    scan(w);
    expect([w.k.swap.used, ...sizes(w).slice(0, 2)]).toEqual([0, 300, 20]);
    expect(lruvec_of(w).recent_rotated[0]).toBe(20);
    w.advance(1);
    scan(w);
    scan(w);
    expect(w.k.swap.used).toBeGreaterThan(0);
  });

  it('an active page in use is deactivated, too, but counts as rotated', () => {
    const w = lists({ file: 16, active_file: 1600 });
    w.k.flusher.file('/a').sets[0]!.touched_ns = 1;
    w.advance(1);
    const sc = new_scan_control({ priority: 6, nr_to_reclaim: 0 });
    shrink_lruvec(w.k, lruvec_of(w), sc);
    const scanned = Math.floor((25 * 140) / 201);
    expect([sizes(w)[3], lruvec_of(w).recent_rotated[1]]).toEqual([1600 - scanned, scanned]);
  });

  it('deactivating is not scanning: pgscan is about the inactive lists', () => {
    const w = lists({ file: 160, active_file: 1600 }, { anon: 1600 });
    const sc = new_scan_control({ priority: 4, nr_to_reclaim: Number.POSITIVE_INFINITY });
    shrink_lruvec(w.k, lruvec_of(w), sc);
    expect(sc.nr_scanned).toBe(Math.floor((10 * 140) / 201));
    expect(lruvec_of(w).recent_scanned[1]).toBe(sc.nr_scanned + Math.floor((100 * 140) / 201));
  });

  it('unevictable pages are not on any list that is scanned', () => {
    const w = lists({}, { mlocked: 1600 });
    expect(scan(w, { priority: 0 })).toEqual([0, 0]);
    expect(sizes(w)).toEqual([0, 0, 0, 0, 1600]);
  });
});
