/** Which memory nodes an allocation could use, and the constraint that follows from them. */
import type { OomReport, ZoneReport } from './types.js';

/** Mem-Info shows only nodes that may be used: less of the memory than this, and some may not. */
const SHOWN_SHARE_MIN = 0.9;

/** `0-1,3` as a set; nodes number at most 1024. */
export function nodeSet(mask: string | null): ReadonlySet<number> {
  const nodes = new Set<number>();
  for (const part of (mask ?? '').split(',').slice(0, 1024)) {
    const [first, last] = part.split('-').map(Number);
    if (first === undefined || Number.isNaN(first) || part === '') continue;
    for (let node = first; node <= Math.min(last ?? first, 1023); node++) nodes.add(node);
  }
  return nodes;
}

/**
 * The constraint as printed; up to 4.20 it is not printed, but follows from the nodes that are.
 * null: none, or nothing tells.
 */
export function constraintOf(report: OomReport): string | null {
  if (report.constraint !== null || report.scope !== 'global') return report.constraint;
  const policy = nodeSet(report.trigger?.nodemask ?? null);
  const cpuset = nodeSet(report.memsAllowed);
  const shown = new Set(report.memory?.zones.map((zone) => zone.node) ?? []);
  if (leavesOut(policy, shown)) return 'CONSTRAINT_MEMORY_POLICY';
  if (leavesOut(cpuset, shown)) return 'CONSTRAINT_CPUSET';
  if (!hidesNodes(report)) return null;
  return leavesOut(policy, cpuset) ? 'CONSTRAINT_MEMORY_POLICY' : 'CONSTRAINT_CPUSET';
}

/** The mask that a constraint is about; null when there is no constraint of nodes. */
export function allowedNodes(report: OomReport, constraint: string | null): string | null {
  if (constraint === 'CONSTRAINT_CPUSET') return report.memsAllowed;
  if (constraint !== 'CONSTRAINT_MEMORY_POLICY') return null;
  return report.summary?.nodemask ?? report.trigger?.nodemask ?? null;
}

/** Whether `nodes` are some, but not all of `all`. */
function leavesOut(nodes: ReadonlySet<number>, all: ReadonlySet<number>): boolean {
  return nodes.size > 0 && nodes.size < all.size && [...nodes].every((node) => all.has(node));
}

/**
 * Whether every node that is shown has all its zones: consoles and people lose lines, and a sum over
 * what is left says nothing. A zone below others keeps pages from them, and a node has no more on its
 * lists than its zones hold.
 */
export function zonesAreWhole({ memory }: OomReport): boolean {
  const top = new Map<number, ZoneReport>();
  const presentKb = new Map<number, number>();
  for (const zone of memory?.zones ?? []) {
    top.set(zone.node, zone);
    presentKb.set(zone.node, (presentKb.get(zone.node) ?? 0) + (zone.presentKb ?? 0));
  }
  for (const zone of top.values()) {
    if (zone.lowmemReservePages?.some((pages) => pages > 0) === true) return false;
  }
  return (memory?.nodes ?? []).every(({ node, values }) => {
    const lists = (values.get('active_anon') ?? 0) + (values.get('inactive_anon') ?? 0);
    return lists <= (presentKb.get(node) ?? 0);
  });
}

function hidesNodes(report: OomReport): boolean {
  const { memory, pageSizeKb } = report;
  if (memory === null || memory.ramPages === null || memory.zones.length === 0) return false;
  if (!zonesAreWhole(report)) return false;
  let presentKb = 0;
  for (const zone of memory.zones) {
    if (zone.presentKb === null) return false;
    presentKb += zone.presentKb;
  }
  // Some architectures count holes as RAM, and reserve them.
  const usablePages = memory.ramPages - (memory.reservedPages ?? 0);
  return presentKb > 0 && presentKb < usablePages * pageSizeKb * SHOWN_SHARE_MIN;
}
