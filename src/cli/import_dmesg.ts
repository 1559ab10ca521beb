import { writeFileSync } from 'node:fs';
import {
  importObstacle,
  linkReports,
  type OomReport,
  readOomReports,
  reportToWorkload,
} from '../import/dmesg/index.js';
import { OutputError, reasonOf } from '../record/errors.js';
import { InputError, printable } from '../workload/problems.js';
import { workloadToYaml } from '../workload/write.js';
import { EXIT } from './exit_codes.js';
import { printResult } from './output.js';

export interface ImportDmesgFlags {
  /** Where to write; undefined is stdout. */
  readonly out?: string;
  /** Which report, from 1. */
  readonly event?: number;
  readonly force?: boolean;
}

/** `oomsim import dmesg FILE|-`: one OOM report of a kernel log as a workload file. */
export async function runImportDmesg(file: string, flags: ImportDmesgFlags): Promise<number> {
  const reports = linkReports(await readAll(file));
  const { report, number } = choose(reports, file, flags.event);
  const imported = reportToWorkload(report, { source: file === '-' ? 'standard input' : file });
  const yaml = workloadToYaml(imported.file, imported.comments);
  if (flags.out === undefined) printResult(yaml);
  else writeNew(flags.out, yaml, flags.force === true);
  const others = reports.length === 1 ? '' : `; --event chooses another of ${reports.length}`;
  note(`report ${number}, at line ${report.lines.first}${others}`);
  return EXIT.ok;
}

async function readAll(file: string): Promise<OomReport[]> {
  const reports: OomReport[] = [];
  try {
    for await (const report of readOomReports(file)) reports.push(report);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new InputError(`${printable(file)}: ${reasonOf(error)}`, { cause: error });
  }
  return reports;
}

/** The report asked for, or the first that can become a workload: later ones are its aftermath. */
function choose(
  reports: readonly OomReport[],
  file: string,
  event: number | undefined,
): { report: OomReport; number: number } {
  const name = file === '-' ? 'standard input' : printable(file);
  if (reports.length === 0) throw new InputError(`${name}: no OOM report in it`);
  const firstUsable = reports.findIndex((report) => importObstacle(report) === null);
  const number = event ?? Math.max(0, firstUsable) + 1;
  const report = reports[number - 1];
  if (report === undefined) {
    throw new InputError(`${name}: it has ${reports.length} OOM reports, none is number ${number}`);
  }
  return { report, number };
}

function writeNew(path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const hint = isThere ? 'replace it with --force' : '';
    throw new OutputError(`cannot write ${path}: ${reasonOf(error)}`, { hint, cause: error });
  }
}

function note(line: string): void {
  process.stderr.write(`oomsim: ${line}\n`);
}
