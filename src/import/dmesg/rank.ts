/** The candidates of one report in the order in which its kernel would have killed them. */
import { type ReportCandidate, scoreRow } from './badness.js';
import { candidateRows } from './candidates.js';
import type { BadnessRules } from './rules.js';
import type { OomReport } from './types.js';

/** A ranked table. */
export interface Ranking {
  /** Eligible ones first, the victim-to-be at the top; then the others. */
  readonly candidates: readonly ReportCandidate[];
  readonly predicted: ReportCandidate | null;
  /** All that score as much as the predicted one, itself included. */
  readonly tied: readonly ReportCandidate[];
}

/** Scores every row and ranks them. `adjOverrides`: oom_score_adj by pid, for what-if questions. */
export function rankTable(
  report: OomReport,
  rules: BadnessRules,
  totalPages: number,
  adjOverrides: ReadonlyMap<number, number> | null = null,
): Ranking {
  const scored = candidateRows(report).map((row) =>
    scoreRow(row, report, rules, totalPages, adjOverrides),
  );
  // The table is in the order of the scan, so its order settles ties.
  const order = new Map(scored.map((candidate, index) => [candidate, index]));
  const later = rules.ties === 'last' ? -1 : 1;
  const position = (candidate: ReportCandidate): number => order.get(candidate) ?? 0;
  const candidates = scored.toSorted((a, b) => {
    if (a.eligible !== b.eligible) return a.eligible ? -1 : 1;
    if (!a.eligible) return b.rssPages + b.swapPages - (a.rssPages + a.swapPages);
    return b.points - a.points || later * (position(a) - position(b));
  });
  const predicted = candidates[0]?.eligible === true ? candidates[0] : null;
  const tied = candidates.filter(
    (candidate) => candidate.eligible && candidate.points === predicted?.points,
  );
  return { candidates, predicted, tied };
}

/**
 * The totalpages for which `selected` outranks all others, as multiples of 1000 pages: scores are
 * linear in it. null: no total could have made the kernel choose it.
 */
export function totalsThatSelect(
  selected: ReportCandidate,
  candidates: readonly ReportCandidate[],
): { readonly min: number; readonly max: number } | null {
  let min = 0;
  let max = Number.POSITIVE_INFINITY;
  const use = usageOf(selected);
  for (const other of candidates) {
    if (!other.eligible || other.pid === selected.pid) continue;
    const gain = selected.adj - other.adj;
    const lack = usageOf(other) - use;
    if (gain === 0 && lack > 0) return null;
    if (gain > 0) min = Math.max(min, Math.ceil(lack / gain));
    if (gain < 0) max = Math.min(max, Math.floor(lack / gain));
  }
  return min > max ? null : { min: min * 1000, max: max * 1000 };
}

/** Pages in use, as the score counts them. */
export function usageOf(candidate: ReportCandidate): number {
  return candidate.rssPages + candidate.swapPages + candidate.pgtablesPages;
}
