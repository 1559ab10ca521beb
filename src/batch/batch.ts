/** A batch from its plan to its results: open the folder, play what is missing, summarise. */
import type { Shard } from './plan/shard.js';
import { WHOLE } from './plan/shard.js';
import type { Plan } from './plan/types.js';
import { BATCH_FILES } from './results/plan_file.js';
import type { ResultStore } from './results/store.js';
import { type Summary, summarise } from './results/summary.js';
import { summaryCsv } from './results/summary_csv.js';
import { Agenda } from './runner/agenda.js';
import type { Executor } from './runner/executor.js';
import { type PlayPlanOptions, playPlan, recall } from './runner/play_plan.js';

/** What is to do, given what the folder has. */
export function agendaOf(plan: Plan, store: ResultStore, shard: Shard = WHOLE): Agenda {
  const agenda = new Agenda(plan, shard);
  recall(agenda, store, plan);
  return agenda;
}

/** Plays what is missing; runs.csv is in the order of the plan then. @throws OutputError */
export async function playBatch(
  agenda: Agenda,
  store: ResultStore,
  executor: Executor,
  options: PlayPlanOptions,
): Promise<'complete' | 'interrupted'> {
  try {
    return await playPlan(store.plan, agenda, store, executor, options);
  } finally {
    store.sort();
  }
}

/** Writes what complete results come to. @throws OutputError */
export async function concludeBatch(store: ResultStore): Promise<Summary> {
  const agenda = agendaOf(store.plan, store);
  const summary = summarise(store.plan, store, (cell) => agenda.targetOf(cell));
  store.writeFile(BATCH_FILES.summary, summaryCsv(summary, store.columns.values));
  const { reportHtml } = await import('./report/html.js'); // plots take their time to load
  store.writeFile(BATCH_FILES.report, reportHtml(summary));
  return summary;
}
