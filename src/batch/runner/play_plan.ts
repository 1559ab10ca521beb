/** Plays all that an agenda has, on all threads of an executor. */

import { formatIdentity } from '../../run/token.js';
import { valueColumns } from '../metrics/definitions.js';
import { runIdentity } from '../plan/replay.js';
import type { Cell, Plan } from '../plan/types.js';
import type { ResultStore } from '../results/store.js';
import type { Agenda, Portion } from './agenda.js';
import { Batches } from './batches.js';
import type { Executor } from './executor.js';
import type { PlayedRun } from './messages.js';

export interface PlayPlanOptions {
  readonly check: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch. */
  readonly progress?: (agenda: Agenda) => void;
}

/** Long enough for a message to cost nothing, short enough for Ctrl-C to be answered at once. */
const BATCH_MS = 60;
const RUNS_AT_FIRST = 2;
const RUNS_MAX = 2000;
/** One that is played and one that waits: a thread never waits for the next. */
const BATCHES_PER_THREAD = 2;

/** Puts what earlier batches have played on the agenda. */
export function recall(agenda: Agenda, store: ResultStore, plan: Plan): void {
  const { rule } = plan.experiment.replications;
  const at = rule === null ? -1 : store.columns.values.indexOf(rule.metric);
  for (const { cell, run, status, values } of store.rows()) {
    agenda.add(cell, run, values[at] ?? Number.NaN, false);
    if (status === 'failed') agenda.failed++;
  }
  agenda.resume();
}

/**
 * @returns whether everything was played
 * @throws OutputError when rows cannot be written; InputError for a policy file that is none
 */
export async function playPlan(
  plan: Plan,
  agenda: Agenda,
  store: ResultStore,
  executor: Executor,
  options: PlayPlanOptions,
): Promise<'complete' | 'interrupted'> {
  const batches = new Batches(plan, options.check);
  const pace = new Pace(executor.size);
  const ruleAt = new Map<Cell['workload'], number>();
  const waiting = new Set<Promise<void>>();
  const play = async (portion: Portion): Promise<void> => {
    const { cell } = portion;
    const played = named(plan, cell, await executor.play(batches.of(portion)));
    store.append(cell, played);
    for (const one of played) {
      agenda.add(cell.index, one.run, ruleValue(plan, cell, one, ruleAt), true);
      if (one.status === 'failed') agenda.failed++;
    }
    pace.played(played.length);
    options.progress?.(agenda);
  };
  for (;;) {
    while (!options.signal?.aborted && waiting.size < executor.size * BATCHES_PER_THREAD) {
      const portion = agenda.next(pace.batchRuns);
      if (portion === null) break;
      const batch = play(portion).finally(() => waiting.delete(batch));
      waiting.add(batch);
    }
    if (waiting.size === 0) break;
    await Promise.race(waiting);
  }
  return agenda.isComplete ? 'complete' : 'interrupted';
}

/** A run whose thread died could not say who it was. */
function named(plan: Plan, cell: Cell, played: readonly PlayedRun[]): PlayedRun[] {
  return played.map((one) =>
    one.token === '' ? { ...one, token: formatIdentity(runIdentity(plan, cell, one.run)) } : one,
  );
}

/** The value that the stopping rule looks at. */
function ruleValue(
  plan: Plan,
  cell: Cell,
  { values }: PlayedRun,
  known: Map<Cell['workload'], number>,
): number {
  const { rule } = plan.experiment.replications;
  if (rule === null) return Number.NaN;
  let at = known.get(cell.workload);
  if (at === undefined) {
    at = valueColumns(cell.workload.containers.map(({ name }) => name)).indexOf(rule.metric);
    known.set(cell.workload, at);
  }
  return values[at] ?? Number.NaN;
}

/** How many runs make a batch of the right length. */
class Pace {
  readonly #threads: number;
  readonly #beginMs = performance.now();
  #runs = 0;

  constructor(threads: number) {
    this.#threads = threads;
  }

  played(runs: number): void {
    this.#runs += runs;
  }

  get batchRuns(): number {
    if (this.#runs === 0) return RUNS_AT_FIRST;
    const msPerRun = ((performance.now() - this.#beginMs) * this.#threads) / this.#runs;
    return Math.max(1, Math.min(RUNS_MAX, Math.round(BATCH_MS / msPerRun)));
  }
}
