import type { RunObserver } from '../run/drive.js';
import { identityOf } from '../run/identity.js';
import { loadPolicyOf, type PolicyFile } from '../run/policy/load.js';
import type { RunResult } from '../run/result.js';
import { type RunOptions, runWorkload } from '../run/run.js';
import { formatSeconds, formatSummary } from '../run/summary.js';
import { formatIdentity } from '../run/token.js';
import { type LoadedWorkload, loadWorkload } from '../workload/load.js';
import { choosePolicy } from './choose_policy.js';
import { EXIT } from './exit_codes.js';
import { Interrupt } from './interrupt.js';
import type { Switches } from './options.js';
import { printJson, printResult } from './output.js';
import { Progress } from './progress.js';
import { repeatCommand } from './repeat_command.js';
import { isForTheUser } from './report_error.js';

/** The options of `oomsim run` as commander hands them over. */
export interface RunFlags {
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
  /** undefined: a dashboard where there is a terminal for it. */
  readonly ui?: boolean;
  /** Of the dashboard: simulated seconds per real second. */
  readonly speed?: number;
  /** Of the dashboard: the policy of the run beside this one. */
  readonly compare?: string;
  /** Of the dashboard: draws with ASCII only. */
  readonly ascii?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `oomsim run [WORKLOAD]`. @returns the exit code */
export async function runRun(file: string, flags: RunFlags): Promise<number> {
  const loaded = loadWorkload(file);
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
  else printResult(formatSummary(result, repeatCommand(file, identity, policy)));
  notePolicyProblems(result);
  if (result.endedBy === 'interrupted') return EXIT.interrupted;
  return result.panic === null ? EXIT.ok : EXIT.refused;
}

function runOptions(flags: RunFlags, policy: string | PolicyFile | undefined): RunOptions {
  const { kernel, seed, until: untilNs, force = false, check = false } = flags;
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
  if (!(await wantsDashboard(flags))) {
    const observers: RunObserver[] = [];
    if (!flags.quiet) {
      observers.push({ begin: () => note(`oomsim: ${loaded.workload.name}, ${token}\n`) });
      observers.push(new Progress(note));
    }
    return runWorkload(loaded, { ...options, signal }, observers);
  }
  return watchOnScreen(loaded, options, flags, interrupt);
}

/** Plays the run with a dashboard, which stays until the user has seen enough. */
async function watchOnScreen(
  loaded: LoadedWorkload,
  options: RunOptions,
  { speed, compare, ascii = false }: RunFlags,
  interrupt: Interrupt,
): Promise<RunResult> {
  const { openDashboard } = await import('../ui/open_dashboard.js');
  const { playAside, shownRun } = await import('../ui/shown_run.js');
  const { signal } = interrupt;
  const other = { ...options, policy: compare ?? otherPolicy(loaded, options) };
  const dashboard = await openDashboard({
    speed: speed ?? comfortableSpeed(options.untilNs ?? loaded.workload.untilNs),
    ascii,
    first: (arrived) => shownRun(loaded, options, arrived),
    second: (arrived) => playAside(loaded, other, signal, arrived),
    signal,
  });
  void dashboard.done.then(() => interrupt.abort()); // to a run that is over it makes no difference
  try {
    const result = await runWorkload(loaded, { ...options, signal }, [dashboard.observer]);
    await dashboard.done;
    return result;
  } finally {
    dashboard.close();
  }
}

/** What the question usually is: what would the unpatched kernel do, or what the patched one? */
function otherPolicy({ workload }: LoadedWorkload, { policy }: RunOptions): string {
  return (policy ?? workload.policy) === 'process' ? 'cgroup' : 'process';
}

/** Slow enough to see who dies; most runs end well before the time that they may take. */
const SHOW_NS = 20_000_000_000;

/** The simulated seconds per second at which a run that uses all its time lasts SHOW_NS. */
function comfortableSpeed(untilNs: number): number {
  return untilNs / SHOW_NS;
}

async function wantsDashboard({ ui, json, quiet }: RunFlags): Promise<boolean> {
  if (ui === false || json || (quiet && ui !== true)) return false;
  const { whyNoDashboard } = await import('../ui/terminal.js');
  const why = whyNoDashboard(process.stdout, process.env);
  if (why !== null && ui === true) note(`oomsim: no dashboard: ${why}\n`);
  return why === null;
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
