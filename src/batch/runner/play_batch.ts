/** Playing runs without a trace of files: boot, watch, count. */
import { boot } from '../../run/boot.js';
import { identityOf } from '../../run/identity.js';
import type { PolicyFile } from '../../run/policy/load.js';
import { type PolicySource, policyFile } from '../../run/policy/sandbox.js';
import { formatIdentity, formatToken } from '../../run/token.js';
import { printable } from '../../workload/problems.js';
import { RunMetrics } from '../metrics/run_metrics.js';
import type { Batch, PlayedRun } from './messages.js';

const ERROR_LENGTH_MAX = 500;

/** Plays batches one after the other; keeps what the next one may need again. */
export class BatchPlayer {
  readonly #policies = new Map<string, PolicyFile>();

  play(batch: Batch): PlayedRun[] {
    const policy = this.#policy(batch.policy);
    return batch.runs.map((run) => playOne(batch, policy, run));
  }

  #policy(asked: string | PolicySource | undefined): string | PolicyFile | undefined {
    if (typeof asked !== 'object') return asked;
    let policy = this.#policies.get(asked.path);
    if (policy === undefined) {
      policy = policyFile(asked);
      this.#policies.set(asked.path, policy);
    }
    return policy;
  }
}

function playOne(
  { workload, hash, containers, kernel, seed, check }: Batch,
  policy: string | PolicyFile | undefined,
  run: number,
): PlayedRun {
  const choices = {
    ...(kernel === undefined ? {} : { kernel }),
    ...(policy === undefined ? {} : { policy }),
  };
  const identity = identityOf({ workload, hash }, { ...choices, seed, run });
  try {
    const system = boot(workload, { ...choices, seed, run, queue: 'auto', check });
    const metrics = new RunMetrics(system, containers);
    while (system.advance(Number.POSITIVE_INFINITY) !== 'ended');
    const values = metrics.values();
    const { letters: ingredients, events } = system.fingerprint;
    const fingerprint = system.fingerprint.digest();
    const outcome = { fingerprint, ingredients, events, partial: false };
    return {
      run,
      status: system.panic === null ? 'ok' : 'panic',
      endedBy: system.endedBy ?? '',
      events: system.events,
      simulatedNs: system.nowNs,
      values,
      token: formatToken({ identity, outcome }),
      error: '',
    };
  } catch (error) {
    return failedRun(run, formatIdentity(identity), error);
  }
}

/** A run that could not be played to its end; it does not hide the others. */
export function failedRun(run: number, token: string, error: unknown): PlayedRun {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    run,
    status: 'failed',
    endedBy: '',
    events: 0,
    simulatedNs: 0,
    values: new Float64Array(0),
    token,
    error: printable(what.replaceAll('"', "'")).slice(0, ERROR_LENGTH_MAX),
  };
}
