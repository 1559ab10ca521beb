import { type BootOptions, boot } from './boot.js';
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
  const { untilNs, kernel, policy, switches, queue = 'auto', check = false } = options;
  const { seed, run } = identityOf(source, options);
  const workload = untilNs === undefined ? source.workload : { ...source.workload, untilNs };
  const system = boot(workload, {
    seed,
    run,
    queue,
    check,
    ...(kernel === undefined ? {} : { kernel }),
    ...(policy === undefined ? {} : { policy }),
    ...(switches === undefined ? {} : { switches }),
  });
  return play(system, source, options, options, observers);
}
