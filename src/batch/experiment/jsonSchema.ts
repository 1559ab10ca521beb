/** The JSON Schema of experiment files, for editors: `# yaml-language-server: $schema=…`. */
import * as z from 'zod';
import { experimentSchema } from './schema.js';

/** The schema of the file as written, draft 7, which is what editors understand. */
export function experimentJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(experimentSchema, {
    io: 'input',
    target: 'draft-7',
  });
  return { $schema, title: 'oomsim experiment', ...rest };
}
