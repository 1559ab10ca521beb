/** What a file given on the command line is: told from its beginning, since names say little. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { looksLikeCapture } from '../import/host/index.js';
import { looksLikeManifests } from '../import/kubernetes/index.js';
import { quoteForShell } from '../run/repeat_command.js';
import { shippedWorkloads } from '../workload/load.js';
import { InputError, printable } from '../workload/problems.js';

export type SourceKind = 'workload' | 'experiment' | 'log' | 'manifests' | 'host';

const HEAD_BYTES = 64 * 1024;
const WORKLOAD_KEY = /^["\s{]*"?(?:machine|processes|cgroups)"?\s*:/m;
const EXPERIMENT_KEY = /^(?:\{\s*)?"?factors"?\s*:/m;
const LOG_LINE = /invoked oom-killer|\bkernel: |^(?:<\d+>)?\[ *\d+\.\d{6}\]/m;

/** What each kind is called, and what takes it. */
const TAKEN_BY: Readonly<Record<SourceKind, readonly [what: string, command: string]>> = {
  workload: ['a workload', 'run'],
  experiment: ['an experiment', 'batch'],
  log: ['a kernel log', 'import dmesg'],
  manifests: ['Kubernetes manifests', 'import kubernetes'],
  host: ['a capture of a machine', 'import host --root'],
};

/**
 * Reads a file as one of a kind. If it is none, and looks like one of another kind, the error says
 * which command takes it.
 */
export async function readAs<T>(
  kind: SourceKind,
  file: string,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const other = error instanceof InputError ? looksLike(file) : null;
    if (other !== null && other !== kind) {
      const [what, command] = TAKEN_BY[other];
      const meant = `oomsim ${command} ${quoteForShell(file)}`;
      (error as InputError).hint = `${printable(file)} looks like ${what}: ${meant}`;
    }
    throw error;
  }
}

/** The kind of a file where its beginning leaves no doubt. */
function looksLike(file: string): SourceKind | null {
  const head = headOf(file);
  const kind = kindOfText(head);
  return kind !== 'log' || LOG_LINE.test(head) ? kind : null;
}

/** Whether there is a folder; what cannot be looked at is none. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The kind of a file, a shipped workload's name, or `-` for standard input. */
export async function sourceKind(file: string): Promise<SourceKind> {
  if (file === '-') return kindOfText(await peekStdin());
  if (shippedWorkloads().includes(file)) return 'workload';
  if (isMachine(file)) return 'host';
  const head = headOf(file);
  const kind = kindOfText(head);
  // A broken workload file is still one: its problems are to be told, not "no OOM report in it".
  return kind === 'log' && /\.ya?ml$/i.test(file) ? 'workload' : kind;
}

/** The root of a machine, or of a tree copied from one. */
function isMachine(path: string): boolean {
  return isFolder(path) && isFolder(join(path, 'proc'));
}

function kindOfText(head: string): SourceKind {
  if (looksLikeCapture(head)) return 'host';
  if (looksLikeManifests(head)) return 'manifests';
  if (EXPERIMENT_KEY.test(head)) return 'experiment';
  return WORKLOAD_KEY.test(head) ? 'workload' : 'log';
}

/** The beginning of a file; '' for what cannot be read, which whoever reads it will say. */
function headOf(file: string): string {
  try {
    if (!statSync(file).isFile()) return '';
    const descriptor = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(HEAD_BYTES);
      return buffer.toString('utf8', 0, readSync(descriptor, buffer));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return '';
  }
}

/** The first chunk of standard input, which stays to be read. */
async function peekStdin(): Promise<string> {
  const { stdin } = process;
  const chunk = await new Promise<Buffer | null>((resolve) => {
    stdin.once('end', () => resolve(null));
    stdin.once('readable', () => resolve(stdin.read() as Buffer | null));
  });
  if (chunk === null) return '';
  stdin.unshift(chunk);
  return chunk.toString('utf8', 0, HEAD_BYTES);
}

/** All of standard input as text. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
