/**
 * What a process has, for the workload: anonymous, file and shared pages. Before 6.8 the table
 * prints only their sum; then the victim's kill line tells its own split, and what the machine or
 * the cgroup has of anonymous memory is shared out among the others.
 */
import type { ProcessPages } from '../process_pages.js';
import { pageTablesOf } from './badness.js';
import type { KillLine, OomReport, TaskRow } from './types.js';

/** The split of all rows and how it was made. */
export interface RssSplit {
  readonly pages: ReadonlyMap<number, ProcessPages>;
  /** Share of RSS taken for anonymous where the log does not say; null when it always does. */
  readonly anonShare: number | null;
  /** What that share was computed from. */
  readonly shareFrom: string;
}

/** Splits the RSS of every row; rows are keyed by pid. */
export function splitRss(report: OomReport, rows: readonly TaskRow[]): RssSplit {
  const kills = new Map<number, KillLine>();
  for (const kill of report.kills) if (!kills.has(kill.pid)) kills.set(kill.pid, kill);
  const pages = new Map<number, ProcessPages>();
  const open: TaskRow[] = [];
  let exactAnon = 0;
  for (const row of rows) {
    const exact = fromTable(row, report) ?? fromKill(row, kills.get(row.pid), report);
    if (exact === null) open.push(row);
    else {
      pages.set(row.pid, exact);
      exactAnon += exact.anon;
    }
  }
  if (open.length === 0) return { pages, anonShare: null, shareFrom: '' };
  const [anonPages, shareFrom] = anonymousTotal(report);
  const openRss = open.reduce((sum, row) => sum + row.rssPages, 0);
  const room = anonPages === null ? openRss : Math.max(0, anonPages - exactAnon);
  const anonShare = openRss === 0 ? 0 : Math.min(1, room / openRss);
  for (const row of open) {
    const anon = Math.floor(row.rssPages * anonShare);
    pages.set(row.pid, { ...rest(row, report), anon, file: row.rssPages - anon, from: 'share' });
  }
  return { pages, anonShare, shareFrom };
}

type Rest = Omit<ProcessPages, 'anon' | 'file' | 'from'>;

function rest(row: TaskRow, report: OomReport): Rest {
  return {
    shmem: 0,
    swap: Math.max(0, row.swapents ?? 0),
    pgtables: Math.max(0, pageTablesOf(row, report.pageSizeKb)),
    totalVm: row.totalVmPages,
  };
}

function fromTable(row: TaskRow, report: OomReport): ProcessPages | null {
  const { rssAnonPages: anon, rssFilePages: file, rssShmemPages: shmem } = row;
  if (anon === null || file === null || shmem === null) return null;
  // The three are read one after another: their sum may miss the total by a page or two.
  if (anon < 0 || file < 0 || shmem < 0 || anon + shmem > row.rssPages) return null;
  return { ...rest(row, report), anon, file: row.rssPages - anon - shmem, shmem, from: 'table' };
}

function fromKill(
  row: TaskRow,
  kill: KillLine | undefined,
  report: OomReport,
): ProcessPages | null {
  if (kill?.anonRssKb == null) return null;
  const anon = Math.floor(kill.anonRssKb / report.pageSizeKb);
  const shmem = Math.floor((kill.shmemRssKb ?? 0) / report.pageSizeKb);
  if (anon + shmem > row.rssPages) return null;
  const file = row.rssPages - anon - shmem;
  return { ...rest(row, report), anon, file, shmem, from: 'kill line' };
}

/** Anonymous pages of everything in the table together, as far as the report prints them. */
function anonymousTotal(report: OomReport): [number | null, string] {
  const stats = report.memcg?.stats[0];
  if (report.scope === 'memcg' && stats !== undefined) {
    const page = report.pageSizeKb * 1024;
    const bytes = stats.values.get('anon') ?? stats.values.get('rss');
    if (bytes !== undefined) {
      const unit = stats.unit === 'KB' ? 1024 : 1;
      return [Math.floor((bytes * unit) / page), "the cgroup's anonymous memory"];
    }
  }
  const totals = report.memory?.totals;
  const active = totals?.get('active_anon');
  const inactive = totals?.get('inactive_anon');
  if (report.scope === 'memcg' || active === undefined || inactive === undefined) {
    return [null, 'nothing that the report says'];
  }
  // Shared memory stands on the same lists.
  const anon = Math.max(0, active + inactive - (totals?.get('shmem') ?? 0));
  return [anon, "the machine's anonymous memory"];
}
