import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_NOFAIL,
  GFP_NOFS,
  GFP_READAHEAD,
  type Gfp,
} from '../../../src/kernel/mm/gfp.js';
import { Zone } from '../../../src/kernel/mm/mmzone.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import {
  ALLOC_HARDER,
  ALLOC_HIGH,
  ALLOC_OOM,
  alloc_pages,
  alloc_pages_fast,
  free_pages,
  put_pages,
  zone_watermark_ok,
} from '../../../src/kernel/mm/page_alloc.js';
import { type CgroupSpec, type TaskSpec, type World, type WorldSpec, world } from '../fixture.js';

/** min 632, low 790, high 948. */
const machine = (free: number, over: Partial<WorldSpec<string>> = {}): World<string> =>
  world<string>({ kswapd: false, free, tasks: { me: { adj: -1000 }, ...over.tasks }, ...over });

function allocate(w: World<string>, gfp: Gfp = GFP_KERNEL, order = 0) {
  const { me } = w.tasks;
  return alloc_pages(w.k, me!, { gfp, order, node: 0, nodemask: null });
}

const RECLAIM = 'vmscan:mm_vmscan_direct_reclaim_begin';

describe('zone_watermark_ok (KERNEL.md 6.2)', () => {
  const zone = new Zone(0, 'Normal', 0, 10_000, 10_000, 0);

  /** The least number of free pages that passes. */
  const least = (flags: number, order = 0, reserve = 0) => {
    zone.lowmem_reserve = [0, reserve];
    let free = 0;
    while (!zone_watermark_ok(zone, order, 1000, flags, free)) free++;
    return free;
  };

  it.each([
    ['the whole mark', 0, 1001],
    ['half of it with __GFP_HIGH', ALLOC_HIGH, 501],
    ['three quarters with ALLOC_HARDER', ALLOC_HARDER, 751],
    ['three eighths with both, an atomic allocation', ALLOC_HIGH | ALLOC_HARDER, 376],
    ['half for an OOM victim', ALLOC_OOM, 501],
    ['a quarter for a victim with __GFP_HIGH', ALLOC_HIGH | ALLOC_OOM, 251],
    ['ALLOC_OOM takes the place of ALLOC_HARDER', ALLOC_HARDER | ALLOC_OOM, 501],
  ])('must leave more than %s', (_what, flags, free) => {
    expect(least(flags)).toBe(free);
  });

  it('adds what is reserved against requests that could use a higher zone', () => {
    expect(least(0, 0, 300)).toBe(1301);
    expect(least(ALLOC_OOM, 0, 300)).toBe(801); // the reserve is not halved
  });

  it('does not count the block that is asked for', () => {
    expect(least(0, 3)).toBe(1008);
  });

  it('is monotonic: more free pages never fail, more privilege never hurts', () => {
    const any = fc.nat({ max: 5000 });
    fc.assert(
      fc.property(any, any, fc.nat({ max: 7 }), fc.nat({ max: 4 }), (free, mark, flags, order) => {
        const ok = (f: number, with_flags: number) =>
          zone_watermark_ok(zone, order, mark, with_flags, f);
        if (ok(free, flags)) expect(ok(free + 1, flags)).toBe(true);
        if (ok(free, 0)) expect(ok(free, flags)).toBe(true);
        if (ok(free, flags)) expect(ok(free, flags | ALLOC_OOM)).toBe(true);
      }),
    );
  });
});

describe('the order of the slow path (KERNEL.md 6.4)', () => {
  /** What happens when one page is allocated with so many free. */
  const steps = (
    free: number,
    gfp = GFP_KERNEL,
    prepare: (w: World<string>) => void = () => {},
  ) => {
    const w = machine(free, { tasks: { me: { anon: 1 }, hog: { anon: 90 } } });
    const { kswapd } = w.k.nodes[0]!;
    w.k.nodes[0]!.kswapd_failures = 0;
    w.k.nodes[0]!.kswapd_wait.add(kswapd);
    prepare(w);
    const log = w.watch('vmscan:mm_vmscan_kswapd_wake', RECLAIM, 'oomsim:oom_kill');
    const call = w.start(w.tasks.me!, allocate(w, gfp));
    w.advance(20);
    return [...log.map((line) => line.split(' ')[0]!.replace('mm_vmscan_', '')), call.value];
  };

  it('above low there is nothing to it', () => {
    expect(steps(791)).toEqual([0]);
  });

  it('at low kswapd is woken, and the page taken', () => {
    expect(steps(790)).toEqual(['kswapd_wake', 0]);
    expect(steps(633)).toEqual(['kswapd_wake', 0]);
  });

  it('at min it reclaims, and kills', () => {
    expect(steps(632).slice(0, 3)).toEqual(['kswapd_wake', 'direct_reclaim_begin', 'oom_kill']);
    expect(steps(632).at(-1)).toBe(0);
  });

  it('an atomic allocation goes down to three eighths of min, and fails there', () => {
    expect(steps(238, GFP_ATOMIC)).toEqual(['kswapd_wake', 0]);
    expect(steps(237, GFP_ATOMIC)).toEqual(['kswapd_wake', -1]);
  });

  it('an OOM victim goes down to half of min', () => {
    const doom = (w: World<string>) => mark_oom_victim(w.k, w.tasks.me!);
    expect(steps(317, GFP_KERNEL, doom)).toEqual(['kswapd_wake', 0]);
    expect(steps(316, GFP_KERNEL, doom).slice(0, 2)).toEqual([
      'kswapd_wake',
      'direct_reclaim_begin',
    ]);
  });

  it('a task that reclaims memory takes the last page, and never reclaims again', () => {
    const reclaiming = (w: World<string>) => {
      w.tasks.me!.memalloc = true;
    };
    expect(steps(1, GFP_KERNEL, reclaiming)).toEqual(['kswapd_wake', 0]);
    expect(steps(0, GFP_KERNEL, reclaiming)).toEqual(['kswapd_wake', -1]);
  });

  it('__GFP_NORETRY ends after one reclaim pass, without a word', () => {
    expect(steps(600, GFP_READAHEAD)).toEqual(['kswapd_wake', 'direct_reclaim_begin', -1]);
  });

  it('a costly order ends after one reclaim pass, an order of 3 may kill', () => {
    const kills = (order: number) => {
      const w = machine(600, { tasks: { me: {}, hog: { anon: 90 } } });
      return [w.run(w.tasks.me!, allocate(w, GFP_KERNEL, order)), w.kills];
    };
    expect(kills(4)).toEqual([-1, []]);
    expect(kills(3)).toEqual([0, ['hog']]);
  });

  it('__GFP_RETRY_MAYFAIL tries hard, but never kills', () => {
    const w = machine(600, { tasks: { me: {}, hog: { anon: 90 } } });
    const gfp = { ...GFP_KERNEL, retry_mayfail: true };
    expect(w.run(w.tasks.me!, allocate(w, gfp))).toBe(-1);
    expect(w.kills).toEqual([]);
  });
});

describe('should_reclaim_retry (KERNEL.md 6.5)', () => {
  /** Reclaim passes, and the counts of fruitless loops seen, until somebody is killed. */
  const until_oom = (cgroup: CgroupSpec, task: TaskSpec, over: Partial<WorldSpec<string>> = {}) => {
    const w = machine(500, {
      cgroups: { '/c': cgroup },
      tasks: { me: { adj: -1000 }, hog: { cgroup: '/c', anon: 200, ...task } },
      ...over,
    });
    const passes = w.watch(RECLAIM);
    const loops: number[] = [];
    w.k.trace.subscribe(['oom:reclaim_retry_zone'], (_name, _context, fields) => {
      if (w.kills.length === 0) loops.push(fields.no_progress_loops as number);
    });
    w.start(w.tasks.me!, allocate(w));
    while (w.kills.length === 0) w.k.sim.run(Infinity, 1);
    return { passes: passes.length, loops };
  };

  it('without swap and page cache one fruitless pass is enough', () => {
    expect(until_oom({}, {})).toEqual({ passes: 1, loops: [1] });
  });

  it('what could be reclaimed, but is not, is worth 16 retries: 17 passes', () => {
    // Swap is free, but /c must not use it. A real 6.1 does the same (y1).
    const loops = Array.from({ length: 16 }, (_, i) => i + 1);
    expect(until_oom({ swap_max: 0 }, { anon: 2000 }, { swap: 1000 })).toEqual({
      passes: 17,
      loops,
    });
  });

  it('anonymous pages count as reclaimable only if there is swap left', () => {
    expect(until_oom({ swap_max: 0 }, { anon: 2000, swap: 1000 }, { swap: 1000 }).passes).toBe(1);
  });

  it('what would not be enough to reach min is not waited for', () => {
    expect(until_oom({ swap_max: 0 }, { anon: 132 }, { swap: 1000 }).passes).toBe(1);
    expect(until_oom({ swap_max: 0 }, { anon: 133 }, { swap: 1000 }).passes).toBe(17);
  });

  it('progress starts the count again', () => {
    const w = machine(500, { cgroups: { '/c': { file: 3000 } } });
    const loops: unknown[] = [];
    w.k.trace.subscribe(['oom:reclaim_retry_zone'], (_name, _context, fields) => {
      loops.push(fields.no_progress_loops);
    });
    expect(w.run(w.tasks.me!, allocate(w))).toBe(0);
    expect(new Set(loops)).toEqual(new Set([0]));
  });

  it('waits up to 100 ms for the disk when most of what is left is dirty or being written', () => {
    const w = machine(500, { cgroups: { '/c': { file: 200 } }, disk_page_ns: 1_000_000 });
    w.k.flusher.file('/c').sets[0]!.dirty = 200;
    const log = w.timeline(RECLAIM);
    const call = w.start(w.tasks.me!, allocate(w));
    w.advance(50);
    expect([call.done, w.tasks.me!.wchan]).toEqual([false, 'congestion_wait']);
    w.advance(500);
    expect([call.value, w.kills]).toEqual([0, []]);
    // The first wait times out, the second ends when the disk is done.
    expect(log.slice(0, 3).map((line) => line.split(' ')[0])).toEqual(['0ms', '104ms', '200ms']);
  });
});

describe('__alloc_pages_may_oom (KERNEL.md 6.6)', () => {
  const full = (over: Partial<WorldSpec<string>> = {}) =>
    machine(500, { tasks: { me: { adj: -1000 }, hog: { anon: 900, state: 'D' } }, ...over });

  it('who finds oom_lock taken sleeps a jiffy and tries everything again', () => {
    const w = full();
    const log = w.timeline(RECLAIM);
    w.k.oom_lock_try(w.tasks.hog!);
    w.start(w.tasks.me!, allocate(w));
    w.advance(30);
    expect(log.map((line) => line.split(' ')[0])).toEqual(['0ms', '8ms', '16ms', '24ms']);
    expect(w.kills).toEqual([]);
  });

  it('looks once more, at the high watermark, before anybody is killed', () => {
    for (const [freed, kills] of [
      [449, []],
      [448, ['hog']],
    ] as const) {
      const w = full();
      // Somebody frees memory between the last reclaim pass and the OOM killer.
      w.k.trace.subscribe(['oom:reclaim_retry_zone'], () => {
        if (w.k.root_mem_cgroup.kmem.slab < freed) return;
        w.k.root_mem_cgroup.kmem.slab -= freed;
        w.k.kmem_node[0]! -= freed;
        free_pages(w.k, 0, freed);
      });
      w.start(w.tasks.me!, allocate(w));
      w.advance(5);
      expect(w.kills).toEqual(kills);
    }
  });

  it('GFP_NOFS reclaims for ever rather than kill', () => {
    const w = full();
    const call = w.start(w.tasks.me!, allocate(w, GFP_NOFS));
    w.advance(100);
    expect([call.done, w.kills, w.k.alloc_failures]).toEqual([false, [], 0]);
  });

  it('__GFP_NOFAIL takes a page from below all watermarks after the kill', () => {
    const w = full({ free: 3 });
    expect(w.run(w.tasks.me!, allocate(w, GFP_NOFAIL))).toBe(0);
    expect([w.kills, w.k.nr_free_pages()]).toEqual([['hog'], 2]);
  });

  it('__GFP_NOFAIL does not mind that nothing could be done', () => {
    const w = full({ free: 3 });
    w.k.oom_killer_disabled = true;
    expect(w.run(w.tasks.me!, allocate(w, GFP_NOFAIL))).toBe(0);
    w.k.oom_killer_disabled = false;
  });

  it('other allocations fail then: -ENOMEM to a system call', () => {
    const w = full();
    w.k.oom_killer_disabled = true;
    expect(w.run(w.tasks.me!, allocate(w))).toBe(-1);
    expect(w.dmesg).toEqual([
      'me: page allocation failure: order:0, mode:0x14000c0(GFP_KERNEL), nodemask=(null)',
    ]);
  });

  it('a victim that finds not even half of min gives up after one call', () => {
    const w = machine(316, { tasks: { me: { anon: 9 } } });
    mark_oom_victim(w.k, w.tasks.me!);
    w.tasks.me!.signal.group_exit = true;
    const log = w.watch('oomsim:out_of_memory');
    expect(w.run(w.tasks.me!, allocate(w))).toBe(-1);
    expect(log).toEqual(['out_of_memory  0 true current is dying']);
  });

  it('__GFP_NOFAIL goes on even for a victim, with a quarter more of the reserves', () => {
    const w = machine(316, { tasks: { me: { anon: 9 } } });
    mark_oom_victim(w.k, w.tasks.me!);
    w.tasks.me!.signal.group_exit = true;
    const call = w.start(w.tasks.me!, allocate(w, GFP_NOFAIL));
    w.advance(50);
    expect(call.value).toBe(0);
  });
});

describe('warn_alloc (KERNEL.md 1.4)', () => {
  it('tells of ten failures in five seconds, and counts them all', () => {
    const w = machine(200);
    const fail = () => w.run(w.tasks.me!, allocate(w, GFP_ATOMIC));
    for (let i = 0; i < 25; i++) fail();
    expect([w.dmesg.length, w.k.alloc_failures]).toEqual([10, 25]);
    w.advance(5001);
    fail();
    expect([w.dmesg.length, w.k.alloc_failures]).toEqual([11, 26]);
  });

  it('is silent with __GFP_NOWARN', () => {
    const w = machine(200);
    expect(w.run(w.tasks.me!, allocate(w, GFP_READAHEAD))).toBe(-1);
    expect([w.dmesg, w.k.alloc_failures]).toEqual([[], 0]);
  });
});

describe('zones', () => {
  const zones = [
    { name: 'DMA32', managedPages: 10_000, minPages: 10, lowPages: 20, highPages: 30 },
    { name: 'Normal', managedPages: 10_000, minPages: 10, lowPages: 20, highPages: 30 },
    { node: 1, name: 'Normal', managedPages: 10_000, minPages: 10, lowPages: 20, highPages: 30 },
  ];
  const free = (w: World<string>) =>
    w.k.nodes.flatMap((pgdat) => pgdat.zones.map((zone) => 10_000 - zone.free));

  it('the highest zone of the own node comes first, then the lower ones, then other nodes', () => {
    const w = world<string>({ zones, kswapd: false, tasks: { me: {} } });
    const seen: number[][] = [];
    for (let i = 0; i < 3; i++) {
      for (const zone of w.k.nodes.flatMap((pgdat) => pgdat.zones)) {
        if (10_000 - zone.free > 0) Object.assign(zone, { free: 20, used: 9980 });
      }
      expect(w.now(w.tasks.me!, allocate(w))).toBe(i < 2 ? 0 : 1);
      seen.push(free(w));
    }
    expect(seen).toEqual([
      [0, 1, 0],
      [1, 9980, 0],
      [9980, 9980, 1],
    ]);
  });

  it('a lower zone keeps its reserve', () => {
    const w = world<string>({ zones, kswapd: false, tasks: { me: {} } });
    const [dma32, normal] = w.k.nodes[0]!.zones;
    Object.assign(normal!, { free: 20, used: 9980 });
    Object.assign(dma32!, { free: 20 + 39, used: 9941 }); // 10,000 / 256
    expect(w.now(w.tasks.me!, allocate(w))).toBe(1);
    dma32!.free++;
    dma32!.used--;
    expect(w.now(w.tasks.me!, allocate(w))).toBe(0);
  });

  it('... against requests from a node that has no lower zones, too', () => {
    const w = world<string>({ zones, kswapd: false, tasks: { me: {} } });
    const [dma32, normal] = w.k.nodes[0]!.zones;
    const [remote] = w.k.nodes[1]!.zones;
    for (const zone of [normal!, remote!]) Object.assign(zone, { free: 20, used: 9980 });
    const ac = { gfp: GFP_KERNEL, order: 0, node: 1, nodemask: null };
    Object.assign(dma32!, { free: 20 + 39, used: 9941 }); // 10,000 / 256
    expect(alloc_pages_fast(w.k, ac)).toBe(-1);
    Object.assign(dma32!, { free: 20 + 40, used: 9940 });
    expect(alloc_pages_fast(w.k, ac)).toBe(0);
  });

  it('a mempolicy keeps allocations on its nodes', () => {
    const w = world<string>({ zones, kswapd: false, tasks: { me: {} } });
    const ac = { gfp: GFP_HIGHUSER_MOVABLE, order: 0, node: 0, nodemask: [1] };
    expect(w.now(w.tasks.me!, alloc_pages(w.k, w.tasks.me!, ac))).toBe(1);
  });

  it('pages go back to the zones they were taken from, highest first', () => {
    const w = world<string>({ zones, kswapd: false, tasks: { me: {} } });
    w.now(w.tasks.me!, allocate(w, GFP_KERNEL, 3));
    put_pages(w.k, 0, 8);
    expect(free(w)).toEqual([0, 0, 0]);
    expect(() => free_pages(w.k, 0, 1)).toThrow('freed twice');
  });
});

it('no sequence of allocations and frees loses a page or goes below the watermark', () => {
  const op = fc.record({ order: fc.nat({ max: 3 }), free: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(op, { maxLength: 60 }),
      fc.integer({ min: 640, max: 1000 }),
      (ops, start) => {
        const w = machine(start);
        const held: number[] = [];
        for (const { order, free } of ops) {
          const back = free ? held.pop() : undefined;
          if (back !== undefined) put_pages(w.k, 0, back);
          else if (w.k.nr_free_pages() > 632 + 2 ** order) {
            expect(w.now(w.tasks.me!, allocate(w, GFP_KERNEL, order))).toBe(0);
            held.push(2 ** order);
          }
          const total = held.reduce((sum, pages) => sum + pages, 0);
          expect(w.k.nr_free_pages()).toBe(start - total);
          expect(w.k.nr_free_pages()).toBeGreaterThanOrEqual(632);
        }
      },
    ),
  );
});
