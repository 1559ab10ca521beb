/** The JSON Schema of workload files, for editors: `# yaml-language-server: $schema=…`. */

import * as z from 'zod';
import { workloadSchema } from './schema.js';

/** The schema of the file as written, draft 7, which is what editors understand. */
export function workloadJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(workloadSchema, {
    io: 'input',
    target: 'draft-7',
  });
  return { $schema, title: 'oomsim workload', ...rest };
}

export interface KillerOption {
  readonly name: string;
  /** The default as one would write it; null: none. */
  readonly value: string | null;
  readonly doc: string;
}

interface Described {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly anyOf?: readonly Described[];
}

/** The userspace killers with their options, as the schema describes them. */
export function killerOptions(): { name: string; doc: string; options: KillerOption[] }[] {
  const { definitions } = workloadJsonSchema() as { definitions: { killer: Described } };
  const all = (definitions.killer.anyOf ?? []).map(({ properties }) => properties ?? {});
  return all.flatMap((properties) =>
    Object.entries(properties).map(([name, killer]) => ({
      name,
      doc: killer.description ?? '',
      options: Object.entries(killer.properties ?? {}).map(([option, described]) => ({
        name: option,
        value: described.default === undefined ? null : shownDefault(described.default),
        doc: described.description ?? '',
      })),
    })),
  );
}

function shownDefault(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
