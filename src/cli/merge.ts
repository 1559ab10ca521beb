/** `oomsim merge DIR…`: the shards of a batch as one. */
import { join } from 'node:path';
import { agendaOf } from '../batch/batch.js';
import { mergeBatches } from '../batch/cluster/merge.js';
import { concludeAndPrint } from './batch.js';
import { EXIT } from './exit_codes.js';

export interface MergeFlags {
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** @returns the exit code: 1 if runs are missing */
export async function runMerge(dirs: readonly string[], flags: MergeFlags): Promise<number> {
  const store = mergeBatches(dirs, (name) => join(flags.out, name), flags.force === true);
  const agenda = agendaOf(store.plan, store);
  if (agenda.isComplete) return concludeAndPrint(store, flags.json === true);
  const { done, total } = agenda;
  const { name, path } = store.plan.experiment;
  process.stderr.write(
    `oomsim: ${store.dir} has ${done} of ${total} runs of ${name}; ` +
      `merge the missing shards too, or play the rest: oomsim batch ${path} --out ${flags.out}\n`,
  );
  return EXIT.refused;
}
