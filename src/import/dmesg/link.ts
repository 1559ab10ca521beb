/**
 * What one report does not print, another one of the same boot may: a memcg report has no Mem-Info,
 * but the machine's swap does not change between two reports. The parser looks back; here one looks
 * ahead, too, as far as keeps memory bounded.
 */
import type { MachineHint, OomReport } from './types.js';

/** Reports that wait at most for a later one that prints the machine's sizes. */
const LOOK_AHEAD = 64;

/** Hands reports on in their order, each with the machine's sizes from the nearest that prints them. */
export class ReportLinker {
  #waiting: OomReport[] = [];

  /** Takes the next report; returns those that need wait no longer. */
  push(report: OomReport): OomReport[] {
    if (report.memory?.totalSwapKb != null) return [...this.#release(report), report];
    if (this.#waiting.length === 0 && report.hint !== null) return [report];
    this.#waiting.push(report);
    return this.#waiting.length > LOOK_AHEAD ? this.#waiting.splice(0, 1) : [];
  }

  /** The log has ended; returns the rest. */
  end(): OomReport[] {
    return this.#release(null);
  }

  #release(later: OomReport | null): OomReport[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (later === null) return waiting;
    return waiting.map((report) =>
      report.hint !== null || !sameBoot(report, later)
        ? report
        : { ...report, hint: hintFrom(later) },
    );
  }
}

/** The same reports, linked. */
export function linkReports(reports: Iterable<OomReport>): OomReport[] {
  const linker = new ReportLinker();
  const linked = [...reports].flatMap((report) => linker.push(report));
  return [...linked, ...linker.end()];
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
