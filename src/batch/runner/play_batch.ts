/** Playing runs without a trace of files: boot, watch, count. */
import { boot } from '../../run/boot.js';
import { identityOf, type WorkloadSource } from '../../run/identity.js';
import { loadPolicy, type PolicyFile } from '../../run/policy/load.js';
import { formatIdentity, formatToken } from '../../run/token.js';
import { isPolicyFile } from '../../workload/checkKernel.js';
import { parseWorkload } from '../../workload/parse.js';
import { printable } from '../../workload/problems.js';
import { RunMetrics } from '../metrics/run_metrics.js';
import type { Batch, PlayedRun } from './messages.js';

/** Workloads kept parsed; batches of one cell come one after the other. */
const KEPT_MAX = 8;
const ERROR_LENGTH_MAX = 500;

/** Plays batches one after the other; keeps what the next one may need again. */
export class BatchPlayer {
  readonly #sources = new Map<string, WorkloadSource>();
  readonly #policies = new Map<string, PolicyFile>();

  async play(batch: Batch): Promise<PlayedRun[]> {
    const source = this.#source(batch);
    const policy = await this.#policy(batch.policy);
    return batch.runs.map((run) => playOne(batch, source, policy, run));
  }

  #source({ workload: { text, name, hash } }: Batch): WorkloadSource {
    let source = this.#sources.get(hash);
    if (source === undefined) {
      source = { workload: parseWorkload(text, name), text, hash };
      if (this.#sources.size >= KEPT_MAX) this.#sources.delete(this.#sources.keys().next().value!);
      this.#sources.set(hash, source);
    }
    return source;
  }

  async #policy(asked: string | undefined): Promise<string | PolicyFile | undefined> {
    if (asked === undefined || !isPolicyFile(asked)) return asked;
    let policy = this.#policies.get(asked);
    if (policy === undefined) {
      policy = await loadPolicy(asked);
      this.#policies.set(asked, policy);
    }
    return policy;
  }
}

function playOne(
  { containers, kernel, seed, check }: Batch,
  source: WorkloadSource,
  policy: string | PolicyFile | undefined,
  run: number,
): PlayedRun {
  const choices = {
    ...(kernel === undefined ? {} : { kernel }),
    ...(policy === undefined ? {} : { policy }),
  };
  const identity = identityOf(source, { ...choices, seed, run });
  try {
    const system = boot(source.workload, { ...choices, seed, run, queue: 'auto', check });
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
