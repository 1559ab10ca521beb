/** Putting the shards of a batch together. */
import { OutputError } from '../../record/errors.js';
import { planOf } from '../plan/plan.js';
import { keptExperiment, type PlanFile, readPlanFile } from '../results/plan_file.js';
import { ResultStore, runFiles } from '../results/store.js';

const SAME_HINT = 'every shard needs the same experiment, the same files and the same version';

/** What all folders are of. @throws OutputError if one is of no batch, or not of the first one's */
function commonPlan(dirs: readonly string[]): PlanFile {
  const plans = dirs.map((dir) => {
    const plan = readPlanFile(dir);
    if (plan === null) throw new OutputError(`${dir} is not the folder of a batch`);
    return plan;
  });
  const first = plans[0]!;
  const other = plans.findIndex((plan) => describe(plan) !== describe(first));
  if (other < 0) return first;
  throw new OutputError(`${dirs[other]} is of another plan than ${dirs[0]}`, { hint: SAME_HINT });
}

const describe = ({ hash, replications }: PlanFile): string => JSON.stringify([hash, replications]);

/**
 * Takes the runs of all folders into one, each once, however often it was played.
 * @throws OutputError when they are of different plans, or say different things of one run
 */
export function mergeBatches(
  dirs: readonly string[],
  to: (name: string) => string,
  force: boolean,
): ResultStore {
  const file = commonPlan(dirs);
  const plan = planOf(keptExperiment(file));
  if (plan.hash !== file.hash) {
    throw new OutputError(`${dirs[0]} was made by another version of oomsim, or of a policy file`, {
      hint: `it was ${file.versions.oomsim}, model ${file.versions.model}`,
    });
  }
  const store = new ResultStore(to(file.name), plan, force);
  store.sort(dirs.flatMap(runFiles));
  return store;
}
