/** The files of a batch, and the one that says what the others are of. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutputError, reasonOf } from '../../record/errors.js';
import { MODEL_VERSION } from '../../run/model_version.js';
import { PROGRAM_VERSION } from '../../run/program_version.js';
import { type KeptBase, type LoadedExperiment, parseExperiment } from '../experiment/load.js';
import type { Replications } from '../experiment/types.js';
import type { Plan } from '../plan/types.js';

export const BATCH_FILES = {
  plan: 'plan.json',
  experiment: 'experiment.yaml',
  runs: 'runs.csv',
  summary: 'summary.csv',
  report: 'report.html',
  workloads: 'workloads',
} as const;

/** plan.json: all that is needed to make the same plan again, wherever the folder is by then. */
export interface PlanFile {
  readonly format: 1;
  readonly name: string;
  readonly hash: string;
  readonly versions: { readonly oomsim: string; readonly model: string };
  readonly replications: Replications;
  readonly experiment: { readonly path: string; readonly text: string };
  /** null: the workload stands in the experiment. */
  readonly base: KeptBase | null;
}

export function planFileText({ experiment, hash }: Plan): string {
  const { name, replications, path, text, base } = experiment;
  const file: PlanFile = {
    format: 1,
    name,
    hash,
    versions: { oomsim: PROGRAM_VERSION, model: MODEL_VERSION },
    replications,
    experiment: { path, text },
    base: base.file,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** What a folder says it is of; null if it is of no batch. @throws OutputError */
export function readPlanFile(dir: string): PlanFile | null {
  const path = join(dir, BATCH_FILES.plan);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PlanFile;
  } catch (error) {
    throw new OutputError(`${path}: not a plan: ${reasonOf(error)}`, { cause: error });
  }
}

/** The experiment of a folder, as it was when the batch began. */
export function keptExperiment({ experiment, base, replications }: PlanFile): LoadedExperiment {
  const loaded = parseExperiment(experiment.text, experiment.path, base);
  return { ...loaded, experiment: { ...loaded.experiment, replications } };
}
