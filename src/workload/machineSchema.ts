/** The machine: memory, zones, CPUs, devices, what operations cost. */

import * as z from 'zod';
import { bandwidth, flag, integer, pages, size, strict, time } from './fields.js';
import { shortOrLong } from './keyed.js';
import type { CostSpec, DeviceSpec, MachineSpec, ZoneSpec } from './types.js';
import { PAGE_BYTES } from './units.js';

const PAGES_MAX = 2 ** 41;
const NS_PER_S = 1e9;
/** A mid-range NVMe drive: 4 KiB random access at queue depth 1, and sequential writes for long. */
const DEVICE_LATENCY = '80us';
const DEVICE_BANDWIDTH = '1GiB/s';

const zonePages = (doc: string) => integer(0, PAGES_MAX).describe(doc);

const zone = strict({
  node: integer(0, 63).prefault(0).describe('NUMA node.'),
  name: z
    .enum(['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable'], {
      error: 'DMA, DMA32, Normal, HighMem or Movable',
    })
    .describe('As in /proc/zoneinfo.'),
  present: zonePages('Pages present.'),
  managed: zonePages('Pages managed by the page allocator.'),
  free: zonePages('Pages free at the start. Default: all that are managed.').optional(),
  min: zonePages('Watermark. Default: computed as the kernel does.').optional(),
  low: zonePages('Watermark.').optional(),
  high: zonePages('Watermark.').optional(),
  protection: z
    .array(integer(0, PAGES_MAX), { error: 'a list of page counts' })
    .max(8, { error: 'at most 8 page counts' })
    .optional()
    .describe('lowmem_reserve, one number a class zone.'),
})
  .transform(
    (v): ZoneSpec => ({
      node: v.node,
      name: v.name,
      presentPages: v.present,
      managedPages: v.managed,
      freePages: v.free ?? null,
      minPages: v.min ?? null,
      lowPages: v.low ?? null,
      highPages: v.high ?? null,
      protectionPages: v.protection ?? null,
    }),
  )
  .describe('A zone as /proc/zoneinfo shows it. All amounts are pages, without unit.');

const device = {
  latency: time
    .prefault(DEVICE_LATENCY)
    .describe('How long a transfer takes beyond its share of the bandwidth. 0 for none.'),
  bandwidth: bandwidth
    .prefault(DEVICE_BANDWIDTH)
    .describe('How much the device transfers in a second, reads and writes together.'),
};

function deviceSpec(written: { latency: number; bandwidth: number }): DeviceSpec {
  const pageNs = Math.round((PAGE_BYTES * NS_PER_S) / written.bandwidth);
  return { pageNs, latencyNs: written.latency };
}

const disk = strict(device).prefault({}).transform(deviceSpec);

export interface Swap {
  readonly size: number;
  readonly device: DeviceSpec;
}

const swap = shortOrLong<Swap, Swap>(
  'a size, or { size: 1GiB, latency: 80us, bandwidth: 1GiB/s }',
  size.transform((bytes) => ({ size: bytes, device: disk.parse({}) })),
  strict({ size: size.describe('Size of the swap area.'), ...device }).transform(
    ({ size: bytes, ...rest }) => ({ size: bytes, device: deviceSpec(rest) }),
  ),
).describe('Swap space: a size, or { size: 1GiB, latency: 80us, bandwidth: 1GiB/s }.');

const exec = strict({
  anon: pages.prefault('40 pages').describe('Private pages: stack, data, heap.'),
  shmem: pages.prefault(0).describe('Shared memory pages, one set for all processes.'),
  file: pages.prefault('200 pages').describe('Mapped pages of the binary and its libraries.'),
  pgtables: pages.prefault('12 pages').describe('Page tables.'),
  slab: pages.prefault('12 pages').describe('task_struct, kernel stack, VMAs, dentries …'),
})
  .transform((v): MachineSpec['exec'] => ({
    anonPages: v.anon,
    shmemPages: v.shmem,
    filePages: v.file,
    pgtablesPages: v.pgtables,
    slabPages: v.slab,
  }))
  .describe('What every process needs besides its program.');

const costs = strict({
  touch_page: time.prefault('250ns').describe('Fault in and zero a page.'),
  free_page: time.prefault('130ns').describe('Unmap and free a page at exit.'),
  reap_page: time.prefault('200ns').describe('Unmap and free a page in the OOM reaper.'),
  scan_page: time.prefault('50ns').describe('Look at a page in reclaim.'),
  swap_page: time.prefault('2us').describe('CPU time to swap a page out or in.'),
  read_page: time.prefault('1us').describe('CPU time to read a page of a file.'),
  syscall: time.prefault('300ns').describe('Enter and leave the kernel.'),
  fork: time.prefault('80us').describe('fork() of a small process.'),
  context_switch: time.prefault('2us').describe('Switch to another task.'),
  oom_task_scan: time.prefault('100ns').describe('oom_badness() of one task.'),
  oom_report: time.prefault('1ms').describe('Print the header of an OOM report.'),
  oom_report_task: time.prefault('10us').describe('Print one row of the task table.'),
  oom_kill: time.prefault('20us').describe('Kill one process.'),
  reclaim_visit: time
    .prefault('500ns')
    .describe('Look at one cgroup at one reclaim priority, besides its pages.'),
})
  .transform(
    (v): CostSpec => ({
      touchPageNs: v.touch_page,
      freePageNs: v.free_page,
      reapPageNs: v.reap_page,
      scanPageNs: v.scan_page,
      swapPageNs: v.swap_page,
      readPageNs: v.read_page,
      syscallNs: v.syscall,
      forkNs: v.fork,
      contextSwitchNs: v.context_switch,
      oomTaskScanNs: v.oom_task_scan,
      oomReportNs: v.oom_report,
      oomReportTaskNs: v.oom_report_task,
      oomKillNs: v.oom_kill,
      reclaimVisitNs: v.reclaim_visit,
    }),
  )
  .describe('CPU time that memory work takes.');

/** The machine as written; the output has every default filled in. */
export const machine = strict({
  memory: size
    .optional()
    .describe('RAM that the page allocator manages. Needed unless zones are listed.'),
  swap: swap.prefault(0),
  cpus: integer(1, 1024).prefault(2).describe('CPUs.'),
  hz: z
    .literal([100, 250, 300, 1000], { error: '100, 250, 300 or 1000' })
    .prefault(250)
    .describe('CONFIG_HZ.'),
  nodes: integer(1, 64).optional().describe('NUMA nodes. Default: those of the zones, or 1.'),
  zones: z
    .array(zone, { error: 'a list of zones' })
    .min(1, { error: 'at least one zone' })
    .max(256, { error: 'at most 256 zones' })
    .optional()
    .describe('Explicit zones. Default: computed from memory.'),
  referenced_anon: integer(0, 1000)
    .prefault(0)
    .describe('Permille of scanned anonymous pages found in use.'),
  referenced_file: integer(0, 1000)
    .prefault(0)
    .describe('Permille of scanned file pages found in use.'),
  oom_lock: z
    .enum(['barging', 'fifo'], { error: 'barging or fifo' })
    .prefault('barging')
    .describe('When oom_lock is released: free for all (as the kernel), or to the first waiter.'),
  tmpfs: size.optional().describe('Size of tmpfs. Default: half of memory.'),
  thp: flag()
    .prefault(false)
    .describe('Transparent huge pages: cheaper by the page, and a higher min_free_kbytes.'),
  disk: disk.describe('The disk that files are on.'),
  cache: pages.prefault(0).describe('Clean page cache at the start that no cgroup is charged for.'),
  exec: exec.prefault({}),
  costs: costs.prefault({}),
})
  .superRefine((v, ctx) => {
    if (v.memory !== undefined || v.zones !== undefined) return;
    ctx.addIssue({
      code: 'custom',
      message: 'missing "memory": say how much RAM there is, e.g. memory: 512MiB',
      params: { free: true },
    });
  })
  .transform((v): MachineSpec => {
    const zones = v.zones ?? null;
    const zoneBytes = (zones ?? []).reduce((sum, z) => sum + z.managedPages * PAGE_BYTES, 0);
    const zoneNodes = (zones ?? []).reduce((most, z) => Math.max(most, z.node + 1), 1);
    return {
      memoryBytes: v.memory ?? zoneBytes,
      zones,
      nodes: v.nodes ?? zoneNodes,
      cpus: v.cpus,
      hz: v.hz,
      swapBytes: v.swap.size,
      swapDevice: v.swap.device,
      disk: v.disk,
      thp: v.thp,
      referencedAnon: v.referenced_anon,
      referencedFile: v.referenced_file,
      oomLockHandOff: v.oom_lock,
      tmpfsBytes: v.tmpfs ?? null,
      cachePages: v.cache,
      exec: v.exec,
      costs: v.costs,
    };
  })
  .describe('The machine.');
