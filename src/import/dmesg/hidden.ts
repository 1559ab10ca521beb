/**
 * What a process has and its row does not show. The tables of 2.6.32 to 3.4, RHEL 6 and some vendors
 * have columns for neither page tables nor swap, and both count.
 */
import type { OomReport, TaskRow } from './types.js';

/** One page of page tables maps at least so many pages: 8-byte entries in pages of 4 KiB. */
const PAGES_MAPPED_PER_KB = 128;
/** Every level above the lowest has at least one page; more are rare. */
const UPPER_TABLES_PAGES = 8;

/** Most that a row may leave out, in pages. */
export interface HiddenPages {
  readonly swap: number;
  readonly tables: number;
}

/** Bounds for one row; zeros where its table has the columns. */
export function hiddenPages(report: OomReport, row: TaskRow): HiddenPages {
  const columns = report.tasks?.columns ?? [];
  if (columns.length === 0) return { swap: 0, tables: 0 };
  const swap = columns.includes('swapents') ? 0 : swapInUse(report, row.totalVmPages);
  const tabled = columns.includes('nr_ptes') || columns.includes('pgtables_bytes');
  const lowest = Math.ceil(row.totalVmPages / (report.pageSizeKb * PAGES_MAPPED_PER_KB));
  return { swap, tables: tabled ? 0 : 2 * lowest + UPPER_TABLES_PAGES };
}

/** Swap in use on the machine, of which one process can have no more than its address space. */
function swapInUse({ memory, hint, pageSizeKb }: OomReport, totalVmPages: number): number {
  const total = memory?.totalSwapKb ?? hint?.totalSwapKb ?? null;
  if (total === null) return totalVmPages;
  const used = Math.floor((total - (memory?.freeSwapKb ?? 0)) / pageSizeKb);
  return Math.max(0, Math.min(used, totalVmPages));
}

/** `swap and page tables`, as far as they are hidden. */
export function hiddenText({ swap, tables }: HiddenPages): string {
  return [...(swap > 0 ? ['swap'] : []), ...(tables > 0 ? ['page tables'] : [])].join(' and ');
}
