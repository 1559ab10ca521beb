/** Rows of the task table that the log does not have, and how one can tell. */
import type { LostRows, OomReport } from './types.js';

type Found = Pick<OomReport, 'summary' | 'kills' | 'memory' | 'trigger' | 'tasks'>;

/** Whole tables hold 0.97 to 1.2 of the machine's page tables; below this, rows are missing. */
const PGTABLES_SHARE_MIN = 0.85;
/** A few processes' page tables prove nothing. */
const PGTABLES_PAGES_MIN = 1000;

/** Messages that a `… dropped / missed` line admits to; 1 where it does not count the kernel's. */
export function lostMessages(text: string): number {
  // Suppressed call-backs are whole reports or other messages, not rows.
  if (text.includes('callbacks')) return 0;
  const digits = /(\d{1,7}) (?:printk|kernel) messages/.exec(text)?.[1];
  return digits === undefined ? 1 : Math.max(1, Number(digits));
}

/** What says that rows are missing. */
export function lostRows(
  found: Found,
  scope: OomReport['scope'],
  pageSizeKb: number,
  lostCount: number,
): LostRows {
  const evidence: string[] = [];
  const table = found.tasks;
  if (table === null) return { atLeast: 0, estimatedRows: null, evidence };
  let atLeast = 0;
  if (lostCount > 0) {
    atLeast += lostCount;
    evidence.push(`the log admits to ${lostCount} lost messages`);
  }
  if (table.damagedRows > 0) {
    atLeast += table.damagedRows;
    evidence.push(`${table.damagedRows} rows are cut or garbled`);
  }
  const cut = table.rows.filter((row) => row.cut).length;
  if (cut > 0) evidence.push(`${cut} rows are cut: their oom_score_adj and swap are taken for 0`);
  for (const [pid, comm, why] of expectedRows(found)) {
    if (table.rows.some((row) => row.pid === pid || row.tgid === pid)) continue;
    atLeast = Math.max(atLeast, 1);
    evidence.push(`${why} ${pid} (${comm}) has no row`);
  }
  const share = scope === 'global' ? pgtablesShare(found, pageSizeKb) : null;
  let estimatedRows: number | null = null;
  if (share !== null && share < PGTABLES_SHARE_MIN) {
    estimatedRows = Math.round(table.rows.length / share);
    evidence.push(
      `the rows hold ${Math.round(share * 100)} % of the machine's page tables, ` +
        `so some ${estimatedRows} rows may have been printed`,
    );
  }
  return { atLeast, estimatedRows, evidence };
}

/** Processes that must have had a row: they were chosen from among them. */
function expectedRows(found: Found): readonly [number, string, string][] {
  const expected: [number, string, string][] = [];
  const selected = found.kills.find((kill) => kill.verb === 'select');
  const victim = found.kills.find((kill) => kill.verb === 'kill' && !kill.repeated);
  if (selected !== undefined) expected.push([selected.pid, selected.comm, 'the selected process']);
  else if (found.summary?.pid != null) {
    expected.push([found.summary.pid, found.summary.comm ?? '', 'the selected process']);
  }
  if (victim !== undefined && victim.pid !== expected[0]?.[0]) {
    expected.push([victim.pid, victim.comm, 'the victim']);
  }
  return expected;
}

/** Page tables are never shared: the rows' must add up to what Mem-Info counts. */
function pgtablesShare(found: Found, pageSizeKb: number): number | null {
  const total = found.memory?.totals.get('pagetables') ?? 0;
  const rows = found.tasks?.rows ?? [];
  if (total < PGTABLES_PAGES_MIN || rows.length === 0) return null;
  let sum = 0;
  for (const row of rows) {
    if (row.pgtablesBytes !== null) sum += row.pgtablesBytes / (pageSizeKb * 1024);
    else if (row.nrPtes !== null) sum += row.nrPtes;
    else return null;
  }
  return sum / total;
}
