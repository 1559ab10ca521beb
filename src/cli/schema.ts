/** `oomsim schema`: the JSON Schema of workload files, for editors. */

import { workloadJsonSchema } from '../workload/jsonSchema.js';

/** Prints the schema on stdout. @returns the exit code, 0 */
export function runSchema(): number {
  process.stdout.write(`${JSON.stringify(workloadJsonSchema(), null, 2)}\n`);
  return 0;
}
