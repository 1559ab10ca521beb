import type { Candidate } from '../kernel/trace.js';
import type { Verdict } from '../run/decide/decide.js';
import { arithmetic, explain, mib } from '../run/decide/why.js';
import { alignColumns } from '../run/text_table.js';
import type { Decision } from './decide.js';

/** Candidates listed before the rest is only counted. */
const LISTED = 10;

/** The decision as DESIGN.md section 6 has it. */
export function decisionJson({ source, judgement, verdicts }: Decision): unknown {
  const actual = judgement?.victims[0];
  return {
    source,
    ...(judgement === null || actual === undefined
      ? {}
      : {
          actual: {
            pid: actual.pid,
            comm: actual.comm,
            agrees: judgement.agrees,
            verdict: judgement.verdict,
            why: judgement.why,
            printedScore: judgement.score?.printed ?? null,
            computedScore: judgement.score?.computed ?? null,
          },
        }),
    candidates: verdicts[0]?.candidates ?? judgement?.candidates ?? [],
    verdicts: verdicts.map(({ kernel, policy, victims, returns, why, problems }) => ({
      kernel,
      policy,
      victims,
      returns,
      why,
      ...(problems.length === 0 ? {} : { problems }),
    })),
  };
}

/** In words first, then the numbers. */
export function decisionText(decision: Decision): string {
  const { source, judgement, verdicts } = decision;
  const lines = [source, ''];
  const actual = judgement?.victims[0];
  if (judgement !== null && actual !== undefined) {
    lines.push(`The kernel killed ${actual.comm} (pid ${actual.pid}). ${judgement.why}`);
    if (judgement.score !== null) lines.push(`Score: ${judgement.score.how}.`);
    lines.push('');
  }
  const first = verdicts[0];
  if (first !== undefined) lines.push(...candidateLines(first), '');
  if (verdicts.length > 0) {
    lines.push('Who dies under each policy:', ...verdictLines(verdicts));
  } else lines.push('The report says too little to ask other policies.');
  return `${lines.join('\n')}\n`;
}

function candidateLines(verdict: Verdict): string[] {
  const eligible = verdict.candidates.filter((c) => c.why === '');
  const rows = eligible
    .slice(0, LISTED)
    .map((c: Candidate) => [`${c.pid}`, c.comm, c.cgroup, mib(c.points), arithmetic(c)]);
  const table = alignColumns(
    [['pid', 'comm', 'cgroup', 'counts as', 'arithmetic'], ...rows],
    ['right', 'left', 'left', 'right', 'left'],
  );
  const rest = verdict.candidates.length - rows.length;
  return [
    `Candidates, of ${mib(verdict.totalPages)} in total (${verdict.constraint}):`,
    ...table.map((line) => `  ${line}`),
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
  ];
}

function verdictLines(verdicts: readonly Verdict[]): string[] {
  const rows = verdicts.map((verdict) => [
    verdict.policy,
    verdict.kernel,
    mib(verdict.victims.reduce((sum, v) => sum + v.freedPages, 0)),
    verdict.returns === null ? '-' : String(verdict.returns),
    explain(verdict),
  ]);
  return alignColumns(
    [['policy', 'kernel', 'frees', 'returns', 'verdict'], ...rows],
    ['left', 'left', 'right', 'left', 'left'],
  ).map((line) => `  ${line}`);
}
