/**
 * A snapshot as a file to send around: one JSON object a line, the machine first, then its cgroups,
 * then its processes. Nothing else is in it, and anybody can read what is.
 */
import type { z } from 'zod';
import { InputError, printable } from '../../workload/problems.js';
import {
  cgroupSchema,
  type HostCgroup,
  type HostProcess,
  type HostSnapshot,
  machineSchema,
  processSchema,
} from './snapshot.js';

const HEAD = '{"oomsim-host-capture":1,';
const LINES_MAX = 100_000;

/** Whether a text begins like a capture. */
export function looksLikeCapture(text: string): boolean {
  return text.startsWith(HEAD.slice(0, -2));
}

/** The snapshot as text. */
export function writeCapture({ machine, cgroups, processes }: HostSnapshot): string {
  const lines = [
    HEAD + JSON.stringify({ machine }).slice(1),
    ...cgroups.map((cgroup) => JSON.stringify({ cgroup })),
    ...processes.map((process) => JSON.stringify({ process })),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Reads a capture back.
 * @throws InputError with the line of what is wrong
 */
export function readCapture(text: string, file: string): HostSnapshot {
  const [head = '', ...rest] = text.split('\n').slice(0, LINES_MAX);
  if (!head.startsWith(HEAD)) {
    throw new InputError(`${printable(file)}:1: expected a host capture, version 1`);
  }
  const machine = checked(machineSchema, head, 'machine', `${printable(file)}:1`);
  const cgroups: HostCgroup[] = [];
  const processes: HostProcess[] = [];
  rest.forEach((line, index) => {
    if (line.trim() === '') return;
    const where = `${printable(file)}:${index + 2}`;
    if (line.startsWith('{"cgroup"')) cgroups.push(checked(cgroupSchema, line, 'cgroup', where));
    else processes.push(checked(processSchema, line, 'process', where));
  });
  return { machine, cgroups, processes };
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  line: string,
  key: string,
  where: string,
): z.output<Schema> {
  let value: unknown;
  try {
    value = (JSON.parse(line) as Record<string, unknown>)[key];
  } catch {
    throw new InputError(
      `${where}: expected one JSON object, found ${printable(line.slice(0, 60))}`,
    );
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [key, ...(issue?.path ?? [])].map(String).join('.');
  throw new InputError(`${where}: ${printable(path)}: ${issue?.message ?? 'not understood'}`);
}
