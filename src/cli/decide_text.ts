/** A decision for people: plain words first, numbers below. */
import type { Candidate } from '../kernel/trace.js';
import type { Verdict } from '../run/decide/decide.js';
import { arithmetic, mib, nameOf, whoDies, whyTheBiggestLives } from '../run/decide/why.js';
import { alignColumns } from '../run/text_table.js';
import type { Decision } from './decide.js';
import { type ChosenReport, counted, reportList } from './reports.js';

/** Candidates listed without --explain before the rest is only counted. */
const LISTED = 5;
/** Longer paths of cgroups are shown by their ends, except in full lists. */
const PATH_COLUMNS = 48;

/** The decision as text; `all`: with every candidate. */
export function decisionText(decision: Decision, all: boolean): string {
  const { input, verdicts } = decision;
  const { log, missing, assumed } = input;
  const sections: string[][] = [
    [headline(decision)],
    log === null ? [] : whatTheKernelDid(log),
    whatWouldChange(decision),
    verdicts.length === 0
      ? ['The report says too little to ask what would be under another policy.']
      : policyTable(verdicts, decision.before),
    whyInWords(verdicts),
    ...candidateTables(verdicts, all),
    bulleted(`Not in ${log === null ? 'the source' : 'the report'}:`, missing),
    bulleted('Assumed:', assumed),
    log === null || log.all.length === 1 ? [] : otherReports(log),
  ];
  const lines = sections.filter((section) => section.length > 0).map((part) => part.join('\n'));
  return `${lines.join('\n\n')}\n`;
}

function headline({ input }: Decision): string {
  const { source, log } = input;
  if (log === null) return source;
  const { report, number, all } = log;
  const where = `line ${report.lines.first}`;
  const which = all.length === 1 ? where : `report ${number} of ${all.length}, ${where}`;
  const cgroup = report.memcg?.oomMemcg ?? null;
  const limitKb = report.memcg?.memory?.limitKb ?? Number.POSITIVE_INFINITY;
  const limit = Number.isFinite(limitKb) ? ` of ${mibOfKb(limitKb)}` : '';
  const scope =
    report.scope === 'memcg'
      ? `cgroup ${cgroup ?? ''} at its limit${limit}`.replace('  ', ' ')
      : report.scope === 'global'
        ? 'the whole machine out of memory'
        : 'scope unknown';
  const kernel = report.kernel === null ? '' : `, kernel ${report.kernel.text}`;
  const asked = report.trigger === null ? '' : `, noticed by ${report.trigger.comm}`;
  return `${source}, ${which}: ${scope}${asked}${kernel}`;
}

const mibOfKb = (kB: number): string => `${(kB / 1024).toFixed(1)} MiB`;

/** What the kill line says of the victim, where no table says it. */
function whatItHeld({ report, judgement }: ChosenReport): string[] {
  const [victim] = judgement.victims;
  const kill = report.kills.find((line) => line.pid === victim?.pid && line.anonRssKb !== null);
  const lines: string[] = [];
  if (judgement.candidates.length === 0 && kill !== undefined) {
    const parts = [
      `${mibOfKb(kill.anonRssKb ?? 0)} anonymous`,
      `${mibOfKb(kill.fileRssKb ?? 0)} of files`,
      `${mibOfKb(kill.shmemRssKb ?? 0)} shared`,
    ];
    const adj = kill.oomScoreAdj === null ? '' : `; its oom_score_adj is ${kill.oomScoreAdj}`;
    lines.push(`It held ${parts.join(', ')}${adj}.`);
  }
  // Up to 4.20 the report names the cgroup of who asked, not of who died.
  const cgroup = report.summary?.taskMemcg ?? null;
  if (cgroup !== null && cgroup !== '/' && cgroup !== report.memcg?.oomMemcg) {
    lines.push(`Its cgroup is ${cgroup}.`);
  }
  return lines;
}

function whatTheKernelDid(log: ChosenReport): string[] {
  const { verdict, why, score, victims, rules } = log.judgement;
  const [victim] = victims;
  const lines: string[] = [];
  if (victim === undefined) lines.push(why);
  else {
    const ending = {
      agrees: ', as its rules demand.',
      explained: ', which the numbers alone do not demand.',
      differs: ', against its own rules.',
      undecidable: '; whether its rules demand that cannot be told.',
      'no-kill': '.',
    }[verdict];
    const kill = log.report.kills.find((line) => line.pid === victim.pid);
    const killed = kill?.verb === 'would' ? 'would have killed' : 'killed';
    lines.push(`The kernel ${killed} ${nameOf(victim)}${ending} ${why}`);
  }
  if (victim !== undefined) lines.push(...whatItHeld(log));
  lines.push(`Rules: ${rules.from}.`);
  if (score !== null) {
    const computed = score.computed === null ? 'cannot be computed' : `computed ${score.computed}`;
    lines.push(`Printed score ${score.printed}, ${computed}: ${score.how}.`);
  }
  return lines;
}

/** Who dies with the changes, and who without, where both are one kernel and policy. */
function whatWouldChange({ changes, verdicts, before }: Decision): string[] {
  if (before === null) return [];
  const lines = [`What if ${changes.join(', and ')}?`];
  const differing = verdicts.filter(
    (verdict, at) => victimsText(verdict) !== victimsText(before[at]!),
  );
  const [first] = verdicts;
  if (first !== undefined) {
    const old = victimsText(before[0]!);
    const now = victimsText(first);
    const policy = `under policy ${first.policy} on kernel ${first.kernel}`;
    lines.push(
      old === now
        ? `Nothing changes ${policy}: ${now} dies.`.replace('nobody dies', 'nobody dies still')
        : `Then ${now} dies in place of ${old}, ${policy}.`,
    );
  }
  if (verdicts.length > 1) {
    lines.push(
      `It changes the victim in ${differing.length} of the ${verdicts.length} cases below.`,
    );
  }
  const room = first?.roomPages ?? 0;
  if (room > 0 && (before[0]?.roomPages ?? 0) === 0) {
    lines.push(`The cgroup would have had ${mib(room)} left, so this OOM would not have come yet.`);
  }
  return lines;
}

function victimsText({ victims }: Verdict): string {
  const [first] = victims;
  if (first === undefined) return 'nobody';
  return victims.length === 1 ? nameOf(first) : `${nameOf(first)} + ${victims.length - 1} more`;
}

/** Who dies under each policy; kernels that agree share a row. */
function policyTable(verdicts: readonly Verdict[], before: readonly Verdict[] | null): string[] {
  const kernels = [...new Set(verdicts.map((verdict) => verdict.kernel))];
  const rows: string[][] = [];
  let run: { first: string; last: string; cells: string[] } | null = null;
  const finish = (): void => {
    if (run === null) return;
    const [policy = '', ...rest] = run.cells;
    const kernel = run.first === run.last ? run.first : `${run.first} to ${run.last}`;
    rows.push(kernels.length === 1 ? run.cells : [policy, kernel, ...rest]);
  };
  verdicts.forEach((verdict, at) => {
    const cells = verdictCells(verdict, before?.[at] ?? null);
    if (run !== null && run.cells.join('\0') === cells.join('\0')) run.last = verdict.kernel;
    else {
      finish();
      run = { first: verdict.kernel, last: verdict.kernel, cells };
    }
  });
  finish();
  const many = kernels.length > 1;
  const heads = ['dies', 'of cgroup', 'frees', 'returns'];
  const was = before === null ? [] : ['without the change'];
  const title = many
    ? 'Who dies under each policy:'
    : `Who dies under each policy on ${kernels[0]}:`;
  const table = alignColumns(
    [['policy', ...(many ? ['kernel'] : []), ...heads, ...was], ...rows],
    ['left', ...(many ? (['left'] as const) : []), 'left', 'left', 'right', 'left', 'left'],
  );
  return [title, ...table.map((line) => `  ${line}`)];
}

function verdictCells(verdict: Verdict, before: Verdict | null): string[] {
  const freed = verdict.victims.reduce((sum, victim) => sum + victim.freedPages, 0);
  const old = before === null ? null : victimsText(before);
  const now = victimsText(verdict);
  return [
    verdict.policy,
    now,
    ending(verdict.victims[0]?.cgroup ?? ''),
    mib(freed),
    verdict.returns === null ? 'panic' : String(verdict.returns),
    ...(old === null ? [] : [old === now ? 'the same' : old]),
  ];
}

/** The reasons, each once, with the policies that it holds for. */
function whyInWords(verdicts: readonly Verdict[]): string[] {
  const said = new Map<string, Set<string>>();
  for (const verdict of verdicts) {
    const sentence = [whoDies(verdict), whyTheBiggestLives(verdict)].join(' ').trimEnd();
    const policies = said.get(sentence) ?? new Set();
    said.set(sentence, policies.add(verdict.policy));
  }
  const policies = new Set(verdicts.map((verdict) => verdict.policy));
  const lines = [...said].map(([sentence, under]) => {
    const who = under.size === policies.size ? 'every policy' : [...under].join(', ');
    return `  ${who}: ${sentence}`;
  });
  return lines.length === 0 ? [] : ['Why:', ...lines];
}

/** The candidates of each kernel that counts differently; with `all`, cgroups too. */
function candidateTables(verdicts: readonly Verdict[], all: boolean): string[][] {
  const [first] = verdicts;
  if (first === undefined || first.candidates.length === 0) return [];
  if (!all) return [taskTable(first, LISTED, first.kernel)];
  return [
    ...merged(
      verdicts.filter((verdict) => verdict.candidates.length > 0),
      (verdict) => verdict.kernel,
      (verdict, kernels) => taskTable(verdict, Number.POSITIVE_INFINITY, kernels),
    ),
    ...merged(
      verdicts.filter((verdict) => verdict.memcgCandidates.length > 0),
      (verdict) => verdict.policy,
      memcgTable,
    ),
  ];
}

/** One table for all that have the same rows, titled with the names of whose it is. */
function merged(
  verdicts: readonly Verdict[],
  nameIn: (verdict: Verdict) => string,
  tableOf: (verdict: Verdict, names: string) => string[],
): string[][] {
  const tables = new Map<string, { verdict: Verdict; names: Set<string> }>();
  for (const verdict of verdicts) {
    const rows = tableOf(verdict, '').join('\n');
    const known = tables.get(rows) ?? { verdict, names: new Set() };
    known.names.add(nameIn(verdict));
    tables.set(rows, known);
  }
  return [...tables.values()].map(({ verdict, names }) => tableOf(verdict, [...names].join(', ')));
}

function taskTable(verdict: Verdict, limit: number, kernels: string): string[] {
  const shown = verdict.candidates.slice(0, limit);
  const rows = shown.map((c: Candidate) => [
    `${c.pid}`,
    c.comm,
    shown.length > LISTED ? c.cgroup || '/' : ending(c.cgroup || '/'),
    c.why === '' ? mib(c.points) : '-',
    c.why === '' ? arithmetic(c) : c.why,
  ]);
  const table = alignColumns(
    [['pid', 'comm', 'cgroup', 'counts as', 'arithmetic, in pages'], ...rows],
    ['right', 'left', 'left', 'right', 'left'],
  );
  const rest = verdict.candidates.length - rows.length;
  const unit = Math.floor(verdict.totalPages / 1000);
  return [
    `Candidates on ${kernels}, of ${mib(verdict.totalPages)} in total (${verdict.constraint}; ` +
      `one point of oom_score_adj is ${unit} pages):`,
    ...table.map((line) => `  ${line}`),
    ...(rest > 0 ? [`  … and ${rest} more (--explain shows all)`] : []),
  ];
}

function memcgTable(verdict: Verdict, policies: string): string[] {
  const rows = verdict.memcgCandidates.map((c) => [
    c.cgroup,
    c.why === '' ? mib(c.points) : '-',
    c.why === '' ? `${c.points} pages` : c.why,
  ]);
  const table = alignColumns([['cgroup', 'counts as', ''], ...rows], ['left', 'right', 'left']);
  return [`Cgroups as compared by ${policies}:`, ...table.map((line) => `  ${line}`)];
}

/** The end of a long path, which is what tells cgroups apart. */
function ending(path: string): string {
  return path.length <= PATH_COLUMNS ? path : `…${path.slice(1 - PATH_COLUMNS)}`;
}

function bulleted(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [title, ...items.map((item) => `  - ${item}`)];
}

function otherReports(log: ChosenReport): string[] {
  const title = `${counted(log.all.length)} in this log; --report N chooses another:`;
  return [title, ...reportList(log).map((line) => `  ${line}`)];
}
