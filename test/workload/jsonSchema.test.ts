import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { workloadJsonSchema } from '../../src/workload/jsonSchema.js';
import { loadWorkload, shippedWorkloads } from '../../src/workload/load.js';

type Json = { [key: string]: Json } & { description?: string; properties?: Json; anyOf?: Json[] };
const schema = workloadJsonSchema() as unknown as Json;
const read = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

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

  it('explains every key of a process', () => {
    const properties = schema.definitions!.process!.properties!;
    for (const key of Object.keys(properties)) {
      expect(properties[key]!.description, key).toBeTypeOf('string');
    }
  });
});
