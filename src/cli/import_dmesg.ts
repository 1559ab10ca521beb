import { reportToWorkload } from '../import/dmesg/index.js';
import { EXIT } from './exit_codes.js';
import { importedYaml } from './imported_yaml.js';
import { note, printResult } from './output.js';
import { readAs } from './read_as.js';
import { chooseReport, counted, reportList } from './reports.js';
import { writeNew } from './write_new.js';

export interface ImportDmesgFlags {
  /** Where to write; undefined is stdout. */
  readonly out?: string;
  /** Which report, from 1. */
  readonly report?: number;
  /** Only list the reports of the log. */
  readonly list?: boolean;
  readonly force?: boolean;
}

/** `oomsim import dmesg FILE|-`: one OOM report of a kernel log as a workload file. */
export async function runImportDmesg(file: string, flags: ImportDmesgFlags): Promise<number> {
  const chosen = await readAs('log', file, () => chooseReport(file, flags.report));
  if (flags.list === true) {
    printResult(
      reportList(chosen)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return EXIT.ok;
  }
  const { report, judgement, number, all } = chosen;
  const source = file === '-' ? 'standard input' : file;
  const { yaml } = importedYaml(reportToWorkload(report, { source, judgement }), source);
  if (flags.out === undefined) printResult(yaml);
  else writeNew(flags.out, yaml, flags.force === true);
  note(`report ${number}, at line ${report.lines.first}`);
  if (all.length > 1 && flags.report === undefined) {
    note(`${counted(all.length)} in this log; --report N chooses another:`);
    for (const line of reportList(chosen)) process.stderr.write(`  ${line}\n`);
  }
  return EXIT.ok;
}
