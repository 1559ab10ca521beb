/** A decision as one JSON value, in the form of DESIGN.md section 6. */
import type { Verdict } from '../run/decide/decide.js';
import { explain } from '../run/decide/why.js';
import type { Decision } from './decide.js';
import type { ChosenReport } from './reports.js';

/** Everything that was decided; `reports` only where a log has more than one. */
export function decisionJson({ input, verdicts, changes, before }: Decision): unknown {
  const { source, log, missing, assumed } = input;
  return {
    source,
    ...(log === null ? {} : logJson(log)),
    candidates: candidatesOf(verdicts, log),
    verdicts: verdicts.map(verdictJson),
    ...(before === null ? {} : { changes, before: before.map(verdictJson) }),
    missing,
    assumed,
  };
}

/** With vm.oom_kill_allocating_task the kernel compares nobody; the report's own ranking remains. */
function candidatesOf(verdicts: readonly Verdict[], log: ChosenReport | null): unknown {
  const compared = verdicts[0]?.candidates ?? [];
  return compared.length > 0 ? compared : (log?.judgement.candidates ?? []);
}

function logJson({ report, judgement, number, all }: ChosenReport): Record<string, unknown> {
  const [victim] = judgement.victims;
  const { verdict, why, agrees, score, selected, predicted, totalPages, rules } = judgement;
  const task = (known: { pid: number; comm: string } | null) =>
    known === null ? null : { pid: known.pid, comm: known.comm };
  return {
    ...(victim === undefined
      ? {}
      : {
          actual: {
            pid: victim.pid,
            comm: victim.comm,
            agrees,
            verdict,
            why,
            printedScore: score?.printed ?? null,
            computedScore: score?.computed ?? null,
          },
        }),
    report: {
      number,
      of: all.length,
      lines: report.lines,
      kernel: report.kernel?.text ?? null,
      rules: rules.from,
      scope: report.scope,
      memcg: report.memcg?.oomMemcg ?? null,
      trigger: task(report.trigger as { pid: number; comm: string } | null),
      selected: task(selected),
      killed: judgement.victims.map(task),
      demanded: task(predicted),
      verdict,
      reasons: judgement.reasons,
      why,
      regression: judgement.regression,
      totalPages: totalPages?.pages ?? null,
      totalPagesFrom: totalPages?.from ?? null,
      score,
    },
    ...(all.length > 1 ? { reports: all } : {}),
  };
}

function verdictJson(verdict: Verdict): unknown {
  const { kernel, policy, victims, returns, totalPages, memcgCandidates, problems } = verdict;
  return {
    kernel,
    policy,
    victims,
    returns,
    freedPages: victims.reduce((sum, victim) => sum + victim.freedPages, 0),
    why: explain(verdict),
    totalPages,
    ...(memcgCandidates.length === 0 ? {} : { cgroups: memcgCandidates }),
    ...(problems.length === 0 ? {} : { problems }),
  };
}
