/** What the measured virtual machine was like: costs of the emulated CPU, and its one program. */
import type { CostSpec, DeviceSpec, MachineSpec } from '../../workload/types.js';

/**
 * truth/FINDINGS-6.1.md, regime 2 (2 ns an instruction): touching a page 14.3 µs, freeing 2.8 µs,
 * reaping 4.3 µs; a memcg reclaim call that finds nothing 88 µs, which is 13 priorities; a report
 * 0.7 ms and 10 µs a row; members of a killed group get their signal 0.6 ms apart, as each has a log
 * line of its own.
 */
const COSTS_6_1: CostSpec = {
  touchPageNs: 14_300,
  freePageNs: 2_800,
  reapPageNs: 4_300,
  scanPageNs: 600,
  swapPageNs: 15_000,
  readPageNs: 8_000,
  syscallNs: 3_000,
  forkNs: 600_000,
  contextSwitchNs: 10_000,
  oomTaskScanNs: 1_000,
  oomReportNs: 700_000,
  oomReportTaskNs: 10_000,
  oomKillNs: 600_000,
  reclaimVisitNs: 6_800,
};

/**
 * That kernel was built for the lab and does less for a page. truth/FINDINGS-4.15.md (icount1): 481 MB
 * are reaped in 171 to 175 ms, and gone 175 ms after the choice. Touching: what a lone leak needs to
 * its first kill on one CPU (a2, q2, v1, y2, y4: all within 1 %).
 */
const COSTS_4_15: CostSpec = {
  ...COSTS_6_1,
  touchPageNs: 11_200,
  freePageNs: 1_400,
  reapPageNs: 1_400,
  oomKillNs: 15_000,
};

export const EMULATED_COSTS: Readonly<Record<string, CostSpec>> = {
  '4.15': COSTS_4_15,
  '6.1': COSTS_6_1,
};

/**
 * The durations were measured on one CPU with a clock that counts instructions, so that is the machine
 * to play. Other runs had the scenario's `smp` CPUs in parallel, at whatever speed their host had left.
 */
export const EMULATED_CPUS = 1;

export const EMULATED_DEVICE: DeviceSpec = { pageNs: 20_000, latencyNs: 0 };

/**
 * The lab's static program: 0.8 MB of it are shared (it lies in a tmpfs), one page is file-backed.
 * Private pages, page tables and slab of a process that has done nothing yet.
 */
const PROCESS: MachineSpec['exec'] = {
  anonPages: 24,
  shmemPages: 201,
  filePages: 0,
  pgtablesPages: 10,
  slabPages: 10,
};

/**
 * On 6.1 a page or two of file cache were always there, so that reclaim was retried 16 times before
 * each OOM (truth/FINDINGS-6.1.md, "Reclaim before OOM").
 */
export const GUEST_PROCESS: Readonly<Record<string, MachineSpec['exec']>> = {
  '4.15': PROCESS,
  '6.1': { ...PROCESS, shmemPages: 200, filePages: 1 },
};
