/** `oomsim diff A [B]`: the first event at which two runs part, and why. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, parseCheckpoints } from '../record/checkpoints_csv.js';
import { RUN_FILES } from '../record/run_folder.js';
import { diffRuns } from '../run/diff/diff.js';
import type { Side } from '../run/diff/side.js';
import { diffJson, formatDiff } from '../run/diff/text.js';
import type { RunChoices } from '../run/identity.js';
import { findRunOrWorkload, type NamedRun } from '../run/named_run.js';
import { formatCount } from '../run/summary.js';
import { InputError } from '../workload/problems.js';
import { choosePolicy } from './choose_policy.js';
import { EXIT } from './exit_codes.js';
import type { Switches } from './options.js';
import { printJson, printResult } from './output.js';

/** The options of `oomsim diff` as commander hands them over; lists have a value for each run. */
export interface DiffFlags {
  readonly policy?: readonly string[];
  readonly kernel?: readonly string[];
  readonly seed?: readonly string[];
  readonly set: Switches;
  readonly workload?: string;
  readonly out: string;
  readonly context: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** @returns the exit code: 1 if they differ */
export async function runDiff(
  nameA: string,
  nameB: string | undefined,
  flags: DiffFlags,
): Promise<number> {
  checkLists(nameB, flags);
  const a = await sideOf(nameA, 0, flags);
  const b = await sideOf(nameB ?? nameA, 1, flags);
  const onStep = flags.quiet ? undefined : progress();
  const report = diffRuns(a, b, { context: flags.context, ...(onStep && { onStep }) });
  if (flags.json) printJson(diffJson(a, b, report));
  else printResult(formatDiff(a, b, report));
  return report.same ? EXIT.ok : EXIT.refused;
}

/** Two values, where there is one name; one, where there are two. @throws InputError */
function checkLists(nameB: string | undefined, { policy, kernel, seed }: DiffFlags): void {
  const lengths = [policy, kernel, seed].map((list) => list?.length ?? 0);
  if (lengths.some((length) => length > 2)) throw new InputError('a diff is of two runs, not more');
  const hasTwo = lengths.includes(2);
  if (nameB === undefined && !hasTwo) {
    throw new InputError(
      'nothing to compare with: name a second run, or give two values, as in ' +
        '--policy process,cgroup or --seed 1,2',
    );
  }
  if (nameB !== undefined && hasTwo) {
    throw new InputError('two values and two runs: with two runs an option has one value');
  }
}

async function sideOf(name: string, index: 0 | 1, flags: DiffFlags): Promise<Side> {
  const { workload, out: outDir } = flags;
  const run = await findRunOrWorkload(name, { workload, outDir, force: true });
  for (const misfit of run.misfits) note(`oomsim: ${name}: ${misfit}\n`);
  const own = await ownChoices(index, flags);
  const isAsRecorded = Object.keys(own).length === 0;
  return {
    name: 'AB'[index]!,
    source: run.source,
    choices: { ...run.choices, ...own, switches: { ...run.choices.switches, ...own.switches } },
    dir: isAsRecorded ? (run.folder?.dir ?? null) : null,
    checkpoints: isAsRecorded ? checkpointsOf(run) : [],
  };
}

/** What is asked of this run beyond its name. */
async function ownChoices(index: 0 | 1, flags: DiffFlags): Promise<RunChoices> {
  const mine = (list: readonly string[] | undefined): string | undefined =>
    list?.[index] ?? list?.[0];
  const [kernel, seed] = [mine(flags.kernel), mine(flags.seed)];
  const policy = await choosePolicy(mine(flags.policy));
  return {
    ...(kernel === undefined ? {} : { kernel }),
    ...(seed === undefined ? {} : { seed }),
    ...(policy === undefined ? {} : { policy }),
    ...(Object.keys(flags.set).length === 0 ? {} : { switches: flags.set }),
  };
}

function checkpointsOf({ folder }: NamedRun): Checkpoint[] {
  const path = folder === null ? '' : join(folder.dir, RUN_FILES.checkpoints);
  return existsSync(path) ? parseCheckpoints(readFileSync(path, 'utf8')) : [];
}

const PROGRESS_MS = 1000;

/** A line a second. */
function progress(): (events: number) => void {
  let shownMs = performance.now();
  return (events) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < PROGRESS_MS) return;
    shownMs = nowMs;
    note(`oomsim: the same for ${formatCount(events)} events\n`);
  };
}

function note(line: string): void {
  process.stderr.write(line);
}
