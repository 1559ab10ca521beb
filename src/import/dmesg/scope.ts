/** Two things that a report does not say outright: its scope and its page size. */
import type { KillLine, OomReport, TaskTable } from './types.js';

type Found = Pick<
  OomReport,
  'summary' | 'kills' | 'memory' | 'memcg' | 'tasks' | 'noKillable' | 'panic'
>;

/**
 * Global or memcg. The printed constraint is the last witness: kernels 5.0 to 5.2 print
 * CONSTRAINT_NONE on memcg OOMs.
 */
export function scopeOf(found: Found, memcgInStack: boolean): [OomReport['scope'], string] {
  const message = found.kills.find((kill) => kill.message !== '')?.message ?? '';
  // OpenVZ's containers have user beancounters in place of cgroups.
  const inGroup = /^.{0,40}(?:memory cgroup out of memory|out of memory in UB )/i;
  if (inGroup.test(message)) return ['memcg', 'the kill line'];
  if (found.memcg !== null && found.memcg.memory !== null) return ['memcg', 'the usage lines'];
  if (found.memcg !== null) return ['memcg', 'the cgroup that is named'];
  if (found.summary?.globalOom === true) return ['global', 'global_oom in the summary line'];
  if (found.summary?.constraint === 'CONSTRAINT_MEMCG') return ['memcg', 'the constraint'];
  if (/out of memory/i.test(message)) return ['global', 'the kill line'];
  if (memcgInStack) return ['memcg', 'the call trace'];
  // A cgroup without anybody to kill makes no kernel panic; `compulsory` may be a cgroup's, too.
  if (found.panic !== null && !/ompulsory/.test(found.panic)) return ['global', 'the panic'];
  if (found.memory !== null) return ['global', 'the Mem-Info'];
  if (found.summary?.constraint != null) return ['global', 'the constraint'];
  return ['unknown', 'nothing in the report tells'];
}

const PAGE_SIZES_KB = [4, 8, 16, 64];
/** So many rows do not all have a multiple of a larger page by chance. */
const TABLE_ROWS_MIN = 8;

/** kB per page: total-vm is in kB on the kill line and in pages in the table. */
export function pageSizeOf(
  kills: readonly KillLine[],
  tasks: TaskTable | null,
  smallestBlockKb: number | null,
): [number, OomReport['pageSizeFrom']] {
  for (const kill of kills.slice(0, 16)) {
    const row = tasks?.rows.find((task) => task.pid === kill.pid);
    if (row === undefined || row.totalVmPages === 0 || kill.totalVmKb === null) continue;
    const size = kill.totalVmKb / row.totalVmPages;
    if (PAGE_SIZES_KB.includes(size)) return [size, 'victim'];
  }
  if (smallestBlockKb !== null && PAGE_SIZES_KB.includes(smallestBlockKb)) {
    return [smallestBlockKb, 'free lists'];
  }
  const tables = pageOfTables(tasks);
  return tables === null ? [4, 'assumed'] : [tables, 'page tables'];
}

/** A page table takes a page: where all are multiples of 16 or 64 KiB, so large is a page. */
function pageOfTables(tasks: TaskTable | null): number | null {
  const sizes = (tasks?.rows ?? []).flatMap((row) => row.pgtablesBytes || []);
  if (sizes.length < TABLE_ROWS_MIN) return null;
  const fits = (kB: number): boolean => sizes.every((bytes) => bytes % (kB * 1024) === 0);
  return [64, 16].find(fits) ?? null;
}
