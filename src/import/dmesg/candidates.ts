/**
 * The processes that the kernel chose among, as far as the log has them: the rows of the table, and
 * the victim rebuilt from its kill line where its row was lost.
 */
import type { KillLine, OomReport, TaskRow } from './types.js';

/** More than any process has: the kill line was garbled. */
const PAGES_MAX = 2 ** 34;
const ADDRESSES_MAX = 2 ** 45;

/** Rows of the table and, at the end, the victim's if it had to be rebuilt. */
export function candidateRows(report: OomReport): readonly TaskRow[] {
  const rows = (report.tasks?.rows ?? []).map((row) => (row.cut ? mended(row, report) : row));
  const rebuilt = rebuiltRow(report);
  return rebuilt === null ? rows : [...rows, rebuilt];
}

/** A row that a pager cut, with what other lines say of the same process. */
function mended(row: TaskRow, { kills, trigger }: OomReport): TaskRow {
  const kill = kills.find((line) => line.pid === row.pid);
  const asker = trigger?.pid === row.pid ? trigger : null;
  return {
    ...row,
    comm: kill?.comm || asker?.comm || '?',
    oomScoreAdj: kill?.oomScoreAdj ?? asker?.oomScoreAdj ?? null,
  };
}

/** The victim's row made from its kill line; null when there is a row, no table, or no sizes. */
export function rebuiltRow(report: OomReport): TaskRow | null {
  const rows = report.tasks?.rows ?? [];
  const kill = report.kills.find((line) => line.verb === 'kill');
  if (rows.length === 0 || kill === undefined || kill.anonRssKb === null) return null;
  if (rows.some((row) => row.pid === kill.pid || row.tgid === kill.pid)) return null;
  if (threadIsListed(report, rows)) return null;
  const row = rowOf(kill, report);
  return row.rssPages > PAGES_MAX || row.totalVmPages > ADDRESSES_MAX ? null : row;
}

/** A memcg scan may have selected a thread whose process has its row under another pid. */
function threadIsListed(report: OomReport, rows: readonly TaskRow[]): boolean {
  const selected = report.kills.find((line) => line.verb === 'select')?.pid ?? report.summary?.pid;
  return selected != null && rows.some((row) => row.pid === selected || row.tgid === selected);
}

function rowOf(kill: KillLine, { pageSizeKb }: OomReport): TaskRow {
  const pages = (kB: number | null): number => Math.floor((kB ?? 0) / pageSizeKb);
  return {
    pid: kill.pid,
    uid: kill.uid ?? 0,
    tgid: kill.pid,
    totalVmPages: pages(kill.totalVmKb),
    rssPages: pages(kill.anonRssKb) + pages(kill.fileRssKb) + pages(kill.shmemRssKb),
    rssAnonPages: pages(kill.anonRssKb),
    rssFilePages: pages(kill.fileRssKb),
    rssShmemPages: pages(kill.shmemRssKb),
    nrPtes: null,
    nrPmds: null,
    pgtablesBytes: kill.pgtablesKb === null ? null : kill.pgtablesKb * 1024,
    swapents: null,
    oomAdj: null,
    oomScoreAdj: kill.oomScoreAdj,
    comm: kill.comm,
    cut: false,
    line: kill.line,
  };
}
