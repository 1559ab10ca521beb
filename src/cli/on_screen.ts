/** Runs in the dashboard, for the commands that have one. */
import type { RunObserver } from '../run/drive.js';
import type { WorkloadSource } from '../run/identity.js';
import type { PolicyFile } from '../run/policy/load.js';
import type { RunOptions } from '../run/run.js';
import type { Interrupt } from './interrupt.js';

/** The options of commands that may show a dashboard. */
export interface ScreenFlags {
  /** undefined: a dashboard where there is a terminal for it. */
  readonly ui?: boolean;
  /** Simulated seconds per real second. */
  readonly speed?: number;
  /** Draws with ASCII only. */
  readonly ascii?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Whether there is to be a dashboard; says why not where it was asked for. */
export async function wantsDashboard({ ui, json, quiet }: ScreenFlags): Promise<boolean> {
  if (ui === false || json || (quiet && ui !== true)) return false;
  const { whyNoDashboard } = await import('../ui/terminal.js');
  const why = whyNoDashboard(process.stdout, process.env);
  if (why !== null && ui === true) process.stderr.write(`oomsim: no dashboard: ${why}\n`);
  return why === null;
}

/** A run to be shown, with its options, and the policy of the run beside it. */
export interface ScreenedRun {
  readonly source: WorkloadSource;
  readonly options: RunOptions;
  readonly compare: string | PolicyFile;
}

/**
 * Plays a run with a dashboard, which stays until the user has seen enough.
 * @param play plays it, watched by the observers
 */
export async function playOnScreen<T>(
  { source, options, compare }: ScreenedRun,
  { speed, ascii = false }: ScreenFlags,
  interrupt: Interrupt,
  play: (observers: readonly RunObserver[]) => Promise<T>,
): Promise<T> {
  const { openDashboard } = await import('../ui/open_dashboard.js');
  const { playAside, shownRun } = await import('../ui/shown_run.js');
  const { signal } = interrupt;
  const dashboard = await openDashboard({
    speed: speed ?? comfortableSpeed(options.untilNs ?? source.workload.untilNs),
    ascii,
    first: (arrived) => shownRun(source, options, arrived),
    second: (arrived) => playAside(source, { ...options, policy: compare }, signal, arrived),
    signal,
  });
  void dashboard.done.then(() => interrupt.abort()); // to a run that is over it makes no difference
  try {
    const result = await play([dashboard.observer]);
    await dashboard.done;
    return result;
  } finally {
    dashboard.close();
  }
}

/** Shows what a run with `--record` left in its folder. @throws OutputError */
export async function showRecording(
  dir: string,
  { speed, ascii = false }: ScreenFlags,
  interrupt: Interrupt,
): Promise<void> {
  const { openRecordedRun } = await import('../ui/open_recorded.js');
  const options = { ascii, signal: interrupt.signal };
  await openRecordedRun(dir, { ...options, ...(speed === undefined ? {} : { speed }) });
}

/** Slow enough to see who dies; most runs end well before the time that they may take. */
const SHOW_NS = 20_000_000_000;

/** The simulated seconds per second at which a run that uses all its time lasts SHOW_NS. */
function comfortableSpeed(untilNs: number): number {
  return untilNs / SHOW_NS;
}

/** What the question usually is: what would the unpatched kernel do, or what the patched one? */
export function otherPolicy({ workload }: WorkloadSource, { policy }: RunOptions): string {
  return (policy ?? workload.policy) === 'process' ? 'cgroup' : 'process';
}
