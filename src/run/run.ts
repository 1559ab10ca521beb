import { type BootOptions, boot, type System } from './boot.js';
import type { RunObserver } from './drive.js';
import { identityOf, type RunChoices, type WorkloadSource } from './identity.js';
import { type PlayOptions, play } from './play.js';
import type { RunResult } from './result.js';

/** Everything that may be asked of a run; nothing needs to be. */
export interface RunOptions extends RunChoices, PlayOptions {
  /** Which event queue; has no influence on what happens. */
  readonly queue?: BootOptions['queue'];
  /** Checks the kernel's invariants as it goes: slower, and an internal error when one breaks. */
  readonly check?: boolean;
  /** Letters of the fingerprint, where another one than usual is to be compared with. */
  readonly ingredients?: string;
  /** Where to count the draws of each random stream by its name. */
  readonly drawTally?: Map<string, number>;
}

/**
 * Boots a workload and plays it to its end.
 *
 * @param observers watch the run; they have no influence on it
 * @throws InputError for a kernel, policy or switch that does not exist, before anything is written
 * @throws OutputError when the run folder is another run's or cannot be written
 */
export async function runWorkload(
  source: WorkloadSource,
  options: RunOptions = {},
  observers: readonly RunObserver[] = [],
): Promise<RunResult> {
  const system = bootRun(source, options);
  return play(system, source, options, options, observers);
}

/** The machine of a run, before its first event. @throws InputError as runWorkload() */
export function bootRun(source: WorkloadSource, options: RunOptions = {}): System {
  const { untilNs, kernel, policy, switches, ingredients, drawTally } = options;
  const { queue = 'auto', check = false } = options;
  const { seed, run } = identityOf(source, options);
  const workload = untilNs === undefined ? source.workload : { ...source.workload, untilNs };
  return boot(workload, {
    seed,
    run,
    queue,
    check,
    ...(kernel === undefined ? {} : { kernel }),
    ...(policy === undefined ? {} : { policy }),
    ...(switches === undefined ? {} : { switches }),
    ...(ingredients === undefined ? {} : { ingredients }),
    ...(drawTally === undefined ? {} : { drawTally }),
  });
}
