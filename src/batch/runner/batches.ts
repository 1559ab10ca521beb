/** Portions of an agenda made ready to be sent: workloads parsed, policy files compiled. */
import { readPolicy } from '../../run/policy/load.js';
import { type PolicySource, policyFile } from '../../run/policy/sandbox.js';
import { isPolicyFile } from '../../workload/checkKernel.js';
import { parseWorkload } from '../../workload/parse.js';
import type { Workload } from '../../workload/types.js';
import type { CellWorkload, Plan } from '../plan/types.js';
import type { Portion } from './agenda.js';
import type { Batch } from './messages.js';

/** Workloads kept parsed; batches of one cell come one after the other. */
const KEPT_MAX = 8;

/**
 * Reading and compiling is done once, here, and not by each of the threads: it takes longer than many
 * a run, and TypeScript is larger than all of oomsim.
 */
export class Batches {
  readonly #workloads = new Map<string, Workload>();
  readonly #policies = new Map<string, PolicySource>();

  /** @throws InputError for a policy file that is none */
  constructor(
    private readonly plan: Plan,
    private readonly check: boolean,
  ) {
    for (const { policy } of plan.cells) {
      if (policy === undefined || !isPolicyFile(policy) || this.#policies.has(policy)) continue;
      const source = readPolicy(policy);
      policyFile(source);
      this.#policies.set(policy, source);
    }
  }

  /** Some runs of a cell. */
  of({ cell, runs }: Portion): Batch {
    const { policy, kernel } = cell;
    return {
      cell: cell.index,
      workload: this.#workload(cell.workload),
      hash: cell.workload.hash,
      containers: cell.workload.containers,
      policy: this.#policies.get(policy ?? '') ?? policy,
      kernel,
      seed: this.plan.experiment.seed,
      runs,
      check: this.check,
    };
  }

  #workload({ text, hash, id, path }: CellWorkload): Workload {
    let workload = this.#workloads.get(hash);
    if (workload === undefined) {
      workload = parseWorkload(text, path ?? `${id}.yaml`);
      if (this.#workloads.size >= KEPT_MAX)
        this.#workloads.delete(this.#workloads.keys().next().value!);
      this.#workloads.set(hash, workload);
    }
    return workload;
  }
}
