import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { experimentJsonSchema } from '../../src/batch/experiment/jsonSchema.js';
import { workloadJsonSchema } from '../../src/workload/jsonSchema.js';
import { loadWorkload, shippedWorkloads } from '../../src/workload/load.js';

type Json = { [key: string]: Json } & { description?: string; properties?: Json; anyOf?: Json[] };
const schema = workloadJsonSchema() as unknown as Json;
const read = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

/** Where keys stand that have no description, neither of their own nor of their type. */
function unexplained(node: unknown, definitions: Json, path: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties = {} } = node as Json;
  const bare = Object.entries(properties)
    .filter(([, property]) => !explained(property as Json, definitions))
    .map(([name]) => `${path}.${name}`);
  const below = Object.entries(node).flatMap(([key, value]) =>
    unexplained(value, definitions, `${path}/${key}`),
  );
  return [...bare, ...below];
}

function explained({ description, $ref }: Json, definitions: Json): boolean {
  if (description !== undefined || $ref === undefined) return description !== undefined;
  return explained(definitions[String($ref).split('/').pop()!]!, definitions);
}

describe('the JSON Schema', () => {
  it('is draft 7', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
  });

  it.each(shippedWorkloads())('accepts %s', (name) => {
    expect(read.safeParse(parse(loadWorkload(name).text)).error?.issues ?? []).toEqual([]);
  });

  it.each([
    { machin: { memory: '1GiB' } },
    { machine: { memory: '5s' } },
    { machine: { memory: '1GiB' }, until: '5MiB' },
    { machine: { memory: '1GiB' }, processes: [{ name: 'x', program: [{ annon: 1 }] }] },
    { machine: { memory: '1GiB' }, processes: [{ name: 'x', oom_score_adj: 2000 }] },
  ])('refuses %j', (file) => {
    expect(read.safeParse(file).success).toBe(false);
  });

  it.each([
    ['workloads', schema],
    ['experiments', experimentJsonSchema() as unknown as Json],
  ])('explains every key of %s', (_files, root) => {
    expect(unexplained(root, root.definitions ?? {}, '')).toEqual([]);
  });
});
