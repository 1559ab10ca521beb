import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { default_min_free_kbytes, int_sqrt } from '../../../src/kernel/mm/mmzone.js';
import { world } from '../fixture.js';

const GIB = 262_144; // pages

describe('watermarks (KERNEL.md 6.1)', () => {
  it.each([
    [1, 4096, 1024, 1286, 1548],
    [4, 8192, 2048, 3096, 4144],
    [16, 16384, 4096, 8290, 12484],
    [64, 32768, 8192, 24969, 41746],
  ])('%d GiB in one zone: min_free_kbytes %d, min %d, low %d, high %d', (gib, kb, ...marks) => {
    expect(default_min_free_kbytes(gib * GIB * 4)).toBe(kb);
    const { min, low, high } = world({ pages: gib * GIB }).k.nodes[0]!.zones[0]!;
    expect([min, low, high]).toEqual(marks);
  });

  it('min_free_kbytes is between 128 and 65536', () => {
    expect([0, 1000, 1024, 1025].map(default_min_free_kbytes)).toEqual([128, 128, 128, 128]);
    expect([268_435_455, 268_435_456, 1e12].map(default_min_free_kbytes)).toEqual([
      65535, 65536, 65536,
    ]);
  });

  it('zones share min by size; their gaps are a quarter of it, or a thousandth of the zone', () => {
    const w = world({
      zones: [
        { name: 'DMA32', managedPages: 10_000 },
        { name: 'Normal', managedPages: 30_000 },
      ],
      sysctl: { min_free_kbytes: 4000 },
    });
    const marks = w.k.nodes[0]!.zones.map(({ min, low, high }) => [min, low, high]);
    expect(marks).toEqual([
      [250, 312, 374],
      [750, 937, 1124],
    ]);
  });

  it('follow the sysctls', () => {
    const w = world({ pages: 100_000 });
    const zone = w.k.nodes[0]!.zones[0]!;
    w.k.sysctl.min_free_kbytes = 4000;
    w.k.sysctl.watermark_scale_factor = 1000;
    w.k.set_watermarks(null);
    expect([zone.min, zone.low, zone.high]).toEqual([1000, 11_000, 21_000]);
  });

  it('may be given, as /proc/zoneinfo has them', () => {
    const zone = { managedPages: 1000, minPages: 5, lowPages: 6, highPages: 9 };
    const { min, low, high } = world({ zones: [zone] }).k.nodes[0]!.zones[0]!;
    expect([min, low, high]).toEqual([5, 6, 9]);
  });

  it('rise from min to high in any zone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e8 }), fc.nat({ max: 1000 }), (pages, factor) => {
        const sysctl = { watermark_scale_factor: factor };
        const { min, low, high } = world({ pages, sysctl }).k.nodes[0]!.zones[0]!;
        expect(min).toBeLessThanOrEqual(low);
        expect(high - low).toBe(low - min);
      }),
    );
  });
});

describe('lowmem_reserve (KERNEL.md 6.1)', () => {
  it('keeps a share of the higher zones: 1/256 of them in DMA and DMA32', () => {
    const w = world({
      zones: [
        { name: 'DMA', managedPages: 4000 },
        { name: 'DMA32', managedPages: 512_000 },
        { name: 'Normal', managedPages: 1_024_000 },
      ],
    });
    expect(w.k.nodes[0]!.zones.map((zone) => zone.lowmem_reserve)).toEqual([
      [0, 2000, 6000],
      [0, 0, 4000],
      [0, 0, 0],
    ]);
  });

  it('keeps 1/32 in other zones, and nothing of other nodes', () => {
    const w = world({
      zones: [
        { name: 'Normal', managedPages: 100_000 },
        { name: 'Movable', managedPages: 32_000 },
        { node: 1, name: 'Normal', managedPages: 100_000 },
      ],
    });
    expect(w.k.nodes.map((pgdat) => pgdat.zones.map((zone) => zone.lowmem_reserve))).toEqual([
      [
        [0, 1000],
        [0, 0],
      ],
      [[0]],
    ]);
  });
});

it('int_sqrt is the largest integer whose square is at most x', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), (x) => {
      const root = int_sqrt(x);
      expect(root * root).toBeLessThanOrEqual(x);
      expect((root + 1) ** 2).toBeGreaterThan(x);
    }),
  );
  expect([0, 1, 3, 4, 10].map(int_sqrt)).toEqual([0, 1, 1, 2, 3]);
});
