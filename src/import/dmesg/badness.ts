/** oom_badness() of one row of the table, with every term kept for the reader. */
import type { BadnessRules } from './rules.js';
import type { OomReport, TaskRow } from './types.js';

/** One task with its arithmetic. Names as in the kernel model's own candidates. */
export interface ReportCandidate {
  readonly pid: number;
  readonly tgid: number;
  readonly comm: string;
  readonly uid: number;
  /** Only the victim's is printed; '' for all others. */
  readonly cgroup: string;
  readonly rssPages: number;
  readonly swapPages: number;
  readonly pgtablesPages: number;
  readonly adj: number;
  /** adj × floor(totalpages / 1000). */
  readonly adjPages: number;
  /** What root is spared. */
  readonly bonusPages: number;
  /** The sum; thousandths instead of pages for kernels 2.6.36 to 3.4. */
  readonly points: number;
  readonly eligible: boolean;
  /** Why it is not eligible, or ''. */
  readonly why: string;
  /** Line of its row. */
  readonly line: number;
}

/** oom_score_adj that means never. */
const ADJ_MIN = -1000;
/** The old scale: −17 means never, 15 the most. */
const OOM_DISABLE = -17;

/** What the kernel would have made of a row. */
export function scoreRow(
  row: TaskRow,
  report: OomReport,
  rules: BadnessRules,
  totalPages: number,
  adjOverrides: ReadonlyMap<number, number> | null,
): ReportCandidate {
  const adj = adjOverrides?.get(row.pid) ?? adjOf(row);
  const swapPages = row.swapents ?? 0;
  const pgtablesPages = pageTablesOf(row, report.pageSizeKb);
  const usage = row.rssPages + swapPages + pgtablesPages;
  const why = ineligible(row, adj, report);
  const spared = mayHaveSysAdmin(row, report) ? rules.rootBonus : 'none';
  const terms = termsOf(rules, usage, adj, totalPages, spared, row, spared !== 'none');
  return {
    pid: row.pid,
    tgid: row.tgid,
    comm: row.comm,
    uid: row.uid,
    cgroup: report.summary?.pid === row.pid ? (report.memcg?.taskMemcg ?? taskCgroup(report)) : '',
    rssPages: row.rssPages,
    swapPages,
    pgtablesPages,
    adj,
    adjPages: terms.adjPages,
    bonusPages: terms.bonusPages,
    points: why === '' ? terms.points : 0,
    eligible: why === '',
    why,
    line: row.line,
  };
}

function taskCgroup(report: OomReport): string {
  return report.summary?.taskMemcg ?? '';
}

/** oom_score_adj; on kernels with only the old scale, what that scale converts to. */
export function adjOf(row: TaskRow): number {
  if (row.oomScoreAdj !== null) return Math.max(-1000, Math.min(1000, row.oomScoreAdj));
  const oomAdj = row.oomAdj ?? 0;
  if (oomAdj >= 15) return 1000;
  return Math.trunc((Math.max(OOM_DISABLE, oomAdj) * 1000) / 17);
}

/** Page-table pages: counted by number before 4.15, by bytes since. */
export function pageTablesOf(row: TaskRow, pageSizeKb: number): number {
  if (row.pgtablesBytes !== null) return Math.floor(row.pgtablesBytes / (pageSizeKb * 1024));
  return (row.nrPtes ?? 0) + (row.nrPmds ?? 0);
}

function ineligible(row: TaskRow, adj: number, report: OomReport): string {
  if (row.tgid === 1) return 'init';
  if (adj === ADJ_MIN) return 'oom_score_adj −1000';
  // What was reaped is passed over whichever thread still has it; else only the one that was killed.
  const victim = report.earlierVictims.find(
    ({ pid, reaped }) => pid === row.pid || (reaped && pid === row.tgid),
  );
  // SysRq-F does not wait for those that were killed and are not gone: it may choose them again.
  if (victim === undefined || (report.sysrq && !victim.reaped)) return '';
  return victim.reaped
    ? `killed and reaped before (line ${victim.line})`
    : `killed before (line ${victim.line})`;
}

const CONTAINER =
  /docker|kubepods|libpod|containerd|crio|\/lxc|\/k8s|machine\.slice|garden|\/ecs\//;

/**
 * CAP_SYS_ADMIN, which the bonus asks for, is not printed: root has it, but container runtimes
 * take it from root inside a container.
 */
function mayHaveSysAdmin(row: TaskRow, report: OomReport): boolean {
  if (row.uid !== 0) return false;
  const { oomMemcg, taskMemcg } = report.memcg ?? { oomMemcg: null, taskMemcg: null };
  return !CONTAINER.test(oomMemcg ?? '') && !CONTAINER.test(taskMemcg ?? '');
}

interface Terms {
  readonly adjPages: number;
  readonly bonusPages: number;
  readonly points: number;
}

function termsOf(
  rules: BadnessRules,
  usage: number,
  adj: number,
  totalPages: number,
  spared: BadnessRules['rootBonus'],
  row: TaskRow,
  privileged: boolean,
): Terms {
  if (rules.scale === 'vmsize') return vmsizeTerms(row, privileged || row.uid === 0);
  if (rules.scale === 'permille') {
    const share = Math.floor((usage * 1000) / Math.max(1, totalPages));
    const bonusPages = spared === 'none' ? 0 : 30;
    const points = Math.min(1000, Math.max(1, share - bonusPages + adj));
    return { adjPages: adj, bonusPages, points };
  }
  const unit = Math.floor(totalPages / 1000);
  const adjPages = adj * unit;
  let bonusPages = 0;
  if (spared === 'usage') bonusPages = Math.floor((usage * 3) / 100);
  else if (spared === 'total') bonusPages = 30 * unit;
  const sum = usage - bonusPages + adjPages;
  return { adjPages, bonusPages, points: rules.clamped ? Math.max(1, sum) : sum };
}

/** 2.6.35 and before: address space, quartered twice for root, shifted by oom_adj. */
function vmsizeTerms(row: TaskRow, root: boolean): Terms {
  const base = root ? Math.floor(row.totalVmPages / 16) : row.totalVmPages;
  const shift = row.oomAdj ?? 0;
  const points = shift > 0 ? base * 2 ** shift : Math.floor(base / 2 ** -shift);
  return { adjPages: 0, bonusPages: row.totalVmPages - base, points: Math.max(1, points) };
}
