/** A run played again, and whether it is the same. */
import type { ComparedFile } from '../../record/compare_files.js';
import type { RunObserver } from '../drive.js';
import type { NamedRun } from '../named_run.js';
import type { PlayOptions } from '../play.js';
import type { RunResult } from '../result.js';
import { type RunOptions, runWorkload } from '../run.js';
import type { RunOutcome } from '../token.js';
import { FingerprintCheck } from './check_fingerprint.js';
import { FolderCheck } from './check_folder.js';

/**
 * same: everything known of the run is as it was. different: something is not. unknown: nothing is
 * known of the run that could be compared, or the replay was interrupted before that.
 */
export type ReplayVerdict = 'same' | 'different' | 'unknown';

export interface ReplayReport {
  readonly verdict: ReplayVerdict;
  /** What differs, a sentence each. */
  readonly differences: readonly string[];
  /** What the run came to, as far as it is known. */
  readonly expected: RunOutcome | null;
  /** The files of its folder, where it has one. */
  readonly files: readonly ComparedFile[];
  /** Where the record of a run ends that was killed or failed. */
  readonly lastRecorded: string | null;
  readonly result: RunResult;
  /** What was let pass by force. */
  readonly misfits: readonly string[];
}

export interface ReplayOptions extends PlayOptions {
  /** Ends where an interrupted run had stopped; otherwise it goes on from there to its end. */
  readonly stopThere?: boolean;
}

/**
 * Plays a run again.
 * @throws InputError, OutputError as runWorkload()
 */
export async function replayRun(
  run: NamedRun,
  options: ReplayOptions = {},
  observers: readonly RunObserver[] = [],
): Promise<ReplayReport> {
  const { source, outcome: expected, folder, misfits } = run;
  const end = new AbortController();
  const reached = (): void => {
    if (options.stopThere) end.abort();
  };
  const files = folder === null ? null : new FolderCheck(folder, reached);
  const fingerprint = new FingerprintCheck(expected, files === null ? reached : () => {});
  const checks = files === null ? [fingerprint] : [fingerprint, files];
  const playOptions = runOptions(run, options, end.signal);
  const result = await runWorkload(source, playOptions, [...checks, ...observers]);
  const isOver = result.endedBy !== 'interrupted' || end.signal.aborted;
  if (isOver) files?.finish();
  const isCompared = fingerprint.isDone(result) || (isOver && files !== null);
  const differences = fingerprint.differences(result);
  if (isCompared && files !== null) differences.push(...files.differences());
  const verdict = differences.length > 0 ? 'different' : isCompared ? 'same' : 'unknown';
  return {
    verdict,
    differences,
    expected,
    files: isCompared ? (files?.files ?? []) : [],
    lastRecorded: files?.lastRecorded() ?? null,
    result,
    misfits,
  };
}

/** As the run was played, with a pause where it is compared. */
function runOptions(
  { choices, outcome, folder }: NamedRun,
  { stopThere: _, signal, ...options }: ReplayOptions,
  end: AbortSignal,
): RunOptions {
  const sampleIntervalNs = folder?.manifest.sampleIntervalNs;
  return {
    ...options,
    ...choices,
    signal: signal === undefined ? end : AbortSignal.any([signal, end]),
    ...(sampleIntervalNs === undefined ? {} : { sampleIntervalNs }),
    ...(outcome === null
      ? {}
      : { ingredients: outcome.ingredients, pauseAtEvents: outcome.events }),
  };
}
