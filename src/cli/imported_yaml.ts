import type { ImportedWorkload } from '../import/imported.js';
import { parseWorkload } from '../workload/parse.js';
import { InputError, WorkloadError } from '../workload/problems.js';
import type { Workload } from '../workload/types.js';
import { workloadToYaml } from '../workload/write.js';

/**
 * What an importer made, as YAML that validates.
 * @param source for messages
 * @throws InputError when the source's numbers cannot be true: garbled, or made up
 */
export function importedYaml(
  { file, comments }: ImportedWorkload,
  source: string,
): { readonly yaml: string; readonly workload: Workload } {
  const yaml = workloadToYaml(file, comments);
  try {
    return { yaml, workload: parseWorkload(yaml, source) };
  } catch (error) {
    if (!(error instanceof WorkloadError)) throw error;
    const [problem] = error.problems;
    throw new InputError(`${source}: its numbers cannot be: ${problem?.path}: ${problem?.message}`);
  }
}
