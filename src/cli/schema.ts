/** `oomsim schema`: the JSON Schema of workload or experiment files, for editors. */

import { experimentJsonSchema } from '../batch/experiment/jsonSchema.js';
import { workloadJsonSchema } from '../workload/jsonSchema.js';

/** Prints the schema on stdout. @returns the exit code, 0 */
export function runSchema({ experiment = false }: { experiment?: boolean } = {}): number {
  const schema = experiment ? experimentJsonSchema() : workloadJsonSchema();
  process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  return 0;
}
