/** Printed scores (up to 5.1) against the arithmetic, and what they tell that the report does not. */
import { type ReportCandidate, scoreRow } from './badness.js';
import { hiddenPages, hiddenText } from './hidden.js';
import { type FittingTotals, totalsThatScore } from './infer_total.js';
import { usageOf } from './rank.js';
import type { BadnessRules, RootBonus } from './rules.js';
import type { TotalPages } from './totalpages.js';
import type { KillLine, OomReport, TaskRow } from './types.js';

/** What a printed score says. */
export interface ScoreCheck {
  readonly printed: number;
  /** null when it cannot be computed. */
  readonly computed: number | null;
  /**
   * `exact`: reproduced. `inferred`: totalpages is not in the report and this is the total that
   * reproduces it. `differs`, `incomparable`: as they say.
   */
  readonly verdict: 'exact' | 'inferred' | 'differs' | 'incomparable';
  /** How, in words. */
  readonly how: string;
  /** Which bonus reproduces it. */
  readonly rootBonus: RootBonus | null;
  /** totalpages that reproduces it, when it had to be inferred. */
  readonly totalPages: number | null;
  /** All that would: from the first to the second, perhaps with gaps. */
  readonly totalRange: readonly [number, number] | null;
}

const ALLOCATING = 'oom_kill_allocating_task';

/** Whether the kill line names the sysctl that skips the selection. */
export function killedAllocatingTask(report: OomReport): boolean {
  return report.kills.some((kill) => kill.message.includes(ALLOCATING));
}

/** Checks the score that the report prints; null when it prints none. */
export function checkScore(
  report: OomReport,
  rules: BadnessRules,
  total: TotalPages | null,
): ScoreCheck | null {
  const line = report.kills.find((kill) => kill.score !== null);
  if (line === undefined || line.score === null) return null;
  const printed = line.score;
  if (line.message.includes(ALLOCATING)) {
    const how = `${ALLOCATING} passes 0: nothing is scored`;
    return check(printed, 0, printed === 0 ? 'exact' : 'differs', how);
  }
  if (rules.scale === 'vmsize') {
    return check(printed, null, 'incomparable', 'CPU time and run time are not in the report');
  }
  const row = scoredRow(report, line.pid);
  if (row === undefined) return check(printed, null, 'incomparable', 'its row is missing');
  const scored = (bonus: RootBonus, pages: number): ReportCandidate =>
    scoreRow(row, report, { ...rules, rootBonus: bonus }, pages, null);
  const variants = bonusVariants(rules.rootBonus, row.uid);
  if (total !== null) {
    for (const [bonus, how] of variants) {
      const value = normalised(scored(bonus, total.pages), rules, total.pages);
      if (value === printed) return { ...check(printed, value, 'exact', how), rootBonus: bonus };
    }
    const hidden = withHidden({ report, row, rules, printed, variants, totalPages: total.pages });
    if (hidden !== null) return hidden;
  }
  if (total?.exact !== true) {
    const inferred = inferTotal(printed, rules, variants, total, (bonus) => scored(bonus, 1000));
    if (inferred !== null) return inferred;
  }
  const computed =
    total === null ? null : normalised(scored(rules.rootBonus, total.pages), rules, total.pages);
  const how = total === null ? 'the report does not tell the total' : 'no rule reproduces it';
  return check(printed, computed, computed === null ? 'incomparable' : 'differs', how);
}

interface Scoring {
  readonly report: OomReport;
  readonly row: TaskRow;
  readonly rules: BadnessRules;
  readonly printed: number;
  readonly variants: readonly (readonly [RootBonus, string])[];
  readonly totalPages: number;
}

/** Whether pages that the table has no column for can make up the rest of a score. */
function withHidden(it: Scoring): ScoreCheck | null {
  const { report, row, rules, printed, variants, totalPages } = it;
  const hidden = hiddenPages(report, row);
  const most = hidden.swap + hidden.tables;
  if (most === 0) return null;
  for (const [bonus, how] of variants) {
    const scoreWith = (more: number): number => {
      const fuller = { ...row, swapents: (row.swapents ?? 0) + more };
      const candidate = scoreRow(fuller, report, { ...rules, rootBonus: bonus }, totalPages, null);
      return normalised(candidate, rules, totalPages);
    };
    const visible = scoreWith(0);
    if (visible > printed || scoreWith(most) < printed) continue;
    const least = leastThat((more) => scoreWith(more) >= printed, most);
    if (scoreWith(least) !== printed) continue;
    const text =
      `${how}, with ${least} pages or more of ${hiddenText(hidden)}, which the table ` +
      `does not print (without: ${visible})`;
    return { ...check(printed, printed, 'inferred', text), rootBonus: bonus };
  }
  return null;
}

/** The least number up to `most` for which a condition holds that holds from there on. */
function leastThat(holds: (value: number) => boolean, most: number): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The row of the selected process; of the victim when a thread was selected. */
function scoredRow(report: OomReport, selected: number): TaskRow | undefined {
  const rows = report.tasks?.rows ?? [];
  const own = rows.find((row) => row.pid === selected || row.tgid === selected);
  if (own !== undefined || report.scope !== 'memcg') return own;
  const victim = report.kills.find((kill) => kill.verb === 'kill')?.pid;
  return rows.find((row) => row.pid === victim || row.tgid === victim);
}

function check(
  printed: number,
  computed: number | null,
  verdict: ScoreCheck['verdict'],
  how: string,
): ScoreCheck {
  return { printed, computed, verdict, how, rootBonus: null, totalPages: null, totalRange: null };
}

/** What a bonus may have been: as the release says, or none for root without CAP_SYS_ADMIN. */
function bonusVariants(bonus: RootBonus, uid: number): readonly [RootBonus, string][] {
  const likely: [RootBonus, string] = [bonus, 'as this kernel computes it'];
  if (uid !== 0) return [likely];
  const variants: [RootBonus, string][] = [
    likely,
    ['none', 'without the root bonus: no CAP_SYS_ADMIN'],
    ['usage', 'with the root bonus of 3.14 to 4.16'],
    ['total', 'with the root bonus of 3.5 to 3.13'],
  ];
  return variants.filter(([name], index) => index === 0 || name !== bonus);
}

function normalised(candidate: ReportCandidate, rules: BadnessRules, totalPages: number): number {
  if (rules.scale === 'permille') return candidate.points;
  return Math.floor((candidate.points * 1000) / Math.max(1, totalPages));
}

/** The score is a thousandth of totalpages: it bounds what the report does not print. */
function inferTotal(
  printed: number,
  rules: BadnessRules,
  variants: readonly (readonly [RootBonus, string])[],
  total: TotalPages | null,
  scored: (bonus: RootBonus) => ReportCandidate,
): ScoreCheck | null {
  let best: ScoreCheck | null = null;
  let bestRoundness = -1;
  const bounds = {
    min: total?.min ?? 1,
    max: total?.max ?? Number.MAX_SAFE_INTEGER,
    offset: total?.min ?? 0,
  };
  for (const [bonus, how] of variants) {
    const fitting = fittingTotals(printed, rules, bonus, scored(bonus), bounds);
    if (fitting === null || fitting.roundness <= bestRoundness) continue;
    const { low, high, pages } = fitting;
    bestRoundness = fitting.roundness;
    best = {
      printed,
      computed: printed,
      verdict: 'inferred',
      how: `totalpages must be ${low} to ${high} (${how}); ${pages} is taken`,
      rootBonus: bonus,
      totalPages: pages,
      totalRange: [low, high],
    };
  }
  return best;
}

/** `candidate` is scored for a total of 1000 pages, so what grows with the total is there once. */
function fittingTotals(
  printed: number,
  rules: BadnessRules,
  bonus: RootBonus,
  candidate: ReportCandidate,
  bounds: Parameters<typeof totalsThatScore>[2],
): FittingTotals | null {
  const { adj, bonusPages } = candidate;
  const use = usageOf(candidate);
  if (rules.scale === 'permille') {
    // At its ends the scale says nothing of what lies beyond.
    if (printed <= 1 || printed >= 1000) return null;
    const share = printed - adj + bonusPages;
    return share <= 0 ? null : totalsThatScore(share, { base: use, perUnit: 0 }, bounds);
  }
  const spared = bonus === 'total' ? bonusPages : 0;
  const base = bonus === 'usage' ? use - bonusPages : use;
  return totalsThatScore(printed, { base, perUnit: adj - spared }, bounds);
}

/** The line that says whom the kernel selected, where it says it apart from whom it killed. */
export function selectionLine(report: OomReport): KillLine | null {
  return report.kills.find((kill) => kill.verb === 'select') ?? null;
}
