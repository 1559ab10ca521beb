import type { RunFacts } from '../record/narrator.js';
import { defaultSampleIntervalNs } from '../record/samples_csv.js';
import { drive } from '../run/drive.js';
import { identityOf, type WorkloadSource } from '../run/identity.js';
import { bootRun, type RunOptions } from '../run/run.js';
import { formatIdentity } from '../run/token.js';
import { ExactCursor } from './exact.js';
import type { Shown } from './player.js';
import { Track } from './track.js';
import { TrackRecorder } from './watch_run.js';

/**
 * A run as the dashboard shows it; somebody else plays it and lets a TrackRecorder watch.
 * @param arrived is called when a moment that was asked for is there
 */
export function shownRun(source: WorkloadSource, options: RunOptions, arrived: () => void): Shown {
  return {
    track: new Track(factsOf(source, options)),
    exact: new ExactCursor(() => bootRun(source, options), arrived),
  };
}

/**
 * A run that is played for the dashboard alone: no files, no summary.
 * @param signal ends it
 */
export function playAside(
  source: WorkloadSource,
  options: RunOptions,
  signal: AbortSignal,
  arrived: () => void,
): Shown {
  const shown = shownRun(source, options, arrived);
  const system = bootRun(source, options);
  void drive(system, {
    sampleIntervalNs: options.sampleIntervalNs ?? defaultSampleIntervalNs(system.workload.untilNs),
    observers: [new TrackRecorder(shown.track)],
    signal,
  });
  return shown;
}

function factsOf(source: WorkloadSource, options: RunOptions): RunFacts {
  const { workload } = source;
  const identity = identityOf(source, options);
  const policy = options.policy ?? workload.policy;
  return {
    workload: workload.name,
    kernel: options.kernel ?? workload.kernel,
    policy: typeof policy === 'string' ? policy : policy.name,
    seed: identity.seed,
    token: formatIdentity(identity),
    untilNs: options.untilNs ?? workload.untilNs,
  };
}
