/** The command that plays one run of a batch again, with everything recorded. */
import { identityOf } from '../../run/identity.js';
import { repeatCommand } from '../../run/repeat_command.js';
import type { RunIdentity } from '../../run/token.js';
import type { Cell, CellWorkload, Plan } from './types.js';

/** Where a cell's workload is found from the folder of the batch: there, or shipped under its name. */
export function workloadPlace({ id, path }: CellWorkload): string {
  return path === null || /[\\/.]/.test(path) ? `workloads/${id}.yaml` : path;
}

/** What determines a run of a cell; its token, once it has been played, has the fingerprint too. */
export function runIdentity({ experiment }: Plan, cell: Cell, run: number): RunIdentity {
  const { policy, kernel, workload } = cell;
  const choices = { seed: experiment.seed, run, ...pick({ policy, kernel }) };
  return identityOf({ ...workload, workload: experiment.base.workload }, choices);
}

/** To be given in the folder of the batch. */
export function replayCommand(plan: Plan, cell: Cell, run: number): string {
  const { workload, policy, kernel } = cell;
  const identity = runIdentity(plan, cell, run);
  // A policy is named even where the workload says the same: the reader sees what was compared.
  const options = { ...identity.options, ...pick({ policy, kernel }) };
  return repeatCommand(workloadPlace(workload), { ...identity, options });
}

function pick(options: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = Object.entries(options).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(given);
}
