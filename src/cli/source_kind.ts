/** What a file given on the command line is: told from its beginning, since names say little. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { looksLikeCapture } from '../import/host/index.js';
import { looksLikeManifests } from '../import/kubernetes/index.js';
import { shippedWorkloads } from '../workload/load.js';
import { peekStdin } from './stdin.js';

export type SourceKind = 'workload' | 'experiment' | 'log' | 'manifests' | 'host';

const HEAD_BYTES = 64 * 1024;
const WORKLOAD_KEY = /^["\s{]*"?(?:machine|processes|cgroups)"?\s*:/m;
const EXPERIMENT_KEY = /^(?:\{\s*)?"?factors"?\s*:/m;
const LOG_LINE = /invoked oom-killer|\bkernel: |^(?:<\d+>)?\[ *\d+\.\d{6}\]/m;

/** The kind of a file where its beginning leaves no doubt. */
export function looksLike(file: string): SourceKind | null {
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
  if (file === '-') return kindOfText(await peekStdin(HEAD_BYTES));
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
