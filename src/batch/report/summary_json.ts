import { replayCommand } from '../plan/replay.js';
import { crossoversOf } from '../results/crossover.js';
import type { Summary } from '../results/summary.js';

/** What `oomsim batch --json` prints. NaN is null. */
export function summaryJson(summary: Summary, dir: string): unknown {
  const { plan, metrics, estimates, tests, runsNeeded, runs, panics, failed, surprises } = summary;
  const { factors, name } = plan.experiment;
  return {
    name,
    dir,
    plan: plan.hash,
    runs,
    panics,
    tests,
    runsNeeded,
    cells: plan.cells.map((cell) => ({
      cell: cell.index,
      levels: Object.fromEntries(factors.map((f, at) => [f.name, cell.levels[at]!.label])),
      metrics: Object.fromEntries(
        metrics.map(({ id }) => {
          const estimate = estimates[cell.index]?.get(id);
          if (estimate === undefined) return [id, null];
          const { n, interval, compared } = estimate;
          return [id, { n, ...interval, compared }];
        }),
      ),
    })),
    crossovers: crossoversOf(summary).map(({ line, between, at, direction }) => ({
      levels: Object.fromEntries(
        line.shared.map(({ factor, level }) => [factor.name, level.label]),
      ),
      direction,
      at,
      between: between?.map(({ label }) => label) ?? null,
    })),
    surprises: surprises.map(({ cell, run, why }) => ({
      cell: cell.index,
      run,
      why,
      replay: replayCommand(plan, cell, run),
    })),
    failed: failed.map(({ cell, run, token, error }) => ({ cell, run, token, error })),
  };
}
