/** `oomsim batch EXPERIMENT`: policies × sizes × seeds, in parallel, with statistics. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { agendaOf, concludeBatch, playBatch } from '../batch/batch.js';
import { type LoadedExperiment, loadExperiment } from '../batch/experiment/load.js';
import { planOf } from '../batch/plan/plan.js';
import { type Shard, WHOLE } from '../batch/plan/shard.js';
import type { Plan } from '../batch/plan/types.js';
import { formatSummary } from '../batch/report/terminal.js';
import { ResultStore } from '../batch/results/store.js';
import { ThreadExecutor } from '../batch/runner/executor.js';
import { EXIT } from './exit_codes.js';
import { Interrupt } from './interrupt.js';
import { printResult } from './output.js';

export interface BatchFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly workers?: number;
  readonly replications?: number;
  readonly shard?: Shard;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** @returns the exit code */
export async function runBatch(file: string, flags: BatchFlags): Promise<number> {
  const plan = planOf(withReplications(loadExperiment(file), flags.replications));
  const shard = flags.shard ?? WHOLE;
  const store = new ResultStore(
    join(flags.out, folderName(plan, shard)),
    plan,
    flags.force === true,
  );
  const agenda = agendaOf(plan, store, shard);
  const executor = new ThreadExecutor(flags.workers ?? availableParallelism());
  const interrupt = new Interrupt();
  try {
    await playBatch(agenda, store, executor, {
      check: flags.check === true,
      signal: interrupt.signal,
    });
  } finally {
    interrupt.release();
    await executor.close();
  }
  if (!agenda.isComplete) return EXIT.interrupted;
  return concludeAndPrint(store, flags.json === true);
}

/** Writes the summary and the report, and prints what they say. @returns the exit code */
export function concludeAndPrint(store: ResultStore, _json: boolean): number {
  const summary = concludeBatch(store);
  printResult(formatSummary(summary, store.dir));
  return summary.failed.length === 0 ? EXIT.ok : EXIT.internal;
}

function withReplications(loaded: LoadedExperiment, count: number | undefined): LoadedExperiment {
  if (count === undefined) return loaded;
  const replications = { min: count, max: count, step: count, rule: null };
  return { ...loaded, experiment: { ...loaded.experiment, replications } };
}

function folderName(plan: Plan, { index, count }: Shard): string {
  const { name } = plan.experiment;
  return count === 1 ? name : `${name}.shard-${index}-of-${count}`;
}
