/**
 * What one report does not print, another one of the same boot may: a memcg report has no Mem-Info,
 * but the machine's swap does not change between two reports. Streaming can only look back; with
 * all reports at hand one can look ahead, too.
 */
import type { MachineHint, OomReport } from './types.js';

/** The same reports, each with the machine's sizes from the nearest one that prints them. */
export function linkReports(reports: readonly OomReport[]): OomReport[] {
  return reports.map((report, index) => {
    if (report.memory?.totalSwapKb != null || report.hint !== null) return report;
    const later = reports.slice(index + 1).find((other) => other.memory?.totalSwapKb != null);
    if (later === undefined || !sameBoot(report, later)) return report;
    return { ...report, hint: hintFrom(later) };
  });
}

function sameBoot(earlier: OomReport, later: OomReport): boolean {
  if (earlier.kernel?.text !== later.kernel?.text) return false;
  if (earlier.atSeconds === null || later.atSeconds === null) return true;
  return earlier.atSeconds <= later.atSeconds;
}

function hintFrom(report: OomReport): MachineHint | null {
  const { memory } = report;
  if (memory === null) return null;
  return {
    totalSwapKb: memory.totalSwapKb,
    ramPages: memory.ramPages,
    reservedPages: memory.reservedPages,
    line: memory.lineOf.get('Total') ?? report.lines.first,
  };
}
