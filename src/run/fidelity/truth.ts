/** Truth files: what real kernels did in a virtual machine. Their format, as truth/README.md has it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readText } from '../../workload/load.js';
import { InputError, printable } from '../../workload/problems.js';

const op = z.looseObject({ op: z.string() });
const value = z.union([z.string(), z.number(), z.boolean()]);

const processSchema = z.looseObject({
  id: z.string(),
  cgroup: z.string().optional(),
  count: z.number().optional(),
  comm: z.string().optional(),
  oom_score_adj: z.number().optional(),
  start_ms: z.number().optional(),
  respawn_ms: z.number().optional(),
  respawn_max: z.number().optional(),
  top: z.boolean().optional(),
  program: z.array(op),
});

const eventSchema = z.looseObject({
  at_ms: z.number().optional(),
  after_first_kill_ms: z.number().optional(),
  op: z.string(),
  args: z.array(value).optional(),
});

const scenarioSchema = z.looseObject({
  mem_mb: z.number(),
  swap_mb: z.number().optional(),
  /** Size of /mnt/f. */
  disk_file_mb: z.number().optional(),
  cgroup_mount_opts: z.string().optional(),
  duration_ms: z.number(),
  quiet_ms: z.number().optional(),
  thp: z.string().optional(),
  sysctls: z.record(z.string(), value).optional(),
  cgroups: z.array(z.looseObject({ path: z.string() })).optional(),
  processes: z.array(processSchema),
  events: z.array(eventSchema).optional(),
});

const zoneSchema = z.looseObject({
  free: z.number(),
  min: z.number(),
  low: z.number(),
  high: z.number(),
  present: z.number(),
  managed: z.number(),
  protection: z.array(z.number()).optional(),
});

const outcomeSchema = z.looseObject({
  victims: z.array(z.tuple([z.string(), z.number()])),
  panic: z.boolean(),
  group_kills: z.number(),
  alloc_failures: z.number(),
});

const truthSchema = z.looseObject({
  name: z.string(),
  doc: z.string().optional(),
  kernels: z.record(
    z.string(),
    z.looseObject({
      stable: z.boolean(),
      stable_set: z.boolean(),
      outcomes: z.array(outcomeSchema),
      zones: z.record(z.string(), zoneSchema),
      scenario: scenarioSchema,
    }),
  ),
});

export type Truth = z.infer<typeof truthSchema>;
export type TruthKernel = Truth['kernels'][string];
export type TruthScenario = z.infer<typeof scenarioSchema>;
export type TruthProcess = z.infer<typeof processSchema>;
export type TruthEvent = z.infer<typeof eventSchema>;
export type TruthZone = z.infer<typeof zoneSchema>;
export type Outcome = z.infer<typeof outcomeSchema>;

/**
 * Reads one truth file.
 * @throws InputError naming the file and what is wrong with it
 */
export function readTruth(path: string): Truth {
  let data: unknown;
  try {
    // null says the same as a field that is not there.
    data = JSON.parse(readText(path), (_key, v) => v ?? undefined);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`${printable(path)}: not JSON, as truth files are: ${error.message}`);
  }
  const parsed = truthSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InputError(
    `${printable(path)}: not a truth file: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

/**
 * Truth files of a folder, by name; or the file itself.
 * @throws InputError if there are none
 */
export function truthFiles(path: string): string[] {
  let files: string[];
  try {
    files = statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => name.endsWith('.json'))
          .sort((a, b) => (a < b ? -1 : 1))
          .map((name) => join(path, name))
      : [path];
  } catch {
    throw new InputError(`${printable(path)}: no such truth file, nor a folder of them`);
  }
  if (files.length === 0) throw new InputError(`${printable(path)}: no truth files (*.json) in it`);
  return files;
}
