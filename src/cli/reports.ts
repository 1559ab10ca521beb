/** OOM reports of a log, for the commands that take one. */
import {
  importObstacle,
  linkReports,
  type OomReport,
  readOomReports,
} from '../import/dmesg/index.js';
import { InputError, printable } from '../workload/problems.js';

/**
 * Reads every OOM report of a log.
 * @param file a path, or `-` for standard input
 * @throws InputError if it cannot be read
 */
export async function readReports(file: string): Promise<OomReport[]> {
  const reports: OomReport[] = [];
  for await (const report of readOomReports(file)) reports.push(report);
  return linkReports(reports);
}

/**
 * The report asked for, or else the first that says most: whom the kernel killed and what everybody
 * had; then the first that names a victim, then the first with a task table.
 * @param event counted from 1
 * @throws InputError if there is no such report
 */
export function chooseReport(
  reports: readonly OomReport[],
  file: string,
  event: number | undefined,
): { report: OomReport; number: number } {
  const name = file === '-' ? 'standard input' : printable(file);
  if (reports.length === 0) throw new InputError(`${name}: no OOM report in it`);
  const number = event ?? mostTelling(reports) + 1;
  const report = reports[number - 1];
  if (report === undefined) {
    throw new InputError(`${name}: it has ${reports.length} OOM reports, none is number ${number}`);
  }
  return { report, number };
}

function mostTelling(reports: readonly OomReport[]): number {
  const table = (report: OomReport): boolean => importObstacle(report) === null;
  const victim = (report: OomReport): boolean => report.kills.length > 0;
  const ranks = [
    reports.findIndex((report) => table(report) && victim(report)),
    reports.findIndex(victim),
    reports.findIndex(table),
  ];
  return Math.max(0, ranks.find((at) => at >= 0) ?? 0);
}
