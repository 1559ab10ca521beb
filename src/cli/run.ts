import { join } from 'node:path';
import { RUN_FILES } from '../record/run_folder.js';
import type { RunObserver } from '../run/drive.js';
import { identityOf } from '../run/identity.js';
import { loadPolicyOf, type PolicyFile } from '../run/policy/load.js';
import { quoteForShell, repeatCommand } from '../run/repeat_command.js';
import type { RunResult } from '../run/result.js';
import { bootRun, type RunOptions, runWorkload } from '../run/run.js';
import { formatSeconds, formatSummary } from '../run/summary.js';
import { formatIdentity } from '../run/token.js';
import type { LoadedWorkload } from '../workload/load.js';
import { choosePolicy } from './choose_policy.js';
import { EXIT } from './exit_codes.js';
import { Interrupt } from './interrupt.js';
import { loadSource } from './load_source.js';
import { otherPolicy, playOnScreen, type ScreenFlags, wantsDashboard } from './on_screen.js';
import type { Switches } from './options.js';
import { printJson, printResult } from './output.js';
import { Progress } from './progress.js';
import { isForTheUser } from './report_error.js';

/** The options of `oomsim run` as commander hands them over. */
export interface RunFlags extends ScreenFlags {
  readonly kernel?: string;
  readonly policy?: string;
  readonly set: Switches;
  readonly seed?: string;
  readonly run: number;
  /** Simulated ns. */
  readonly until?: number;
  readonly out: string;
  readonly force?: boolean;
  readonly queue: 'heap' | 'ladder' | 'auto';
  readonly check?: boolean;
  /** The policy of the run beside this one in the dashboard. */
  readonly compare?: string;
  /** Writes all that the dashboard shows. */
  readonly record?: boolean;
}

/** `oomsim run [WORKLOAD]`. @returns the exit code */
export async function runRun(file: string, flags: RunFlags): Promise<number> {
  const loaded = await loadSource(file);
  const policy = (await choosePolicy(flags.policy)) ?? (await loadPolicyOf(loaded));
  const options = runOptions(flags, policy);
  const identity = identityOf(loaded, options);
  const interrupt = new Interrupt();
  let result: RunResult;
  try {
    result = await watch(loaded, options, flags, interrupt);
  } catch (error) {
    if (!isForTheUser(error)) note(`oomsim: while playing ${formatIdentity(identity)}\n`);
    throw error;
  } finally {
    interrupt.release();
  }
  if (flags.json) printJson(result);
  else {
    const { outDir } = result;
    const again = file === '-' && outDir !== null ? join(outDir, RUN_FILES.workload) : file;
    const repeat = repeatCommand(again, identity, policy);
    printResult(formatSummary(result, repeat, process.stdout.columns || undefined));
  }
  if (flags.record && result.outDir !== null) {
    note(`oomsim: recorded: oomsim replay ${quoteForShell(result.outDir)} shows it again\n`);
  }
  noteRefused(result);
  notePolicyProblems(result);
  if (result.endedBy === 'interrupted') return EXIT.interrupted;
  return result.panic === null ? EXIT.ok : EXIT.refused;
}

function runOptions(flags: RunFlags, policy: string | PolicyFile | undefined): RunOptions {
  const { kernel, seed, until: untilNs, force = false, check = false, record = false } = flags;
  return {
    ...(kernel === undefined ? {} : { kernel }),
    ...(policy === undefined ? {} : { policy }),
    ...(seed === undefined ? {} : { seed }),
    ...(untilNs === undefined ? {} : { untilNs }),
    switches: flags.set,
    run: flags.run,
    outDir: flags.out,
    queue: flags.queue,
    force,
    check,
    record,
  };
}

/** Plays the run with whatever shows it: a dashboard, plain lines, or nothing. */
async function watch(
  loaded: LoadedWorkload,
  options: RunOptions,
  flags: RunFlags,
  interrupt: Interrupt,
): Promise<RunResult> {
  const { signal } = interrupt;
  const identity = identityOf(loaded, options);
  const token = formatIdentity(identity);
  const compare = await comparedPolicy(loaded, options, flags);
  if (await wantsDashboard(flags)) {
    return playOnScreen({ source: loaded, options, compare }, flags, interrupt, (observers) =>
      runWorkload(loaded, { ...options, signal }, observers),
    );
  }
  const observers: RunObserver[] = [];
  if (!flags.quiet) {
    observers.push({ begin: () => note(`oomsim: ${loaded.workload.name}, ${token}\n`) });
    observers.push(new Progress(note));
  }
  return runWorkload(loaded, { ...options, signal }, observers);
}

/** @throws InputError for a policy that does not exist: now, not when somebody wants to see it */
async function comparedPolicy(
  loaded: LoadedWorkload,
  options: RunOptions,
  { compare }: RunFlags,
): Promise<string | PolicyFile> {
  if (compare === undefined) return otherPolicy(loaded, options);
  const policy = await choosePolicy(compare);
  bootRun(loaded, { ...options, policy });
  return policy;
}

/** What does not happen because the kernel does not do it is easily overlooked. */
function noteRefused({ refused }: RunResult): void {
  for (const { timeNs, what, error } of refused) {
    note(`oomsim: at ${formatSeconds(timeNs)}: ${what}: ${error}\n`);
  }
}

/** A policy that goes wrong does not end the run, but nobody should believe that it was used. */
function notePolicyProblems({ policyProblems }: RunResult): void {
  for (const { timeNs, policy, handler, problem, times } of policyProblems) {
    const when = `at ${formatSeconds(timeNs)}${times === 1 ? '' : `, and ${times - 1} more times`}`;
    note(`oomsim: policy ${policy}: handler ${handler} went wrong ${when}: ${problem}\n`);
  }
}

function note(line: string): void {
  process.stderr.write(line);
}
