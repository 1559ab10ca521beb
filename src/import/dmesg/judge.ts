/**
 * Was the victim the one that this kernel's rules demand? Arithmetic on the report alone: nothing
 * of the simulator's kernel is used, so the two can be held against each other.
 */
import type { ReportCandidate } from './badness.js';
import { explain } from './explain.js';
import { type Ranking, rankTable, totalsThatSelect } from './rank.js';
import type { Reason } from './reason.js';
import { type BadnessRules, type ChosenRules, chooseRules, rulesOf } from './rules.js';
import { checkScore, killedAllocatingTask, type ScoreCheck, selectionLine } from './score.js';
import { type TotalPages, totalPagesOf } from './totalpages.js';
import type { OomReport } from './types.js';
import { parseVersion } from './version.js';

/** A process that the log names as selected or killed. */
export interface ActualTask {
  readonly pid: number;
  readonly comm: string;
  readonly line: number;
}

/**
 * `agrees`: the rules demand the task that the kernel chose. `explained`: they do not, and the
 * report shows why not. `differs`: they do not and nothing explains it: perhaps a kernel defect.
 * `no-kill`: nobody was killed (panic, nobody killable). `undecidable`: the report says too little.
 */
export type Verdict = 'agrees' | 'explained' | 'differs' | 'no-kill' | 'undecidable';

/** The judgement on one report. */
export interface Judgement {
  readonly verdict: Verdict;
  /** `verdict` is `agrees`. */
  readonly agrees: boolean;
  /** One or two sentences for people. */
  readonly why: string;
  readonly reasons: readonly Reason[];
  readonly rules: ChosenRules;
  /** null: no total can be given, and adj could not be weighed. */
  readonly totalPages: TotalPages | null;
  /** Best first; the ineligible ones last. */
  readonly candidates: readonly ReportCandidate[];
  readonly predicted: ReportCandidate | null;
  readonly tied: readonly ReportCandidate[];
  /** Whom the kernel chose, before any child took its place. */
  readonly selected: ActualTask | null;
  /** Everybody it killed, in order, without repeats. */
  readonly victims: readonly ActualTask[];
  readonly score: ScoreCheck | null;
  /** The kernel seems to have broken its own rules: worth reporting to its maintainers. */
  readonly regression: boolean;
}

/** What-if questions on the same table. */
export interface JudgeOptions {
  /** Rules of another kernel release, e.g. `4.15`. */
  readonly kernel?: string;
  /** Another totalpages, e.g. after a change of a limit. */
  readonly totalPages?: number;
  /** oom_score_adj by pid. */
  readonly oomScoreAdj?: ReadonlyMap<number, number>;
}

/** Judges one report. */
export function judgeReport(read: OomReport, options: JudgeOptions = {}): Judgement {
  const victims = victimsOf(read);
  const selected = selectedOf(read, victims);
  const report = withoutGhost(read, selected);
  const rules = rulesAsked(report, options);
  const printedTotal = totalPagesOf(report);
  const score = checkScore(report, rules.rules, printedTotal);
  const totalPages = asked(options) ?? refined(printedTotal, score);
  const weights = totalPages?.pages ?? tableTotal(report);
  const settled = settledRules(report, rules.rules, score);
  const ranking = rankTable(report, settled, weights, options.oomScoreAdj ?? null);
  const { verdict, reasons, regression } = explain({
    report,
    rules: { ...rules, rules: settled },
    totalPages,
    ranking,
    selected,
    victims,
    score,
    allocating: killedAllocatingTask(report),
  });
  // What the kernel chose says more of a total that is not printed than any guess.
  const fitted =
    reasons[0]?.code === 'total-unknown' ? leastThatFits(totalPages, ranking, selected) : null;
  const told =
    fitted === null
      ? ranking
      : rankTable(report, settled, fitted.pages, options.oomScoreAdj ?? null);
  return {
    verdict,
    agrees: verdict === 'agrees',
    why: reasons.map((reason) => reason.text).join(' '),
    reasons,
    rules,
    totalPages: fitted ?? totalPages,
    candidates: told.candidates,
    predicted: told.predicted,
    tied: told.tied,
    selected,
    victims,
    score,
    regression,
  };
}

function rulesAsked(report: OomReport, options: JudgeOptions): ChosenRules {
  const version = options.kernel === undefined ? null : parseVersion(options.kernel);
  if (version === null) return chooseRules(report);
  const from = `kernel ${options.kernel}, as asked`;
  return { rules: rulesOf(version), version, from, uncertain: false, vendor: null };
}

function asked(options: JudgeOptions): TotalPages | null {
  const pages = options.totalPages;
  if (pages === undefined) return null;
  return { pages, min: pages, max: pages, exact: true, from: 'as asked' };
}

/** A printed score bounds a total that the report does not print. */
function refined(total: TotalPages | null, score: ScoreCheck | null): TotalPages | null {
  if (score === null || score.totalPages === null || score.totalRange === null) return total;
  const [min, max] = score.totalRange;
  return { pages: score.totalPages, min, max, exact: false, from: `printed score: ${score.how}` };
}

/** The least total for which the selected task outranks all others; null when there is none. */
function leastThatFits(
  total: TotalPages | null,
  { candidates }: Ranking,
  selected: ActualTask | null,
): TotalPages | null {
  const row = candidates.find(({ pid, tgid }) => pid === selected?.pid || tgid === selected?.pid);
  const range = row === undefined ? null : totalsThatSelect(row, candidates);
  if (row === undefined || range === null) return null;
  const min = Math.max(1, total?.min ?? 0, range.min);
  const max = Math.min(total?.max ?? Number.POSITIVE_INFINITY, range.max);
  return {
    pages: Math.max(min, Math.min(total?.pages ?? min, max)),
    min,
    max: Number.isFinite(max) ? max : null,
    exact: false,
    from: `the least for which ${row.comm} (${row.pid}) is chosen`,
  };
}

/** With no total at all, what the table's tasks use together is the least it can have been. */
function tableTotal(report: OomReport): number {
  let pages = 0;
  for (const row of report.tasks?.rows ?? []) pages += row.rssPages + (row.swapents ?? 0);
  return Math.max(1, pages);
}

/** The printed score tells which bonus this kernel applied, where releases and vendors differ. */
function settledRules(
  { scope }: OomReport,
  rules: BadnessRules,
  score: ScoreCheck | null,
): BadnessRules {
  const bonus =
    score?.verdict === 'exact' || score?.verdict === 'inferred' ? score.rootBonus : null;
  // `none` speaks of capabilities, not of the kernel; a container's root has no more of them.
  if (bonus === null || (bonus === 'none' && scope !== 'memcg')) return rules;
  return { ...rules, rootBonus: bonus };
}

/** Whom the kernel chose was not dead, whatever the log said before: numbers of processes come again. */
function withoutGhost(report: OomReport, selected: ActualTask | null): OomReport {
  const earlierVictims = report.earlierVictims.filter(({ pid }) => pid !== selected?.pid);
  return { ...report, earlierVictims };
}

function victimsOf(report: OomReport): readonly ActualTask[] {
  const victims = new Map<number, ActualTask>();
  for (const kill of report.kills) {
    if (kill.verb === 'select' || victims.has(kill.pid)) continue;
    victims.set(kill.pid, { pid: kill.pid, comm: kill.comm, line: kill.line });
  }
  if (victims.size === 0) {
    for (const { pid, comm, line } of report.reaped) victims.set(pid, { pid, comm, line });
  }
  if (victims.size > 0 || report.exiting.length > 0) return [...victims.values()];
  // The kill line is lost, but once it has chosen nothing keeps the kernel from killing.
  const chosen = chosenOf(report);
  return chosen === null ? [] : [chosen];
}

function selectedOf(report: OomReport, victims: readonly ActualTask[]): ActualTask | null {
  const chosen = chosenOf(report);
  if (chosen === null) return victims[0] ?? report.exiting[0] ?? null;
  const named = victims.find((victim) => victim.pid === chosen.pid);
  return { ...chosen, comm: named?.comm ?? chosen.comm };
}

/** Whom the lines before the kill name. */
function chosenOf(report: OomReport): ActualTask | null {
  const line = selectionLine(report);
  if (line !== null) return { pid: line.pid, comm: line.comm, line: line.line };
  const { summary } = report;
  if (summary?.pid == null) return null;
  return { pid: summary.pid, comm: summary.comm ?? '', line: summary.line };
}

/** Everything the explanation looks at. */
export interface Case {
  readonly report: OomReport;
  readonly rules: ChosenRules;
  readonly totalPages: TotalPages | null;
  readonly ranking: Ranking;
  readonly selected: ActualTask | null;
  readonly victims: readonly ActualTask[];
  readonly score: ScoreCheck | null;
  readonly allocating: boolean;
}
