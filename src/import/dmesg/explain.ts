/** Why the kernel's choice and its rules agree or do not, most telling reason first. */
import type { ReportCandidate } from './badness.js';
import { rebuiltRow } from './candidates.js';
import { firstReason, othersKilled } from './excuses.js';
import type { Case, Verdict } from './judge.js';
import { type Ranking, usageOf } from './rank.js';
import { name, type Reason, reason } from './reason.js';

type Named = Parameters<typeof name>[0];

/** What the explanation comes to. */
export interface Explanation {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly regression: boolean;
}

/** Weighs the kernel's choice against the ranking. */
export function explain(it: Case): Explanation {
  const { report, ranking, selected } = it;
  if (selected === null) return nobodyKilled(it);
  if (it.allocating) return allocatingTask(it);
  if (report.tasks === null || report.tasks.rows.length === 0) {
    const reasons = [reason('no-task-table', tableMissing(it)), ...outcome(it)];
    return { verdict: 'undecidable', reasons, regression: false };
  }
  const row = rowOf(ranking, selected) ?? rowOfThread(it);
  if (row === undefined) return rowMissing(it, selected, '');
  const agreement = agrees(it, row);
  const rebuilt = rebuiltRow(report)?.pid === row.pid;
  if (agreement !== null) return rebuilt ? withRebuiltRow(agreement, row) : agreement;
  if (rebuilt) {
    const without = row.pgtablesPages === 0 ? 'swap and page tables' : 'swap';
    const said = `${usageOf(row)} pages without ${without}`;
    const text = ` What its kill line says (${said}) would not be enough.`;
    return rowMissing(it, selected, text);
  }
  return disagrees(it, row);
}

function rowMissing({ report }: Case, selected: Named, more: string): Explanation {
  const text =
    `${name(selected)} was killed, but its row is not in the log: ` +
    `${report.lostRows.evidence.join('; ') || 'rows are missing'}.${more}`;
  return done('explained', reason('row-missing', text));
}

function withRebuiltRow(agreement: Explanation, row: ReportCandidate): Explanation {
  const text = `The row of ${name(row)} is not in the log; its kill line stands in for it.`;
  return { ...agreement, reasons: [...agreement.reasons, reason('row-missing', text)] };
}

function rowOf(ranking: Ranking, task: { readonly pid: number }): ReportCandidate | undefined {
  return ranking.candidates.find((row) => row.pid === task.pid || row.tgid === task.pid);
}

/** Up to 5.2 a memcg scan visits threads, so the selected pid may be a thread of the victim. */
function rowOfThread(it: Case): ReportCandidate | undefined {
  const { report, ranking, selected, victims } = it;
  const victim = victims[0];
  if (victim === undefined || victim.pid === selected?.pid) return undefined;
  const plausible = report.scope === 'memcg' || victim.comm === selected?.comm;
  return plausible ? rowOf(ranking, victim) : undefined;
}

function agrees(it: Case, row: ReportCandidate): Explanation | null {
  const { ranking } = it;
  const predicted = ranking.predicted;
  if (predicted === null) return null;
  const tied = ranking.tied.some((candidate) => candidate.pid === row.pid);
  if (predicted.pid !== row.pid && !tied) return null;
  const reasons = [topScore(it, row)];
  if (ranking.tied.length > 1) {
    const equal = ranking.tied.length;
    const clamped = row.points === 1 && it.rules.rules.clamped;
    const text = clamped
      ? `${equal} tasks have the lowest score there is, 1, so the order of the scan decides.`
      : `${equal} tasks have the same score, so the order of the scan decides.`;
    reasons.push(reason('tie', text));
  }
  reasons.push(...asides(it));
  return { verdict: 'agrees', reasons, regression: false };
}

function topScore(it: Case, row: ReportCandidate): Reason {
  const second = it.ranking.candidates.find(
    (candidate) => candidate.eligible && candidate.pid !== row.pid,
  );
  const thousandths = row.points === 1 ? 'thousandth' : 'thousandths';
  const pages = row.points === 1 ? 'page' : 'pages';
  const unit = it.rules.rules.scale === 'permille' ? thousandths : pages;
  const next = second === undefined ? '' : `; next is ${name(second)} with ${second.points}`;
  const text = `${name(row)} has the highest score, ${row.points} ${unit}${next}.`;
  return reason('top-score', text);
}

/** What the kernel did after its choice, as far as it is out of the ordinary. */
function outcome({ report, victims, selected }: Case): readonly Reason[] {
  const reasons: Reason[] = [];
  if (report.groupKills.length > 0) {
    const text =
      `memory.oom.group of ${report.groupKills.join(', ')} then killed the whole cgroup: ` +
      `${victims.length} process${victims.length === 1 ? '' : 'es'} in this log.`;
    reasons.push(reason('group-kill', text));
  }
  const gone = report.exiting.find((task) => task.pid === selected?.pid);
  if (gone !== undefined) {
    const text = `${name(gone)} was already exiting and had given up its memory, so it was not killed.`;
    reasons.push(reason('already-exiting', text));
  }
  return reasons;
}

/** Things worth knowing that do not change the verdict. */
function asides(it: Case): readonly Reason[] {
  const { report, selected, victims } = it;
  const reasons: Reason[] = [...outcome(it)];
  const child = victims[0];
  if (selected !== null && child !== undefined && child.pid !== selected.pid) {
    const own = rowOf(it.ranking, selected);
    const thread =
      own === undefined
        ? selected.comm === child.comm || (report.scope === 'memcg' && report.tasks !== null)
        : own.pid === child.pid || own.tgid === child.pid;
    const code = thread ? 'thread-of-victim' : 'child-sacrifice';
    const text = thread
      ? `The selected ${name(selected)} is a thread of the victim ${name(child)}.`
      : `${name(selected)} was selected, and its child ${name(child)} was killed in its place.`;
    reasons.push(reason(code, text));
  }
  if (report.lostRows.atLeast > 0 || report.lostRows.estimatedRows !== null) {
    reasons.push(reason('rows-lost', `Rows are missing: ${report.lostRows.evidence.join('; ')}.`));
  }
  return reasons;
}

function nobodyKilled(it: Case): Explanation {
  const { report, ranking } = it;
  if (report.panic?.includes('panic_on_oom') === true) {
    const text = 'Nobody was killed: vm.panic_on_oom is set and the kernel panicked instead.';
    return done('no-kill', reason('panic-on-oom', text));
  }
  if (report.noKillable || report.panic !== null) {
    const eligible = ranking.candidates.filter((candidate) => candidate.eligible);
    const text =
      'Nobody was killed: the kernel found no killable process.' +
      (eligible.length === 0
        ? ''
        : ` The table still has ${eligible.length} that could be killed by their numbers; ` +
          'they must have been killed before and be unable to exit.');
    return done('no-kill', reason('nobody-killable', text));
  }
  if (report.tasks === null) return done('undecidable', reason('no-task-table', tableMissing(it)));
  const text = 'The log has no kill line: it ends before it, or the kill was not printed.';
  return done('undecidable', reason('kill-line-missing', text));
}

function tableMissing({ report }: Case): string {
  const { trigger, memory, tasks, kills, summary, reaped } = report;
  if (tasks !== null) {
    return 'The log has the head of the task table and none of its rows: it was filtered or cut.';
  }
  if (kills.length > 0 && kills.every((kill) => kill.verb === 'select')) {
    return 'The log has whom the kernel selected, but neither the table nor the kill: of it, or of a child.';
  }
  if (kills.length > 0 && trigger === null && memory === null) {
    return (
      'Only the kill is in the log: the kernel prints at most ten reports in five seconds, ' +
      'or the log begins after the table.'
    );
  }
  if (kills.length > 0) return 'The report has no task table (vm.oom_dump_tasks=0, or it was cut).';
  if (summary !== null) {
    return 'The oom-kill: line says whom the kernel chose; its kill line and the table are not in the log.';
  }
  if (reaped.length > 0) {
    return 'Only the OOM reaper speaks of it: it was killed before, and that is not in the log.';
  }
  return 'Only the beginning of the report is in the log: neither the task table nor whom it killed.';
}

function allocatingTask(it: Case): Explanation {
  const { report, selected, ranking } = it;
  const trigger = report.trigger;
  const same = trigger === null || trigger.comm === selected?.comm;
  const top = ranking.predicted;
  const instead = top === null ? '' : ` By score it would have been ${name(top)}.`;
  const text =
    `vm.oom_kill_allocating_task is set: ${selected === null ? 'the task' : name(selected)} ` +
    `was chosen because it asked for memory, not for its size.${instead}`;
  const odd = ` (The report names ${trigger?.comm} as the one that asked.)`;
  const reasons = [reason('allocating-task', same ? text : text + odd), ...asides(it)];
  return { verdict: 'explained', reasons, regression: false };
}

function disagrees(it: Case, row: ReportCandidate): Explanation {
  const { report, ranking } = it;
  const top = ranking.predicted;
  const gap = top === null ? '' : ` ${gapText(row, top)}`;
  const found = firstReason(it, row);
  if (found !== null) {
    const reasons = [{ ...found, text: found.text + gap }, ...asides(it)];
    return { verdict: 'explained', reasons, regression: false };
  }
  const before = othersKilled(it, row);
  if (before !== null) {
    return { verdict: 'explained', reasons: [before, ...asides(it)], regression: false };
  }
  if (report.trigger === null) {
    const text =
      'The log begins inside the report: whom the kernel killed before is not known, ' +
      `and it passes over those that cannot exit.${gap}`;
    const reasons = [reason('beginning-lost', text), ...asides(it)];
    return { verdict: 'explained', reasons, regression: false };
  }
  const kernel = report.kernel?.text ?? 'this kernel';
  const text =
    `${name(row)} was killed although ${top === null ? 'it is not eligible' : name(top)} ` +
    `should have been.${gap} Nothing in the report explains it: ${kernel} seems to have broken ` +
    'its own rules, which its maintainers would want to know.';
  const reasons = [reason('rules-broken', text), ...asides(it)];
  return { verdict: 'differs', reasons, regression: true };
}

function gapText(row: ReportCandidate, top: ReportCandidate): string {
  if (!row.eligible) return `(${name(row)}: ${row.why}; ${name(top)} scores ${top.points}.)`;
  return `(${name(row)} scores ${row.points}, ${name(top)} ${top.points}.)`;
}

function done(verdict: Verdict, only: Reason): Explanation {
  return { verdict, reasons: [only], regression: false };
}
