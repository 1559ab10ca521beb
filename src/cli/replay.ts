/** `oomsim replay TOKEN|RUNDIR`: a run once more, compared with what is known of it. */

import { isRecorded } from '../record/frames_file.js';
import type { RunObserver } from '../run/drive.js';
import { findRun, type NamedRun } from '../run/named_run.js';
import { type ReplayReport, replayRun } from '../run/replay/replay.js';
import { formatReplay, replayJson } from '../run/replay/text.js';
import { formatIdentity } from '../run/token.js';
import { choosePolicyFile } from './choose_policy.js';
import { EXIT } from './exit_codes.js';
import { Interrupt } from './interrupt.js';
import {
  otherPolicy,
  playOnScreen,
  type ScreenFlags,
  showRecording,
  wantsDashboard,
} from './on_screen.js';
import { printJson, printResult } from './output.js';
import { Progress } from './progress.js';

/** The options of `oomsim replay` as commander hands them over. */
export interface ReplayFlags extends ScreenFlags {
  readonly policy?: string;
  readonly out: string;
  readonly force?: boolean;
  /** False: end where an interrupted run had stopped. */
  readonly continue: boolean;
}

/** @returns the exit code */
export async function runReplay(
  name: string,
  workload: string | undefined,
  flags: ReplayFlags,
): Promise<number> {
  const isOnScreen = await wantsDashboard(flags);
  if (isOnScreen && isRecorded(name)) {
    await withInterrupt((interrupt) => showRecording(name, flags, interrupt));
    return EXIT.ok;
  }
  const { out: outDir, force = false } = flags;
  const policy = await choosePolicyFile(flags.policy);
  const run = await findRun(name, { workload, policy, outDir, force });
  for (const misfit of run.misfits) note(`oomsim: forced: ${misfit}\n`);
  const report = await withInterrupt((interrupt) => play(run, flags, interrupt, isOnScreen));
  if (flags.json) printJson(replayJson(report));
  else printResult(formatReplay(report));
  if (report.verdict === 'different') return EXIT.refused;
  return report.verdict === 'unknown' && report.result.endedBy === 'interrupted'
    ? EXIT.interrupted
    : EXIT.ok;
}

async function play(
  run: NamedRun,
  flags: ReplayFlags,
  interrupt: Interrupt,
  isOnScreen: boolean,
): Promise<ReplayReport> {
  const options = { signal: interrupt.signal, stopThere: !flags.continue };
  if (isOnScreen) {
    const { source, choices } = run;
    const compare = otherPolicy(source, choices);
    return playOnScreen({ source, options: choices, compare }, flags, interrupt, (observers) =>
      replayRun(run, options, observers),
    );
  }
  const observers: RunObserver[] = [];
  if (!flags.quiet) {
    const title = `${run.source.workload.name}, ${formatIdentity(run.identity)}`;
    observers.push({ begin: () => note(`oomsim: ${title}\n`) }, new Progress(note));
  }
  return replayRun(run, options, observers);
}

async function withInterrupt<T>(work: (interrupt: Interrupt) => Promise<T>): Promise<T> {
  const interrupt = new Interrupt();
  try {
    return await work(interrupt);
  } finally {
    interrupt.release();
  }
}

function note(line: string): void {
  process.stderr.write(line);
}
