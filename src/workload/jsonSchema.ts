/** The JSON Schema of workload files, for editors: `# yaml-language-server: $schema=…`. */

import { z } from 'zod';
import { workloadSchema } from './schema.js';

/** The schema of the file as written, draft 7, which is what editors understand. */
export function workloadJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(workloadSchema, {
    io: 'input',
    target: 'draft-7',
  });
  return { $schema, title: 'oomsim workload', ...rest };
}
