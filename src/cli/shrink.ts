/** `oomsim shrink RUN --while PROPERTY`: the smallest workload that still shows it. */
import { existsSync } from 'node:fs';
import { OutputError } from '../record/errors.js';
import { findRunOrWorkload } from '../run/named_run.js';
import { countProcesses } from '../run/shrink/passes.js';
import { parseProperty } from '../run/shrink/property.js';
import type { Search } from '../run/shrink/search.js';
import { type ShrinkReport, shrinkRun } from '../run/shrink/shrink.js';
import { choosePolicyFile } from './choose_policy.js';
import { EXIT } from './exit_codes.js';
import { Interrupt } from './interrupt.js';
import { printJson, printResult } from './output.js';
import { writeNew } from './write_new.js';

/** The options of `oomsim shrink` as commander hands them over. */
export interface ShrinkFlags {
  readonly while: readonly string[];
  readonly policy?: string;
  /** The file to write; absent: stdout. */
  readonly out?: string;
  readonly force?: boolean;
  readonly maxRuns: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Where run folders are looked for. */
const RUNS_FOLDER = 'out';

/** @returns the exit code: 1 if the property is not there to begin with */
export async function runShrink(
  name: string,
  workload: string | undefined,
  flags: ShrinkFlags,
): Promise<number> {
  refuseExisting(flags);
  const policy = await choosePolicyFile(flags.policy);
  const find = { workload, policy, outDir: RUNS_FOLDER, force: flags.force ?? false };
  const run = await findRunOrWorkload(name, find);
  const properties = await Promise.all(flags.while.map(parseProperty));
  const interrupt = new Interrupt();
  const options = { runsMax: flags.maxRuns, signal: interrupt.signal };
  let report: ShrinkReport | null;
  try {
    report = await shrinkRun(
      run,
      properties,
      flags.quiet ? options : { ...options, ...progress() },
    );
  } finally {
    interrupt.release();
  }
  if (report === null) {
    note(`oomsim: ${run.source.workload.name} does not show ${flags.while.join(' and ')}\n`);
    return EXIT.refused;
  }
  write(report, flags);
  if (!flags.quiet) note(summary(report));
  return interrupt.signal.aborted ? EXIT.interrupted : EXIT.ok;
}

function refuseExisting({ out, force }: ShrinkFlags): void {
  if (out === undefined || force || !existsSync(out)) return;
  throw new OutputError(`${out} exists; not overwritten`, { hint: 'replace it with --force' });
}

function write({ yaml, ...report }: ShrinkReport, { out, json }: ShrinkFlags): void {
  // Looked for before the search began: what it took is not thrown away for a file made since.
  if (out !== undefined) writeNew(out, yaml, true);
  if (json) printJson({ ...report, workload: yaml });
  else if (out === undefined) printResult(yaml);
}

function summary({
  processesBefore,
  processes,
  runs,
  property,
  isInterrupted,
  token,
}: ShrinkReport) {
  const end = isInterrupted ? ', not to the end' : '';
  return (
    `oomsim: ${processesBefore} processes to ${processes} in ${runs} runs${end}; shows ${property}\n` +
    `oomsim: ${token}\n`
  );
}

const PROGRESS_MS = 1000;

/** A line a second. */
function progress(): { onRun: (search: Search) => void } {
  let shownMs = performance.now();
  return {
    onRun: ({ best, runs }) => {
      const nowMs = performance.now();
      if (nowMs - shownMs < PROGRESS_MS) return;
      shownMs = nowMs;
      note(`oomsim: ${runs} runs, ${countProcesses(best)} processes\n`);
    },
  };
}

function note(line: string): void {
  process.stderr.write(line);
}
