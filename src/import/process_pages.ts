/** Pages of processes at the start of an imported workload, made to fit where they are shared. */
import type { WorkloadFile } from '../workload/write.js';

type ProcessFile = NonNullable<WorkloadFile['processes']>[number];

/** Pages of one process at the start of the workload. */
export interface ProcessPages {
  anon: number;
  file: number;
  shmem: number;
  swap: number;
  readonly pgtables: number;
  readonly totalVm: number;
  /** Where anon, file and shmem come from. */
  readonly from: 'table' | 'kill line' | 'share' | 'status';
}

/**
 * Makes anonymous memory and page tables fit into `room` pages: memory shared after fork() is
 * counted once by the machine and once by every process that maps it. What is too much becomes file
 * pages, which changes no score.
 * @returns how many pages were moved
 */
export function fitInto(pages: ReadonlyMap<number, ProcessPages>, room: number): number {
  let needed = 0;
  let anon = 0;
  for (const process of pages.values()) {
    needed += process.anon + process.pgtables;
    anon += process.anon;
  }
  const surplus = needed - room;
  if (surplus <= 0 || anon === 0) return 0;
  const keep = Math.max(0, (anon - surplus) / anon);
  let moved = 0;
  for (const process of pages.values()) {
    const move = process.anon - Math.floor(process.anon * keep);
    process.anon -= move;
    process.file += move;
    moved += move;
  }
  return moved;
}

/**
 * Makes swap entries fit into the machine's swap, for the same reason: an entry shared after fork()
 * is counted by every process that has it. The rest becomes file pages, which changes no score.
 * @returns how many entries were moved
 */
export function fitSwap(pages: ReadonlyMap<number, ProcessPages>, swapPages: number): number {
  let used = 0;
  for (const process of pages.values()) used += process.swap;
  if (used <= swapPages) return 0;
  let moved = 0;
  for (const process of pages.values()) {
    const move = process.swap - Math.floor((process.swap * swapPages) / used);
    process.swap -= move;
    process.file += move;
    moved += move;
  }
  return moved;
}

/** The same as the `memory` of a process in a workload file. */
export function memoryOf(pages: ProcessPages): ProcessFile['memory'] {
  return {
    anon: `${pages.anon} pages`,
    file: `${pages.file} pages`,
    shmem: `${pages.shmem} pages`,
    swap: `${pages.swap} pages`,
    pgtables: `${pages.pgtables} pages`,
    total_vm: `${pages.totalVm} pages`,
  };
}
