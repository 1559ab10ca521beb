/**
 * `totalpages`: what oom_score_adj is a thousandth of, and printed scores too. KERNEL.md 2.5.
 * A memcg report does not print the machine's swap; then only bounds can be given.
 */
import { allowedNodes, constraintOf, nodeSet, zonesAreWhole } from './nodes.js';
import { limitKb } from './numbers.js';
import type { OomReport, ZoneReport } from './types.js';

/** The base of the arithmetic. */
export interface TotalPages {
  /** Best value. */
  readonly pages: number;
  readonly min: number;
  /** null: nothing in the log bounds it. */
  readonly max: number | null;
  /** Whether the report prints everything that the kernel added up. */
  readonly exact: boolean;
  /** The sum in words. */
  readonly from: string;
}

/** The kernel's `totalpages` for this report; null when the report says nothing about it. */
export function totalPagesOf(report: OomReport): TotalPages | null {
  return report.scope === 'memcg' ? memcgTotal(report) : globalTotal(report);
}

function globalTotal(report: OomReport): TotalPages | null {
  const memory = report.memory ?? null;
  const ram = memory?.ramPages ?? report.hint?.ramPages ?? null;
  const reserved = memory?.reservedPages ?? report.hint?.reservedPages ?? null;
  const swapKb = memory?.totalSwapKb ?? report.hint?.totalSwapKb ?? null;
  const zones = report.memory?.zones ?? [];
  const managed = sumOf(zones, (zone) => zone.managedKb, report.pageSizeKb);
  const present = sumOf(zones, (zone) => zone.presentKb, report.pageSizeKb);
  const swap = Math.floor((swapKb ?? 0) / report.pageSizeKb);
  const borrowed = memory?.ramPages == null ? ', from another report of this boot' : '';
  const swapText = swapKb === null ? 'swap not printed, taken as 0' : `${swap} pages of swap`;
  const constrained = constrainedTotal(report, swap);
  if (constrained !== null) return constrained;
  // A page count that the zones contradict was garbled: the log, not the kernel, is wrong.
  const comparable = ram !== null && present !== null && zonesAreWhole(report);
  const garbled = comparable && Math.abs(ram - present) > present / 2;
  if (ram !== null && reserved !== null && !garbled) {
    const pages = Math.max(1, ram - reserved + swap);
    return {
      pages,
      min: pages,
      max: swapKb === null ? null : pages,
      exact: swapKb !== null,
      from: `${ram} pages RAM − ${reserved} reserved + ${swapText}${borrowed}`,
    };
  }
  if (managed === null) return null;
  const pages = Math.max(1, managed + swap);
  const why = garbled ? `the zones' managed pages (${ram} pages RAM cannot be)` : 'managed pages';
  return {
    pages,
    min: pages,
    max: swapKb === null ? null : pages,
    exact: false,
    from: `${why} ${managed} + ${swapText}`,
  };
}

function sumOf(
  zones: readonly ZoneReport[],
  kB: (zone: ZoneReport) => number | null,
  pageSizeKb: number,
): number | null {
  let sum = 0;
  for (const zone of zones) {
    const value = kB(zone);
    if (value === null) return null;
    sum += Math.floor(value / pageSizeKb);
  }
  return zones.length === 0 ? null : sum;
}

/** CONSTRAINT_CPUSET and CONSTRAINT_MEMORY_POLICY count the allowed nodes only, holes included. */
function constrainedTotal(report: OomReport, swap: number): TotalPages | null {
  const constraint = constraintOf(report);
  const mask = allowedNodes(report, constraint);
  if (mask === null) return null;
  const nodes = nodeSet(mask);
  const zones = report.memory?.zones.filter((zone) => nodes.has(zone.node)) ?? [];
  const present = sumOf(zones, (zone) => zone.presentKb, report.pageSizeKb);
  if (present === null) return null;
  const pages = present + swap;
  const from = `present pages ${present} of nodes ${mask} + ${swap} pages of swap (${constraint})`;
  return { pages, min: pages, max: pages, exact: false, from };
}

function memcgTotal(report: OomReport): TotalPages | null {
  const memcg = report.memcg;
  const maxKb = memcg?.memory?.limitKb ?? hierarchicalLimitKb(report);
  if (memcg === null || maxKb === null || maxKb === Number.POSITIVE_INFINITY) return null;
  const page = report.pageSizeKb;
  const limit = Math.max(1, Math.floor(maxKb / page));
  const room = swapRoom(report, maxKb);
  if (room.maxKb === 0) {
    return exactly(limit, `memory limit ${limit} pages, ${room.why}`);
  }
  const swapKb = report.memory?.totalSwapKb ?? report.hint?.totalSwapKb ?? null;
  const roomPages = Math.floor(room.maxKb / page);
  const used = Math.min(roomPages, Math.floor(swapInUseKb(report) / page));
  const finite = room.maxKb !== Number.POSITIVE_INFINITY;
  if (swapKb !== null) {
    const swap = Math.min(Math.floor(swapKb / page), roomPages);
    const sum = `memory limit ${limit} pages + ${swap} of swap (${room.why})`;
    if (report.memory?.totalSwapKb != null) return exactly(limit + swap, sum);
    // Another report's swap: of another machine, perhaps, where logs were pasted together.
    const max = finite ? limit + roomPages : null;
    const from = `${sum}, from another report of this boot`;
    return { pages: limit + swap, min: limit + used, max, exact: false, from };
  }
  const swap = finite && used > 0 ? roomPages : used;
  return {
    pages: limit + swap,
    min: limit + used,
    max: finite ? limit + roomPages : null,
    exact: false,
    from:
      `memory limit ${limit} pages + swap that the report does not print ` +
      `(${used} in use, ${room.why})`,
  };
}

/** v1 statistics since 5.2 repeat the limit: the usage lines above them may have been lost. */
function hierarchicalLimitKb(report: OomReport): number | null {
  const bytes = report.memcg?.stats[0]?.values.get('hierarchical_memory_limit');
  return bytes === undefined ? null : limitKb(String(Math.floor(bytes / 1024)));
}

function exactly(pages: number, from: string): TotalPages {
  return { pages, min: pages, max: pages, exact: true, from };
}

/** How much swap the cgroup may use, whatever the machine has. */
function swapRoom(report: OomReport, limitKb: number): { maxKb: number; why: string } {
  const { memorySwap, swap } = report.memcg ?? { memorySwap: null, swap: null };
  if (memorySwap !== null) {
    if (memorySwap.limitKb === Number.POSITIVE_INFINITY) {
      return { maxKb: Number.POSITIVE_INFINITY, why: 'memory+swap unlimited' };
    }
    const maxKb = Math.max(0, memorySwap.limitKb - limitKb);
    return { maxKb, why: `memory+swap limit leaves ${maxKb} kB` };
  }
  if (swap !== null) {
    const unlimited = swap.limitKb === Number.POSITIVE_INFINITY;
    return {
      maxKb: swap.limitKb,
      why: unlimited ? 'swap unlimited' : `swap limit ${swap.limitKb} kB`,
    };
  }
  return { maxKb: Number.POSITIVE_INFINITY, why: 'no swap limit printed' };
}

/** At least so much swap exists: it is in use. */
function swapInUseKb(report: OomReport): number {
  const { memorySwap, swap, memory } = report.memcg ?? {};
  const counted = swap?.usageKb ?? 0;
  const difference = Math.max(0, (memorySwap?.usageKb ?? 0) - (memory?.usageKb ?? 0));
  let rows = 0;
  for (const row of report.tasks?.rows ?? []) rows += (row.swapents ?? 0) * report.pageSizeKb;
  return Math.max(counted, difference, rows);
}
