/**
 * A report as a workload: the machine, the cgroups and the processes as they were at the moment of
 * the report, with where each number came from, what was not there and what had to be assumed.
 */
import { InputError } from '../../workload/problems.js';
import type { WorkloadFile } from '../../workload/write.js';
import { type ImportedWorkload, type Notes, notesText } from '../imported.js';
import type { ProcessPages } from '../process_pages.js';
import { adjOf } from './badness.js';
import { candidateRows, rebuiltRow } from './candidates.js';
import { type Judgement, judgeReport } from './judge.js';
import { rulesOf } from './rules.js';
import { type RssSplit, splitRss } from './split_rss.js';
import type { OomReport, TaskRow } from './types.js';
import { parseVersion, presetFor } from './version.js';
import { importCgroups } from './workload_cgroups.js';
import { importMachine } from './workload_machine.js';
import { importProcess } from './workload_process.js';

/** How to import. */
export interface ImportOptions {
  /** Name of the log, for the comments. */
  readonly source?: string;
  /** A judgement already made. */
  readonly judgement?: Judgement;
}

/** The schema takes a million; a file of more than this cannot be read back (8 MiB). */
const PROCESSES_MAX = 50_000;
const PID_MAX = 4_194_303;
const UNTIL = '10s';
/** Pages that the one who asked goes on to allocate: 64 MiB, or 256 GiB. */
const GROWTH_MIN = 16_384;
const GROWTH_MAX = 2 ** 26;

/** Why this report cannot become a workload, or null. */
export function importObstacle(report: OomReport): string | null {
  if (report.tasks === null) return 'it has no task table: nothing says what the processes had';
  if (report.tasks.rows.length === 0) return 'its task table has no row that can be read';
  return null;
}

/**
 * Makes a workload of a report.
 * @throws {InputError} when the report has no task table
 */
export function reportToWorkload(report: OomReport, options: ImportOptions = {}): ImportedWorkload {
  const obstacle = importObstacle(report);
  if (obstacle !== null) {
    throw new InputError(`the report at line ${report.lines.first} can't be imported: ${obstacle}`);
  }
  const judgement = options.judgement ?? judgeReport(report);
  const notes: Notes = { comments: new Map(), missing: [], assumed: [] };
  const rows = usableRows(report, notes);
  const split = splitRss(report, rows);
  const made = importMachine(report, split, judgement.totalPages, notes);
  const cgroups = importCgroups(report, split, made, judgement.totalPages, notes);
  const asker = askerOf(report, judgement, rows);
  const growthPages = roomFor(report, made.availablePages, cgroups);
  const file: WorkloadFile = {
    name: nameOf(report),
    doc: docOf(report, judgement),
    machine: {
      ...made.machine,
      exec: { anon: 0, file: 0, pgtables: 0, slab: 0 },
    },
    kernel: kernelOf(judgement, notes),
    ...sysctlOf(report),
    cgroups,
    processes: rows.map((row, index) =>
      importProcess({
        report,
        judgement,
        row,
        index,
        pages: pagesOf(split, row),
        growthPages: row === asker ? growthPages : 0,
        notes,
      }),
    ),
    until: UNTIL,
  };
  explainSplit(split, notes);
  explainRows(report, rows, notes);
  notes.comments.set('', headComment(report, notes, options.source));
  return { file, ...notes };
}

/** Who goes on allocating: who asked, or else who uses most, which is mostly the victim. */
function askerOf(
  report: OomReport,
  judgement: Judgement,
  rows: readonly TaskRow[],
): TaskRow | null {
  const rowOf = (pid: number | undefined): TaskRow | undefined =>
    rows.find((row) => row.pid === pid || row.tgid === pid);
  return (
    rowOf(report.trigger?.pid ?? undefined) ??
    rowOf(judgement.selected?.pid) ??
    rowOf(judgement.predicted?.pid) ??
    null
  );
}

/** Pages to allocate until there is nothing left, and a little more. */
function roomFor(
  report: OomReport,
  availablePages: number,
  cgroups: NonNullable<WorkloadFile['cgroups']>,
): number {
  const limits = Object.values(cgroups).map((knobs) => pagesIn(knobs?.['memory.max']));
  const limit = Math.min(...limits.filter((pages) => pages > 0));
  const room = report.scope === 'memcg' ? Math.min(availablePages, limit) : availablePages;
  return Math.min(GROWTH_MAX, room + GROWTH_MIN);
}

function pagesIn(written: unknown): number {
  return Number(/^(\d+) pages$/.exec(String(written))?.[1] ?? 0);
}

function pagesOf(split: RssSplit, row: TaskRow): ProcessPages {
  const pages = split.pages.get(row.pid);
  if (pages === undefined) throw new Error(`row of pid ${row.pid} was not split`);
  return pages;
}

/** Rows with a pid of their own, as many as a workload file can hold. */
function usableRows(report: OomReport, notes: Notes): TaskRow[] {
  const rows: TaskRow[] = [];
  const pids = new Set<number>();
  const all = candidateRows(report);
  for (const row of all) {
    if (row.pid < 1 || row.pid > PID_MAX || pids.has(row.pid)) continue;
    pids.add(row.pid);
    rows.push(row);
  }
  const dropped = all.length - rows.length;
  if (dropped > 0) notes.missing.push(`${dropped} rows with an impossible or repeated pid`);
  if (rows.length > PROCESSES_MAX) {
    notes.missing.push(`${rows.length - PROCESSES_MAX} rows beyond the first ${PROCESSES_MAX}`);
    rows.length = PROCESSES_MAX;
  }
  return rows;
}

function nameOf(report: OomReport): string {
  const comm = (report.kills[0]?.comm ?? report.trigger?.comm ?? 'oom').replaceAll(/[^\w.-]/g, '-');
  const pid = report.kills[0]?.pid ?? report.trigger?.pid ?? `line-${report.lines.first}`;
  return `oom-${comm}-${pid}`.slice(0, 64);
}

function docOf(report: OomReport, judgement: Judgement): string {
  const kernel = report.kernel?.text ?? 'an unnamed kernel';
  const victim = judgement.victims[0];
  const end = victim === undefined ? 'nobody was killed' : `${victim.comm} was killed`;
  return `A ${report.scope} OOM on ${kernel}, at the moment of its report: ${end}.`;
}

/** The nearest preset, and switches for what this kernel did otherwise. */
function kernelOf(judgement: Judgement, notes: Notes): WorkloadFile['kernel'] {
  const { rules, version, from } = judgement.rules;
  const preset = version === null ? '5.4' : presetFor(version);
  const presetRules = rulesOf(parseVersion(preset) ?? { major: 5, minor: 4, patch: 0 });
  const switches = new Map<string, string | boolean>();
  if ((rules.rootBonus === 'none') !== (presetRules.rootBonus === 'none')) {
    switches.set('root_bonus', rules.rootBonus !== 'none');
  }
  if (rules.clamped !== presetRules.clamped) {
    switches.set('badness', rules.clamped ? 'clamped' : 'signed');
  }
  if (rules.ties !== presetRules.ties) {
    switches.set('tie', rules.ties === 'first' ? 'first_leader' : 'last');
  }
  if (rules.childSacrifice !== presetRules.childSacrifice) {
    switches.set('child_sacrifice', rules.childSacrifice);
  }
  notes.comments.set('kernel', `Nearest preset to ${from}.`);
  notes.assumed.push(`the rules of Linux ${preset}, the nearest preset (${from})`);
  if (rules.scale !== 'pages' || rules.rootBonus === 'total' || rules.rootBonus === 'permille') {
    notes.assumed.push(`the rules of ${preset}: this kernel's own are older than any preset`);
  }
  return { version: preset, oom_policy: 'process', ...Object.fromEntries(switches) };
}

function sysctlOf(report: OomReport): Pick<WorkloadFile, 'sysctl'> {
  const sysctl: NonNullable<WorkloadFile['sysctl']> = {};
  if (report.panic?.includes('compulsory') === true) sysctl['vm.panic_on_oom'] = 2;
  else if (report.panic?.includes('panic_on_oom') === true) sysctl['vm.panic_on_oom'] = 1;
  if (report.kills.some((kill) => kill.message.includes('oom_kill_allocating_task'))) {
    sysctl['vm.oom_kill_allocating_task'] = 1;
  }
  return Object.keys(sysctl).length === 0 ? {} : { sysctl };
}

function explainSplit(split: RssSplit, notes: Notes): void {
  if (split.anonShare === null) return;
  const percent = Math.round(split.anonShare * 100);
  notes.missing.push('how much of each RSS is anonymous, file and shared (printed from 6.8 on)');
  const rest = percent === 100 ? 'all' : `${percent} %`;
  notes.assumed.push(`${rest} of it is anonymous, from ${split.shareFrom}; the rest is file`);
}

function explainRows(report: OomReport, rows: readonly TaskRow[], notes: Notes): void {
  const { lostRows, tasks } = report;
  notes.missing.push(...lostRows.evidence.map((evidence) => `rows of the table: ${evidence}`));
  const rebuilt = rebuiltRow(report);
  if (rebuilt !== null) {
    notes.assumed.push(
      `the victim ${rebuilt.comm} (${rebuilt.pid}) as its kill line has it (line ${rebuilt.line}): ` +
        `no swap, oom_score_adj ${adjOf(rebuilt)}`,
    );
  }
  notes.missing.push('parents, threads, start times and cgroups of the processes');
  notes.assumed.push(
    report.scope === 'memcg'
      ? 'everybody is in one cgroup: policies that compare cgroups have nothing to compare'
      : 'everybody but the victim is in /: policies that compare cgroups see one large root',
  );
  if (report.pageSizeKb !== 4) {
    notes.assumed.push(
      `pages are ${report.pageSizeKb} kB in the report and 4 kB here: counts are kept, ` +
        'so scores are the same and sizes are not',
    );
  }
  const first = rows[0]?.line;
  const last = rows.findLast((row) => row.pid !== rebuilt?.pid)?.line;
  notes.comments.set(
    'processes',
    `Lines ${first} to ${last} of the log, the task table (${tasks?.columns.join(' ')}), ` +
      'in its order, which settles ties. swap: swapents; pgtables: page tables in pages.',
  );
}

function headComment(report: OomReport, notes: Notes, source: string | undefined): string {
  const { first, last } = report.lines;
  const where = source === undefined ? '' : ` of ${source}`;
  const when = report.atText ?? (report.atSeconds === null ? null : `${report.atSeconds} s`);
  return [
    `Made by oomsim import dmesg from lines ${first} to ${last}${where}.`,
    ...(when === null ? [] : [`Time of the report: ${when}.`]),
    ...notesText(notes),
  ].join('\n');
}
