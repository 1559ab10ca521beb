/** Printed scores (up to 5.1) against the arithmetic, and what they tell that the report does not. */
import { type ReportCandidate, scoreRow } from './badness.js';
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
  }
  if (total?.exact !== true) {
    const inferred = inferTotal(printed, rules, variants, total, (bonus) => scored(bonus, 1000));
    if (inferred !== null) return inferred;
  }
  const computed =
    total === null ? null : normalised(scored(rules.rootBonus, total.pages), rules, total.pages);
  const how = swapHidden(report) ? 'the table has no swap column' : 'no rule reproduces it';
  return check(printed, computed, computed === null ? 'incomparable' : 'differs', how);
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
  return { printed, computed, verdict, how, rootBonus: null, totalPages: null };
}

/** RHEL 6 counts swap and prints no column for it. */
export function swapHidden(report: OomReport): boolean {
  const columns = report.tasks?.columns ?? [];
  return columns.length > 0 && !columns.includes('swapents');
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

/**
 * The score is a thousandth of totalpages: it bounds what the report does not print. Limits are set
 * by people, so the roundest number within the bounds is taken.
 */
function inferTotal(
  printed: number,
  rules: BadnessRules,
  variants: readonly [RootBonus, string][],
  total: TotalPages | null,
  scored: (bonus: RootBonus) => ReportCandidate,
): ScoreCheck | null {
  if (rules.scale !== 'pages') return null;
  let best: ScoreCheck | null = null;
  let bestRoundness = -1;
  for (const [bonus, how] of variants) {
    const candidate = scored(bonus);
    const use = usageOf(candidate) - (bonus === 'usage' ? candidate.bonusPages : 0);
    const share = printed - candidate.adj + (bonus === 'total' && candidate.uid === 0 ? 30 : 0);
    if (share <= 0) continue;
    const low = Math.max(Math.floor((use * 1000) / (share + 1)) + 1, total?.min ?? 1);
    const high = Math.min(Math.floor((use * 1000) / share), total?.max ?? Number.MAX_SAFE_INTEGER);
    if (low > high) continue;
    const offset = total?.min ?? 0;
    const pages = roundest(low - offset, high - offset) + offset;
    const roundness = twos(pages - offset) / Math.max(1, Math.log2(pages));
    if (roundness <= bestRoundness) continue;
    bestRoundness = roundness;
    best = {
      printed,
      computed: printed,
      verdict: 'inferred',
      how: `totalpages must be ${low} to ${high} (${how}); ${pages} is taken`,
      rootBonus: bonus,
      totalPages: pages,
    };
  }
  return best;
}

/** The multiple of the highest power of two within the bounds. */
function roundest(low: number, high: number): number {
  for (let unit = 2 ** 40; unit > 1; unit /= 2) {
    const multiple = Math.floor(high / unit) * unit;
    if (multiple >= low) return multiple;
  }
  return high;
}

function twos(value: number): number {
  let power = 0;
  for (let rest = value; rest > 0 && rest % 2 === 0; rest /= 2) power++;
  return power;
}

/** The line that says whom the kernel selected, where it says it apart from whom it killed. */
export function selectionLine(report: OomReport): KillLine | null {
  return report.kills.find((kill) => kill.verb === 'select') ?? null;
}
