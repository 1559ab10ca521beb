/** What a batch would do, without doing it. */
import { formatCount } from '../../run/summary.js';
import { alignColumns } from '../../run/text_table.js';
import type { Plan } from '../plan/types.js';
import type { Agenda } from '../runner/agenda.js';
import { Batches } from '../runner/batches.js';
import { BatchPlayer } from '../runner/play_batch.js';
import { counted, durationText, shortNumber } from './numbers.js';

const CELLS_SHOWN_MAX = 40;
/** Cells that are tried, spread over the plan, to know how long a run takes. */
const TRIED_MAX = 5;

export interface DryRun {
  readonly cells: number;
  readonly blocks: number;
  /** Runs of this shard, and how many of them are done. */
  readonly runs: number;
  readonly done: number;
  /** More if the stopping rule says so. */
  readonly runsMax: number;
  readonly msPerRun: number;
  readonly threads: number;
}

/** Plays one run of a few cells, for the estimate; writes nothing. */
export function dryRun(plan: Plan, agenda: Agenda, threads: number): DryRun {
  const every = Math.max(1, Math.floor(plan.cells.length / TRIED_MAX));
  const tried = plan.cells.filter((cell) => cell.index % every === 0).slice(0, TRIED_MAX);
  const batches = new Batches(plan, false);
  const player = new BatchPlayer();
  let totalMs = 0;
  for (const cell of tried) {
    const batch = batches.of({ cell, runs: [1] });
    player.play(batch); // the first one also starts a policy and compiles
    const begin = performance.now();
    player.play(batch);
    totalMs += performance.now() - begin;
  }
  const { max, min } = plan.experiment.replications;
  return {
    cells: plan.cells.length,
    blocks: plan.blocks.length,
    runs: agenda.total,
    done: agenda.done,
    runsMax: Math.round((agenda.total * max) / min),
    msPerRun: totalMs / tried.length,
    threads,
  };
}

export function dryRunText(plan: Plan, dry: DryRun, dir: string): string {
  const { factors, name } = plan.experiment;
  const head = ['cell', ...factors.map((factor) => factor.name), 'workload'];
  const rows = plan.cells
    .slice(0, CELLS_SHOWN_MAX)
    .map(({ index, levels, workload }) => [
      String(index),
      ...levels.map(({ label }) => label),
      workload.path ?? `${workload.id} (${plan.experiment.base.name}, changed)`,
    ]);
  const lines = alignColumns(
    [head, ...rows],
    head.map(() => 'left' as const),
  );
  if (plan.cells.length > rows.length) lines.push(`… and ${plan.cells.length - rows.length} more`);
  const more =
    dry.runsMax > dry.runs ? `, up to ${formatCount(dry.runsMax)} by the stopping rule` : '';
  const seconds = ((dry.runs - dry.done) * dry.msPerRun) / 1000 / dry.threads;
  const size = `${counted(dry.cells, 'cell')} in ${counted(dry.blocks, 'setting')}`;
  const estimate = `${shortNumber(dry.msPerRun)} ms a run: about ${durationText(seconds)}`;
  return `${name}: ${size}, plan ${plan.hash.slice(0, 16)}

${lines.map((line) => `  ${line}\n`).join('')}
runs      ${formatCount(dry.runs)}, of which ${formatCount(dry.done)} are done${more}
estimate  ${estimate} with ${counted(dry.threads, 'thread')}
files     would go to ${dir}
`;
}
