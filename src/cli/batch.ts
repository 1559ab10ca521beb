/** `oomsim batch EXPERIMENT`: policies × sizes × seeds, in parallel, with statistics. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { agendaOf, concludeBatch, playBatch } from '../batch/batch.js';
import { kubernetesManifest, slurmScript } from '../batch/cluster/emit.js';
import { type LoadedExperiment, loadExperiment } from '../batch/experiment/load.js';
import { planOf } from '../batch/plan/plan.js';
import { type Shard, WHOLE } from '../batch/plan/shard.js';
import type { Plan } from '../batch/plan/types.js';
import { dryRun, dryRunText } from '../batch/report/dry_run.js';
import { summaryJson } from '../batch/report/summary_json.js';
import { formatSummary } from '../batch/report/terminal.js';
import { ResultStore } from '../batch/results/store.js';
import { takeFolder } from '../batch/results/take_folder.js';
import { Agenda } from '../batch/runner/agenda.js';
import { ThreadExecutor } from '../batch/runner/executor.js';
import { PROGRAM_VERSION } from '../run/program_version.js';
import { formatCount } from '../run/summary.js';
import { BatchProgress } from './batch_progress.js';
import { EXIT } from './exit_codes.js';
import { Interrupt } from './interrupt.js';
import { printJson, printResult } from './output.js';
import { readAs } from './read_as.js';
import { type AskedShard, resolveShard } from './shard.js';

export interface BatchFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly workers?: number;
  readonly replications?: number;
  readonly shard?: AskedShard;
  readonly dryRun?: boolean;
  readonly emit?: 'kubernetes' | 'slurm';
  readonly shards: number;
  readonly image?: string;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** @returns the exit code */
export async function runBatch(file: string, flags: BatchFlags): Promise<number> {
  const loaded = await readAs('experiment', file, () => loadExperiment(file));
  const plan = planOf(withReplications(loaded, flags.replications));
  if (flags.emit !== undefined) return emit(flags.emit, plan, file, flags);
  const shard = flags.shard === undefined ? WHOLE : resolveShard(flags.shard, process.env);
  const dir = join(flags.out, folderName(plan, shard));
  const threads = flags.workers ?? availableParallelism();
  if (flags.dryRun) return showDryRun(plan, shard, dir, threads, flags.json === true);
  const giveBack = takeFolder(dir);
  try {
    return await playInto(dir, plan, shard, threads, flags);
  } finally {
    giveBack();
  }
}

async function playInto(
  dir: string,
  plan: Plan,
  shard: Shard,
  threads: number,
  flags: BatchFlags,
): Promise<number> {
  const store = new ResultStore(dir, plan, flags.force === true);
  const agenda = agendaOf(plan, store, shard);
  await play(agenda, store, threads, flags);
  if (!agenda.isComplete) {
    const kept = `${formatCount(agenda.done)} of ${formatCount(agenda.total)} runs`;
    note(`interrupted: ${kept} are kept in ${dir}; the same command goes on from there`);
    return EXIT.interrupted;
  }
  if (shard.count > 1) return concludeShard(agenda, store, shard, flags);
  return concludeAndPrint(store, flags.json === true);
}

async function play(
  agenda: Agenda,
  store: ResultStore,
  threads: number,
  flags: BatchFlags,
): Promise<void> {
  if (agenda.isComplete) return;
  const progress = new BatchProgress(process.stderr, process.env, agenda.done);
  if (agenda.done > 0 && !flags.quiet) note(`${formatCount(agenda.done)} runs are there already`);
  const executor = new ThreadExecutor(threads);
  const interrupt = new Interrupt();
  try {
    await playBatch(agenda, store, executor, {
      check: flags.check === true,
      signal: interrupt.signal,
      progress: ({ done, total, failed }) => {
        if (!flags.quiet) progress.show(done, total, failed);
      },
    });
  } finally {
    progress.end();
    interrupt.release();
    await executor.close();
  }
}

function emit(engine: 'kubernetes' | 'slurm', plan: Plan, file: string, flags: BatchFlags): number {
  const { shards, out, image = `oomsim:${PROGRAM_VERSION}` } = flags;
  const options = { experiment: file, shards, out, image, flags: flagsOfShards(flags) };
  printResult(engine === 'slurm' ? slurmScript(plan, options) : kubernetesManifest(plan, options));
  return EXIT.ok;
}

/** What is asked for here and not written in the experiment. */
function flagsOfShards({ replications, check }: BatchFlags): string[] {
  const runs = replications === undefined ? [] : ['--replications', String(replications)];
  return check === true ? [...runs, '--check'] : runs;
}

function showDryRun(plan: Plan, shard: Shard, dir: string, threads: number, json: boolean): number {
  const agenda = agendaSoFar(plan, shard, dir);
  const dry = dryRun(plan, agenda, threads);
  if (json) printJson({ name: plan.experiment.name, plan: plan.hash, dir, ...dry });
  else printResult(dryRunText(plan, dry, dir));
  return EXIT.ok;
}

/** What is left to be played; taking the folder keeps its rows from somebody who writes them. */
function agendaSoFar(plan: Plan, shard: Shard, dir: string): Agenda {
  if (!existsSync(dir)) return new Agenda(plan, shard);
  const giveBack = takeFolder(dir);
  try {
    const there = ResultStore.existing(dir, plan);
    return there === null ? new Agenda(plan, shard) : agendaOf(plan, there, shard);
  } finally {
    giveBack();
  }
}

function concludeShard(
  { total, failed }: Agenda,
  { dir, plan }: ResultStore,
  { index, count }: Shard,
  { out, json }: BatchFlags,
): number {
  const { name } = plan.experiment;
  if (json) printJson({ name, dir, plan: plan.hash, shard: { index, count }, runs: total, failed });
  else {
    const merge = `oomsim merge ${join(out, `${name}.shard-*-of-${count}`)} --out ${out}`;
    printResult(`${name}, shard ${index} of ${count}: ${formatCount(total)} runs in ${dir}\n`);
    printResult(`when all are there: ${merge}\n`);
  }
  return failed === 0 ? EXIT.ok : EXIT.internal;
}

/** Writes the summary and the report, and prints what they say. @returns the exit code */
export async function concludeAndPrint(store: ResultStore, json: boolean): Promise<number> {
  const summary = await concludeBatch(store);
  if (json) printJson(summaryJson(summary, store.dir));
  else printResult(formatSummary(summary, store.dir));
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

function note(line: string): void {
  process.stderr.write(`oomsim: ${line}\n`);
}
