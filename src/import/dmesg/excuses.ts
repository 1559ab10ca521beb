/** What can make a kernel rightly choose another task than the table's numbers demand. */
import type { ReportCandidate } from './badness.js';
import { hiddenPages, hiddenText } from './hidden.js';
import type { Case } from './judge.js';
import { constraintOf } from './nodes.js';
import { rankTable, totalsThatSelect } from './rank.js';
import { name, type Reason, reason } from './reason.js';
import { alternativesTo } from './rules.js';

/** Between the choice and the printing of the table memory moves a little: per-CPU counters. */
const DRIFT_PAGES = 256;
/** A reaped process keeps file pages only: so little cannot be told from a dead one. */
const REMAINS_PAGES = 1024;

/** The most telling thing that explains another choice than the ranking's, or null. */
export function firstReason(it: Case, row: ReportCandidate): Reason | null {
  return (
    special(it, row) ??
    missingNumbers(it, row) ??
    otherRules(it, row) ??
    constrained(it) ??
    drift(it, row)
  );
}

function special(it: Case, row: ReportCandidate): Reason | null {
  const { report, rules } = it;
  if (report.oomPolicy !== null && report.oomPolicy !== 'default') {
    return reason('bpf-policy', `The BPF policy ${report.oomPolicy} chose ${name(row)}.`);
  }
  if (rules.rules.scale === 'vmsize') {
    const text =
      'Kernels before 2.6.36 also weigh CPU time, run time, niceness and children, ' +
      'which no report shows.';
    return reason('old-badness', text);
  }
  if (/^(?:swapoff|ksmd)$/.test(row.comm)) {
    return reason('oom-origin', `${row.comm} marks itself to be killed first.`);
  }
  const selectionPrinted = report.summary !== null || report.kills[0]?.verb === 'select';
  if (report.groupKills.length > 0 && !selectionPrinted) {
    const text = 'A whole cgroup was killed, and the line that names the selected one is missing.';
    return reason('group-kill', text);
  }
  if (rules.rules.childSacrifice && !selectionPrinted) {
    const text =
      'This kernel may kill a child in place of the selected process, ' +
      'and the line that names the selected one is missing.';
    return reason('child-sacrifice', text);
  }
  return null;
}

function missingNumbers(it: Case, row: ReportCandidate): Reason | null {
  const { report, ranking, totalPages } = it;
  const top = ranking.predicted;
  if (top === null) return null;
  const own = report.tasks?.rows.find((task) => task.pid === row.pid);
  const hidden = own === undefined ? null : hiddenPages(report, own);
  if (hidden !== null && row.eligible && hidden.swap + hidden.tables > 0) {
    const lacking = lackingPages(it, row, top);
    const most = hidden.swap + hidden.tables;
    if (lacking === null || most >= lacking) {
      const text =
        `The table does not show ${hiddenText(hidden)}, which count too: ` +
        `of ${name(row)} up to ${most} pages.`;
      return reason('swap-hidden', text);
    }
  }
  if (totalPages?.exact === true) return null;
  const range = totalsThatSelect(row, ranking.candidates);
  const min = totalPages?.min ?? 1;
  const max = totalPages?.max ?? Number.POSITIVE_INFINITY;
  if (range === null || range.min > max || range.max < min) return null;
  const text =
    'The report does not print how much swap there is, and oom_score_adj is weighed against ' +
    `memory + swap: it fits if they are ${Math.max(min, range.min)} pages or more.`;
  return reason('total-unknown', text);
}

/** Least that the victim needs more to score as high; null when scores cannot be turned to pages. */
function lackingPages(it: Case, row: ReportCandidate, top: ReportCandidate): number | null {
  const gap = top.points - row.points;
  if (it.rules.rules.scale !== 'permille') return gap;
  // Scores are rounded down: a gap of one may be next to nothing.
  return it.totalPages === null ? null : Math.ceil(((gap - 1) * it.totalPages.pages) / 1000);
}

function otherRules(it: Case, row: ReportCandidate): Reason | null {
  const { report, rules, totalPages } = it;
  for (const [what, other] of alternativesTo(rules)) {
    const { predicted, tied } = rankTable(report, other, totalPages?.pages ?? 1);
    const fits = predicted?.pid === row.pid || tied.some((task) => task.pid === row.pid);
    if (!fits) continue;
    const text = `The rules are not certain (${rules.from}); it fits with ${what}.`;
    return reason('vendor-rules', text);
  }
  return null;
}

function constrained(it: Case): Reason | null {
  const constraint = constraintOf(it.report);
  if (constraint !== 'CONSTRAINT_MEMORY_POLICY' && constraint !== 'CONSTRAINT_CPUSET') return null;
  const text = `${constraint}: only tasks that may use the same nodes count, and which may is not printed.`;
  return reason('constrained', text);
}

function drift(it: Case, row: ReportCandidate): Reason | null {
  const top = it.ranking.predicted;
  if (top === null || !row.eligible) return null;
  const gap = lackingPages(it, row, top);
  if (gap === null || gap > Math.max(DRIFT_PAGES, Math.abs(top.points) / 100)) return null;
  const text = 'The two scores are so close that memory moved between the choice and the printing.';
  return reason('drift', text);
}

/** Everything above the victim is nearly empty: killed before, reaped, and not yet gone. */
export function othersKilled(it: Case, row: ReportCandidate): Reason | null {
  if (!row.eligible) return null;
  const above = it.ranking.candidates.filter(
    (candidate) => candidate.eligible && candidate.points > row.points,
  );
  const empty = above.every(
    (candidate) => candidate.rssPages + candidate.swapPages < REMAINS_PAGES,
  );
  if (!empty) return null;
  const text =
    `${above.length} tasks score higher, but each holds less than ${REMAINS_PAGES} pages: ` +
    'they may have been killed and reaped before this log begins.';
  return reason('others-already-killed', text);
}
