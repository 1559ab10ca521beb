/** OOM reports of a log, for the commands that take one. */
import {
  importObstacle,
  type Judgement,
  judgeReport,
  type OomReport,
  ReportLinker,
  readOomReports,
} from '../import/dmesg/index.js';
import { alignColumns } from '../run/text_table.js';
import { InputError, printable } from '../workload/problems.js';

/** What is kept of every report of a log; the chosen one is kept whole. */
export interface ReportSummary {
  /** Counted from 1. */
  readonly number: number;
  readonly firstLine: number;
  /** The time stamp, as far as the log has any. */
  readonly at: string | null;
  readonly kernel: string | null;
  readonly scope: OomReport['scope'];
  /** The cgroup at its limit. */
  readonly memcg: string | null;
  readonly killed: { readonly pid: number; readonly comm: string } | null;
  /** Killed besides: the rest of its group, sharers of its memory. */
  readonly others: number;
  readonly demanded: { readonly pid: number; readonly comm: string } | null;
  readonly verdict: Judgement['verdict'];
  readonly why: string;
}

/** The report to work on, and what else is in the log. */
export interface ChosenReport {
  readonly report: OomReport;
  readonly judgement: Judgement;
  readonly number: number;
  readonly all: readonly ReportSummary[];
}

/** A log with more reports is listed to here. */
const LISTED = 20;

/**
 * Reads a log as a stream and keeps the report asked for, or else the first that says most: whom the
 * kernel killed and what everybody had; then the first that names a victim, then the first with a
 * task table.
 * @param file a path, or `-` for standard input
 * @param asked counted from 1
 * @throws InputError if the log cannot be read, or there is no such report
 */
export async function chooseReport(file: string, asked: number | undefined): Promise<ChosenReport> {
  const all: ReportSummary[] = [];
  let chosen: Omit<ChosenReport, 'all'> | null = null;
  for await (const report of linkedReports(file)) {
    const judgement = judgeReport(report);
    const number = all.length + 1;
    all.push(summaryOf(report, judgement, number));
    const better =
      asked === undefined
        ? chosen === null || telling(report) > telling(chosen.report)
        : number === asked;
    if (better) chosen = { report, judgement, number };
  }
  const name = file === '-' ? 'standard input' : printable(file);
  if (all.length === 0) throw new InputError(`${name}: no OOM report in it`);
  if (chosen === null) {
    throw new InputError(`${name}: it has ${counted(all.length)}, none is number ${asked}`);
  }
  return { ...chosen, all };
}

async function* linkedReports(file: string): AsyncGenerator<OomReport> {
  const linker = new ReportLinker();
  for await (const report of readOomReports(file)) yield* linker.push(report);
  yield* linker.end();
}

function telling(report: OomReport): number {
  const table = importObstacle(report) === null ? 1 : 0;
  const victim = report.kills.length > 0 ? 2 : 0;
  return victim + table;
}

function summaryOf(report: OomReport, judgement: Judgement, number: number): ReportSummary {
  const [first, ...others] = judgement.victims;
  const { predicted } = judgement;
  return {
    number,
    firstLine: report.lines.first,
    at: report.atText ?? (report.atSeconds === null ? null : `${report.atSeconds.toFixed(3)} s`),
    kernel: report.kernel?.text ?? null,
    scope: report.scope,
    memcg: report.memcg?.oomMemcg ?? null,
    killed: first === undefined ? null : { pid: first.pid, comm: first.comm },
    others: others.length,
    demanded: predicted === null ? null : { pid: predicted.pid, comm: predicted.comm },
    verdict: judgement.verdict,
    why: judgement.why,
  };
}

/** The reports of a log, a line each. */
export function reportList({ all, number }: ChosenReport): string[] {
  const shown = all.slice(0, LISTED);
  const rows = shown.map((report) => [
    report.number === number ? '→' : '',
    `${report.number}`,
    `line ${report.firstLine}`,
    report.at ?? '',
    report.scope === 'memcg' ? `memcg ${report.memcg ?? ''}` : report.scope,
    killedText(report),
    report.verdict,
  ]);
  const lines = alignColumns(rows, ['left', 'right', 'left', 'left', 'left', 'left', 'left']);
  const rest = all.length - shown.length;
  return rest === 0 ? lines : [...lines, `  … and ${rest} more (all of them with --json)`];
}

function killedText({ killed, others }: ReportSummary): string {
  if (killed === null) return 'nobody killed';
  return `${killed.comm} (${killed.pid})${others === 0 ? '' : ` and ${others} more`}`;
}

/** `1 OOM report`, `3 OOM reports`. */
export function counted(reports: number): string {
  return `${reports} OOM report${reports === 1 ? '' : 's'}`;
}
