import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GFP_ATOMIC,
  GFP_KERNEL,
  GFP_KERNEL_ACCOUNT,
  GFP_NOFAIL,
  GFP_READAHEAD,
} from '../../../src/kernel/mm/gfp.js';
import {
  alloc_kmem,
  drain_all_stock,
  free_kmem,
  mem_cgroup_margin,
  try_charge,
  try_charge_fast,
} from '../../../src/kernel/mm/memcontrol.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import {
  PageCounter,
  page_counter_charge,
  page_counter_try_charge,
  page_counter_uncharge,
} from '../../../src/kernel/mm/page_counter.js';
import { type CgroupSpec, type World, world } from '../fixture.js';

/** /a with a limit, full of memory that cannot be reclaimed, and a task in it. */
function full(kernel: string, max: number, over: CgroupSpec = {}): World<'me'> {
  return world({
    kernel,
    cgroups: { '/a': { max, slab: max, ...over } },
    tasks: { me: { cgroup: '/a', adj: -1000 } },
  });
}

const charge = (w: World<'me'>, gfp = GFP_KERNEL, n = 1, path = '/a') =>
  w.run(w.tasks.me, try_charge(w.k, w.tasks.me, w.memcg(path), gfp, n));

describe('page_counter', () => {
  const chain = (maxes: number[]): PageCounter[] => {
    const counters: PageCounter[] = [];
    for (const max of maxes) {
      const counter = new PageCounter(counters.at(-1) ?? null);
      counter.max = max;
      counters.push(counter);
    }
    return counters;
  };
  const usage = (counters: PageCounter[]) => counters.map((c) => c.usage);

  it('charges every level or none', () => {
    const counters = chain([100, 50, 70]);
    const [top, middle, leaf] = counters;
    expect(page_counter_try_charge(leaf!, 50)).toBe(null);
    expect(usage(counters)).toEqual([50, 50, 50]);
    expect(page_counter_try_charge(leaf!, 1)).toBe(middle);
    expect(usage(counters)).toEqual([50, 50, 50]);
    expect(counters.map((c) => c.failcnt)).toEqual([0, 1, 0]);
    expect(page_counter_try_charge(top!, 50)).toBe(null);
    expect(usage(counters)).toEqual([100, 50, 50]);
  });

  it('names the lowest level that refuses', () => {
    const [, middle, leaf] = chain([10, 5, 5]);
    expect(page_counter_try_charge(leaf!, 20)).toBe(leaf);
    expect(page_counter_try_charge(middle!, 20)).toBe(middle);
  });

  it('remembers the highest usage', () => {
    const [top, leaf] = chain([100, 100]);
    page_counter_charge(leaf!, 30);
    page_counter_uncharge(leaf!, 20);
    expect([top!.usage, top!.watermark]).toEqual([10, 30]);
  });

  it('cannot fall below zero', () => {
    const [, leaf] = chain([100, 100]);
    page_counter_charge(leaf!, 1);
    expect(() => page_counter_uncharge(leaf!, 2)).toThrow('underflow');
  });

  it('is at every level the sum of what was charged at and below it', () => {
    const step = fc.record({ level: fc.nat({ max: 2 }), n: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(
        fc.array(step),
        fc.array(fc.nat({ max: 40 }), { minLength: 3, maxLength: 3 }),
        (steps, maxes) => {
          const counters = chain(maxes);
          const sums = [0, 0, 0];
          for (const { level, n } of steps) {
            const refused = page_counter_try_charge(counters[level]!, n);
            const fits = counters.slice(0, level + 1).every((c, i) => sums[i]! + n <= c.max);
            expect(refused === null).toBe(fits);
            if (fits) for (let i = 0; i <= level; i++) sums[i]! += n;
            expect(usage(counters)).toEqual(sums);
          }
        },
      ),
    );
  });
});

describe('try_charge: stock and batch (KERNEL.md 5.1, steps 1 to 3)', () => {
  it.each([
    ['4.15', 32],
    ['5.19', 32],
    ['6.1', 64],
  ])('%s charges %d pages at once and keeps what is left for later', (kernel, batch) => {
    const w = world({ kernel, cgroups: { '/a': {} }, tasks: { me: { cgroup: '/a' } } });
    const { memory } = w.memcg('/a');
    const seen: number[] = [];
    for (let i = 0; i <= batch; i++) {
      expect(charge(w)).toBe(true);
      seen.push(memory.usage);
    }
    expect(seen).toEqual([...Array(batch).fill(batch), 2 * batch]);
  });

  it('so does a charge that need not wait', () => {
    const charged = (kernel: string) => {
      const w = world({ kernel, cgroups: { '/a': {} } });
      expect(try_charge_fast(w.k, w.memcg('/a'), 1)).toBe(true);
      return w.memcg('/a').memory.usage;
    };
    expect([charged('4.15'), charged('6.1')]).toEqual([32, 64]);
  });

  it('a CPU keeps stock for one memcg; for another it gives it back', () => {
    const w = world({ cgroups: { '/a': {}, '/b': {} }, tasks: { me: { cgroup: '/a' } } });
    const usages = () => [w.memcg('/a').memory.usage, w.memcg('/b').memory.usage];
    charge(w, GFP_KERNEL, 1, '/a');
    charge(w, GFP_KERNEL, 1, '/a');
    expect([usages(), w.memcg('/a').stocked]).toEqual([[32, 0], 30]);
    charge(w, GFP_KERNEL, 1, '/b');
    expect(usages()).toEqual([2, 32]);
    drain_all_stock(w.k, w.k.root_mem_cgroup);
    expect(usages()).toEqual([2, 1]);
  });

  it('a charge of more than a batch leaves nothing over', () => {
    const w = world({ cgroups: { '/a': {} }, tasks: { me: { cgroup: '/a' } } });
    charge(w, GFP_KERNEL, 100);
    expect(w.memcg('/a').memory.usage).toBe(100);
  });

  it('where a batch does not fit, what is needed is charged', () => {
    const w = world({ cgroups: { '/a': { max: 10 } }, tasks: { me: { cgroup: '/a' } } });
    expect(charge(w)).toBe(true);
    const { usage, failcnt } = w.memcg('/a').memory;
    expect([usage, failcnt]).toEqual([1, 1]);
  });

  it('the root memcg takes everything and counts nothing', () => {
    const w = world({ tasks: { me: {} } });
    expect(charge(w, GFP_KERNEL, 1000, '/')).toBe(true);
    expect(w.k.root_mem_cgroup.memory.usage).toBe(0);
  });

  it('the fast path and the slow one agree where there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }), (sizes) => {
        const make = () => world({ cgroups: { '/a': {} }, tasks: { me: { cgroup: '/a' } } });
        const [slow, fast] = [make(), make()];
        for (const n of sizes) {
          charge(slow, GFP_KERNEL, n);
          expect(try_charge_fast(fast.k, fast.memcg('/a'), n)).toBe(true);
        }
        expect(fast.memcg('/a').memory.usage).toBe(slow.memcg('/a').memory.usage);
        expect(fast.memcg('/a').stocked).toBe(slow.memcg('/a').stocked);
      }),
    );
  });
});

describe('try_charge: who may pass the limit (KERNEL.md 5.1, step 4)', () => {
  type Prepare = (w: World<'me'>) => void;
  const dying: [string, Prepare][] = [
    ['OOM victim', (w) => mark_oom_victim(w.k, w.tasks.me)],
    [
      'killed',
      (w) => {
        w.tasks.me.sigkill_pending = true;
      },
    ],
    [
      'exiting',
      (w) => {
        w.tasks.me.exiting = true;
      },
    ],
  ];

  it.each(dying)('%s: forced up to 5.9, at once', (_who, prepare) => {
    for (const kernel of ['4.15', '4.19', '5.9']) {
      const w = full(kernel, 100);
      const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin', 'oomsim:out_of_memory');
      prepare(w);
      expect(charge(w)).toBe(true);
      expect([w.memcg('/a').memory.usage, log]).toEqual([101, []]);
    }
  });

  it.each(dying)('%s: refused from 5.17, after reclaim', (_who, prepare) => {
    const w = full('6.1', 100);
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    prepare(w);
    expect(charge(w)).toBe(false);
    expect(w.memcg('/a').memory.usage).toBe(100);
    expect(log.length).toBe(18 + 17); // once more after the OOM killer has let it pass
  });

  it('a task that reclaims memory is forced in all versions', () => {
    for (const kernel of ['4.15', '6.1']) {
      const w = full(kernel, 100);
      w.tasks.me.memalloc = true;
      expect(charge(w)).toBe(true);
      expect(w.memcg('/a').memory.usage).toBe(101);
    }
  });

  it('a task that is killed during the last attempt of all: forced up to 5.9', () => {
    const killed_at_last = (kernel: string, attempts: number) => {
      const w = full(kernel, 100);
      let left = attempts;
      w.k.trace.subscribe(['vmscan:mm_vmscan_memcg_reclaim_begin'], () => {
        if (--left === 0) w.kill('me');
      });
      return [charge(w), w.memcg('/a').events.oom];
    };
    expect(killed_at_last('4.15', 7)).toEqual([true, 0]);
    expect(killed_at_last('5.9', 18)).toEqual([true, 0]);
    expect(killed_at_last('6.1', 18)).toEqual([false, 1]);
  });

  it('its own OOM kill makes a task one of these (4.19 to 5.9), or not (5.17)', () => {
    const suicide = (kernel: string) => {
      const w = world({
        kernel,
        cgroups: { '/a': { max: 100, slab: 50 } },
        tasks: { me: { cgroup: '/a', anon: 50, state: 'D' } },
      });
      const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
      return [charge(w), w.kills, log.length];
    };
    expect(suicide('4.19')).toEqual([true, ['me'], 7]);
    expect(suicide('6.1')).toEqual([false, ['me'], 18 + 17]);
  });
});

describe('try_charge: what cannot wait (KERNEL.md 5.1, step 5)', () => {
  it('an atomic charge fails without reclaim or event', () => {
    const w = full('4.15', 100);
    expect(w.now(w.tasks.me, try_charge(w.k, w.tasks.me, w.memcg('/a'), GFP_ATOMIC, 1))).toBe(
      false,
    );
    expect(w.memcg('/a').events.max).toBe(0);
  });

  it('neither does a task wait that is in a memcg OOM already', () => {
    const w = full('4.15', 100);
    w.tasks.me.memcg_in_oom = w.memcg('/a');
    expect(charge(w)).toBe(false);
    expect(w.memcg('/a').events.max).toBe(0);
  });

  it('__GFP_NOFAIL is forced instead', () => {
    const w = full('4.15', 100);
    w.tasks.me.memcg_in_oom = w.memcg('/a');
    expect(charge(w, GFP_NOFAIL)).toBe(true);
    expect(w.memcg('/a').memory.usage).toBe(101);
  });
});

describe('try_charge: reclaim and retries (KERNEL.md 5.1, steps 6 to 13)', () => {
  /** Failed charges, reclaim calls, max events and oom events of one charge that finds nothing. */
  const fruitless = (kernel: string, gfp = GFP_KERNEL) => {
    const w = full(kernel, 100);
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    const ok = charge(w, gfp);
    const { memory, events } = w.memcg('/a');
    return { ok, failcnt: memory.failcnt, reclaims: log.length, max: events.max, oom: events.oom };
  };

  it('one batch, one try, one after draining the stocks, and 5 retries up to 5.4', () => {
    expect(fruitless('4.15')).toEqual({ ok: false, failcnt: 8, reclaims: 7, max: 7, oom: 1 });
  });

  it('19 failed charges from 5.9, as a real 6.1 counts', () => {
    const enomem = { ok: false, failcnt: 19, reclaims: 18, max: 18, oom: 1 };
    expect(fruitless('6.1')).toEqual(enomem);
    expect(fruitless('5.9')).toEqual({ ...enomem, ok: true }); // forced in the end
  });

  it('after an OOM kill that has brought nothing it begins anew', () => {
    const again = (kernel: string) => {
      const w = world({
        kernel,
        cgroups: { '/a': { max: 100, slab: 10 } },
        tasks: { me: { cgroup: '/a', adj: -1000 }, hog: { cgroup: '/a', shmem: 90, state: 'D' } },
      });
      const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin', 'oomsim:out_of_memory');
      charge(w as unknown as World<'me'>);
      const kinds = log.map((line) => line.split(' ')[0]);
      const first = kinds.indexOf('out_of_memory');
      return kinds.indexOf('out_of_memory', first + 1) - first - 1;
    };
    expect([again('4.19'), again('5.4'), again('5.9')]).toEqual([6, 6, 17]);
  });

  it('__GFP_NORETRY fails after the stocks were drained', () => {
    expect(fruitless('4.15', GFP_READAHEAD)).toEqual({
      ok: false,
      failcnt: 3,
      reclaims: 2,
      max: 2,
      oom: 0,
    });
  });

  it('__GFP_NOFAIL passes the limit when all retries are used up', () => {
    expect(fruitless('4.15', GFP_NOFAIL)).toMatchObject({ ok: true, reclaims: 7, oom: 0 });
  });

  it('what another CPU has in stock is found', () => {
    const w = world({
      cpus: 2,
      cgroups: { '/a': { max: 100, slab: 68 } },
      tasks: { me: { cgroup: '/a', adj: -1000 } },
    });
    expect(try_charge_fast(w.k, w.memcg('/a'), 1)).toBe(true);
    const [stock, other] = w.k.memcg_stocks;
    Object.assign(other!, stock);
    Object.assign(stock!, { cached: null, nr_pages: 0 });
    expect(w.memcg('/a').memory.usage).toBe(100);
    w.k.sched.current = w.tasks.me;
    expect(charge(w)).toBe(true);
  });

  it('there is no bound while reclaim makes any progress', () => {
    const w = world({
      kswapd: false,
      cgroups: { '/a': { max: 100, slab: 90, file: 5000 } },
      tasks: { me: { cgroup: '/a' } },
    });
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    expect(charge(w, GFP_KERNEL, 8)).toBe(true);
    expect(log.length).toBeGreaterThan(100); // 32 pages a time
    expect(w.memcg('/a').memory.usage).toBeLessThanOrEqual(100);
  });

  it('... but charges of more than 8 pages use up their retries', () => {
    const w = world({
      kswapd: false,
      cgroups: { '/a': { max: 100, slab: 90, file: 5000 } },
      tasks: { me: { cgroup: '/a' } },
    });
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    expect(charge(w, GFP_KERNEL, 9)).toBe(false);
    expect(log.length).toBe(7);
  });

  it('the level that refuses is the one that is reclaimed and blamed', () => {
    const w = world({
      cgroups: { '/a': { max: 100, slab: 100 }, '/a/b': { max: 500 } },
      tasks: { me: { cgroup: '/a/b' } },
    });
    const log = w.watch('vmscan:mm_vmscan_memcg_reclaim_begin');
    expect(charge(w, GFP_KERNEL, 1, '/a/b')).toBe(false);
    expect(log[0]).toBe('mm_vmscan_memcg_reclaim_begin /a 0 GFP_KERNEL');
    expect([w.memcg('/a').events.max, w.memcg('/a/b').events.max]).toEqual([7, 0]);
  });
});

describe('try_charge: no way out (KERNEL.md 5.1, step 14, and 4.10)', () => {
  it('4.15: a system call gets -ENOMEM, and nobody is killed', () => {
    const w = world({
      cgroups: { '/a': { max: 100, slab: 10 } },
      tasks: { me: { cgroup: '/a' }, hog: { cgroup: '/a', anon: 90 } },
    });
    expect(charge(w)).toBe(false);
    expect([w.kills, w.memcg('/a').events.oom, w.tasks.me.memcg_in_oom]).toEqual([[], 1, null]);
  });

  it('4.15: a user fault leaves a note for its end', () => {
    const w = full('4.15', 100);
    w.tasks.me.memcg_may_oom = true;
    expect(charge(w)).toBe(false);
    expect(w.tasks.me.memcg_in_oom).toBe(w.memcg('/a'));
  });

  it.each(['4.19', '5.9', '6.1'])('%s: the OOM killer runs here, whoever charges', (kernel) => {
    const w = world({
      kernel,
      cgroups: { '/a': { max: 100, slab: 10 } },
      tasks: { me: { cgroup: '/a' }, hog: { cgroup: '/a', anon: 90 } },
    });
    expect(charge(w)).toBe(true);
    expect(w.kills).toEqual(['hog']);
  });

  it.each([
    ['4.19', true, 101],
    ['5.9', true, 101],
    ['5.19', false, 100],
    ['6.1', false, 100],
  ])('%s: nobody to kill, charged: %s', (kernel, ok, usage) => {
    const w = full(kernel, 100);
    expect(charge(w)).toBe(ok);
    expect(w.memcg('/a').memory.usage).toBe(usage);
  });
});

describe('memory.high (KERNEL.md 5.1, step 15)', () => {
  it('is not exceeded by usage that just reaches it', () => {
    const note = (high: number) => {
      const w = world({ cgroups: { '/a': { high } }, tasks: { me: { cgroup: '/a' } } });
      charge(w);
      return w.memcg('/a').events.high;
    };
    expect([note(32), note(31)]).toEqual([0, 1]);
  });

  it('notes the batch for the return to user mode, once, at the first level that is over', () => {
    const w = world({
      cgroups: { '/a': { high: 20 }, '/a/b': { high: 10 } },
      tasks: { me: { cgroup: '/a/b' } },
    });
    w.now(w.tasks.me, try_charge(w.k, w.tasks.me, w.memcg('/a/b'), GFP_KERNEL, 1));
    expect(w.tasks.me.memcg_nr_pages_over_high).toBe(32);
    w.now(w.tasks.me, try_charge(w.k, w.tasks.me, w.memcg('/a/b'), GFP_KERNEL, 1));
    expect(w.tasks.me.memcg_nr_pages_over_high).toBe(32); // from the stock
  });
});

describe('kernel memory', () => {
  it('is charged page by page and given back whole', () => {
    const w = world({ cgroups: { '/a': { max: 1000 } }, tasks: { me: { cgroup: '/a' } } });
    const free = w.k.nr_free_pages();
    const memcg = w.memcg('/a');
    const got = w.run(
      w.tasks.me,
      alloc_kmem(w.k, w.tasks.me, memcg, 'sock', GFP_KERNEL_ACCOUNT, 50),
    );
    expect([got, memcg.kmem.sock, memcg.memory.usage]).toEqual([50, 50, 64]);
    expect(w.k.nr_free_pages()).toBe(free - 50);
    free_kmem(w.k, memcg, 'sock', 50);
    expect([memcg.kmem.sock, w.k.nr_free_pages()]).toEqual([0, free]);
    expect(() => free_kmem(w.k, memcg, 'sock', 1)).toThrow('freed twice');
  });

  it('stops at the limit: fewer pages than asked for mean -ENOMEM', () => {
    const w = full('4.15', 100, { slab: 70 });
    const { me } = w.tasks;
    const got = w.run(me, alloc_kmem(w.k, me, w.memcg('/a'), 'pipe', GFP_KERNEL_ACCOUNT, 50));
    expect([got, mem_cgroup_margin(w.memcg('/a'))]).toEqual([30, 0]);
  });

  it('belongs to root unless it is accounted', () => {
    const w = full('4.15', 100);
    const { me } = w.tasks;
    expect(w.run(me, alloc_kmem(w.k, me, w.memcg('/a'), 'slab', GFP_KERNEL, 50))).toBe(50);
    expect(w.k.root_mem_cgroup.kmem.slab).toBe(50);
  });
});
