/** From the text of a workload file to the normalised, checked workload. */

import { checkWorkload } from './check.js';
import { fromIssue } from './issues.js';
import type { Located } from './located.js';
import { WorkloadError } from './problems.js';
import { type ParsedFile, workloadSchema } from './schema.js';
import { Source } from './source.js';
import type { Workload } from './types.js';

/**
 * Larger files are refused before they are parsed: the YAML tree takes some 200 bytes a byte, so this
 * is what fits into the default heap. It is room for 70000 processes written one by one.
 */
export const FILE_BYTES_MAX = 8 * 1024 * 1024;

/** Looking up where problems stand takes time; nobody reads more than the first few. */
const ISSUES_MAX = 1000;

/**
 * Reads a workload file.
 * @param text YAML (or JSON, which is YAML)
 * @param fileName for messages, and for the workload's name if it says none
 * @throws {WorkloadError} with every problem found, each with its place
 */
export function parseWorkload(text: string, fileName: string): Workload {
  if (text.length > FILE_BYTES_MAX) {
    throw wholeFile(fileName, `larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`);
  }
  if (text.includes('\0')) throw wholeFile(fileName, 'a binary file, not YAML (it has NUL bytes)');
  const source = new Source(text, fileName);
  if (source.data === null || source.data === undefined) {
    throw wholeFile(fileName, 'empty: a workload needs at least machine: { memory: 512MiB }');
  }
  const read = readWorkload(source.data, fileName);
  if (read.problems.length > 0) throw new WorkloadError(source.locate(read.problems));
  return read.workload!;
}

/**
 * Reads a workload from plain data, as YAML gives it.
 * @param fileName for the workload's name if it says none
 * @returns the workload, or null and every problem found, with paths into the data
 */
export function readWorkload(
  data: unknown,
  fileName: string,
): { workload: Workload | null; problems: Located[] } {
  const parsed = workloadSchema.safeParse(data);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, ISSUES_MAX);
    return { workload: null, problems: issues.flatMap((issue) => fromIssue(issue, data)) };
  }
  const workload = assemble(parsed.data, fileName);
  const problems = checkWorkload(workload);
  return { workload: problems.length === 0 ? workload : null, problems };
}

/** A workload file's content as plain data, whether it is a workload or not. @throws WorkloadError */
export function workloadData(text: string, fileName: string): unknown {
  return new Source(text, fileName).data;
}

/** The workload that plain data stands for, or null if it is none. */
export function workloadOf(data: unknown, fileName: string): Workload | null {
  const parsed = workloadSchema.safeParse(data);
  if (!parsed.success) return null;
  const workload = assemble(parsed.data, fileName);
  return checkWorkload(workload).length === 0 ? workload : null;
}

function assemble(file: ParsedFile, fileName: string): Workload {
  return {
    name: file.name ?? nameFromFile(fileName),
    doc: file.doc,
    machine: file.machine,
    kernel: file.kernel.version,
    policy: file.kernel.policy,
    switches: file.kernel.switches,
    sysctl: file.sysctl,
    cgroups: file.cgroups,
    processes: file.processes,
    killers: file.killers,
    events: file.events,
    untilNs: file.until,
    quietNs: file.quiet ?? null,
    seed: file.seed,
  };
}

/** The file's name without folder and ending, with what can't be in a name replaced. */
function nameFromFile(fileName: string): string {
  const base = fileName.split(/[\\/]/).at(-1) ?? '';
  const stem = base.replace(/\.(ya?ml|json)$/i, '');
  const name = stem.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return name.slice(0, 64) || 'workload';
}

function wholeFile(file: string, message: string): WorkloadError {
  const nowhere = { line: 1, column: 1, path: '', source: '', found: null, expected: null };
  return new WorkloadError([{ file, message, ...nowhere }]);
}
