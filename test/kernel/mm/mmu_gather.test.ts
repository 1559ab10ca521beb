import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/engine/coroutine.js';
import { check_invariants } from '../../../src/kernel/check.js';
import { Mapping } from '../../../src/kernel/mm/mm_types.js';
import { MmuGather } from '../../../src/kernel/mm/mmu_gather.js';
import { type World, type WorldSpec, world } from '../fixture.js';

const PAGE_NS = 1200;

const machine = (anon: number, over: Partial<WorldSpec<'t'>> = {}): World<'t'> =>
  world({ kswapd: false, cgroups: { '/a': {} }, tasks: { t: { cgroup: '/a', anon } }, ...over });

/** Unmaps all of a task; what is seen after each step: [RSS, pages that are still charged]. */
function* unmap_all(w: World<'t'>, seen: number[][]): Flow<number> {
  const { mm } = w.tasks.t;
  const tlb = new MmuGather(w.k, w.tasks.t, PAGE_NS);
  const look = () => seen.push([mm!.anon_pages, w.memcg('/a').memory.usage]);
  for (const vma of mm!.vmas()) {
    for (const mapping of vma.mappings) {
      for (const step of tlb.unmap(mapping)) {
        look();
        yield step;
      }
    }
  }
  for (const step of tlb.flush()) {
    look();
    yield step;
  }
  look();
  return tlb.cleared;
}

function unmapped(w: World<'t'>): { seen: number[][]; cleared: number } {
  const seen: number[][] = [];
  const cleared = w.now(w.tasks.t, unmap_all(w, seen));
  check_invariants(w.k);
  return { seen, cleared };
}

describe('MmuGather', () => {
  it('clears page tables one by one, and frees what they had after the last', () => {
    const { seen, cleared } = unmapped(machine(1300));
    expect(seen).toEqual([
      [788, 1300],
      [276, 1300],
      [0, 1300],
      [0, 1300],
      [0, 788],
      [0, 276],
      [0, 0],
    ]);
    expect(cleared).toBe(1300);
  });

  it('frees after some ten thousand pages', () => {
    const { seen } = unmapped(machine(12_000));
    const first_free = seen.findIndex(([, usage]) => usage! < 12_000);
    expect(seen[first_free - 1]![0]).toBe(12_000 - 19 * 512);
  });

  it('frees after each page table when memory is so short that it cannot gather', () => {
    const { seen } = unmapped(machine(1300, { free: 100 }));
    const first_free = seen.findIndex(([, usage]) => usage! < 1300);
    expect(seen[first_free]).toEqual([276, 788]);
  });

  it('swap entries go at once, and cost no free', () => {
    const w = machine(0, { swap: 900, tasks: { t: { cgroup: '/a', swap: 600 } } });
    const { seen, cleared } = unmapped(w);
    expect([cleared, w.k.swap.used, w.tasks.t.mm!.swapents]).toEqual([600, 0, 0]);
    expect(seen.length).toBe(3); // two page tables
  });

  it('pages that somebody else maps too are not freed', () => {
    const w = machine(100);
    const vma = w.tasks.t.mm!.mmap!;
    const other = world({ tasks: { t: { anon: 1 } } }).tasks.t.mm!.mmap!;
    new Mapping(other, vma.mappings[0]!.set).present = 60;
    w.now(w.tasks.t, unmap_all(w, []));
    expect(w.memcg('/a').resident.anon).toBe(60);
  });

  it('takes a quarter of the time for clearing, the rest for freeing', () => {
    const w = machine(512);
    w.run(w.tasks.t, unmap_all(w, []));
    expect(w.k.sim.nowNs).toBe(512 * PAGE_NS);
    const half = machine(512);
    half.start(half.tasks.t, unmap_all(half, []));
    half.k.sim.run((512 * PAGE_NS) / 4);
    expect([half.tasks.t.mm!.anon_pages, half.memcg('/a').memory.usage]).toEqual([0, 512]);
  });

  /** Pages charged when a task that wakes up at `ms` gets the only CPU; 2,048 are freed in 8 ms. */
  const left_at = (kernel: string, ms: number): number | undefined => {
    const a = { cgroup: '/a', anon: 2048 };
    const costs = { freePageNs: 4000 };
    const w = world({ kernel, cgroups: { '/a': {} }, costs, tasks: { t: {}, a } });
    const seen = w.start(w.tasks.t, w.usage_at(w.tasks.t, '/a', ms));
    w.kill('a');
    w.advance(20);
    check_invariants(w.k);
    return seen.value;
  };

  // A page table is cleared in 0.5 ms, its pages are freed in 1.5 ms: from 2 ms on.
  it.each([
    ['6.1', 1.7, 2048],
    ['6.1', 3.6, 1024],
    ['6.1', 5, 1024],
    ['4.15', 1.7, 2048],
    ['4.15', 2.1, 0],
    ['4.15', 5, 0],
  ])('on %s, who wakes up at %d ms gets the CPU with %d pages not yet free', (kernel, ms, left) => {
    expect(left_at(kernel, ms)).toBe(left);
  });
});
