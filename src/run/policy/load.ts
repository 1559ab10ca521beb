/** A policy of the user's own, from its file. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { PolicyProgram } from '../../kernel/policy/custom.js';
import { isPolicyFile } from '../../workload/checkKernel.js';
import { readText } from '../../workload/load.js';
import { packageFile } from '../../workload/package_files.js';
import { InputError, printable } from '../../workload/problems.js';
import { hint } from '../../workload/suggest.js';
import { compilePolicy } from './compile.js';
import { type PolicySource, policyFile } from './sandbox.js';

/** A policy file that was read and is one. */
export interface PolicyFile {
  /** What it calls itself. */
  readonly name: string;
  readonly doc: string;
  readonly path: string;
  /** As it was read: the run folder keeps it. */
  readonly text: string;
  /** sha256 of the text, in hex. */
  readonly hash: string;
  /** Starts it from nothing, for one run. */
  start(): PolicyProgram;
}

const ENDING = /\.(ts|mts|js|mjs)$/;
const SHIPPED_FOLDER = packageFile('workloads/policies/');

/** File names of the shipped policies, sorted. */
export function shippedPolicies(): string[] {
  return policiesIn(SHIPPED_FOLDER);
}

function policiesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => ENDING.test(name));
  return names.sort((a, b) => (a < b ? -1 : 1));
}

/** The paths at which the shipped policies lie. */
export function shippedPolicyPaths(): string[] {
  return shippedPolicies().map((name) => join(SHIPPED_FOLDER, name));
}

/**
 * Where a policy file lies; a shipped one is found by its file name alone, unless there is such a file
 * here.
 * @param where it was looked for, for the message
 * @throws InputError if there is none
 */
export function policyPath(pathOrName: string, where = ''): string {
  if (existsSync(pathOrName)) return pathOrName;
  if (shippedPolicies().includes(pathOrName)) return join(SHIPPED_FOLDER, pathOrName);
  const shipped = shippedPolicies();
  const known = [...policiesIn(dirname(pathOrName)), ...shipped];
  const meant = hint(basename(pathOrName), known) || `; shipped policies: ${shipped.join(', ')}`;
  throw new InputError(`${printable(pathOrName)}: no such policy file${where}${meant}`);
}

/**
 * Loads a policy file, or a shipped one by its file name.
 * @param where as policyPath()
 * @throws InputError if it cannot be read, is no TypeScript or JavaScript, or exports no policy
 */
export async function loadPolicy(pathOrName: string, where = ''): Promise<PolicyFile> {
  return policyFile(readPolicy(pathOrName, where));
}

/**
 * Reads and compiles a policy file.
 * @param where as policyPath()
 * @throws InputError as loadPolicy(), but what it exports is not looked at
 */
export function readPolicy(path: string, where = ''): PolicySource {
  const place = policyPath(path, where);
  const text = readText(place);
  const hash = createHash('sha256').update(text, 'utf8').digest('hex');
  return { path, place, text, hash, compiled: compilePolicy(place, text) };
}

/**
 * The policy file that a workload names, relative to its own folder; undefined if it names none.
 * @throws InputError as loadPolicy()
 */
export async function loadPolicyOf(loaded: {
  readonly workload: { readonly policy: string };
  readonly path: string;
}): Promise<PolicyFile | undefined> {
  const { policy } = loaded.workload;
  if (!isPolicyFile(policy)) return undefined;
  const folder = dirname(loaded.path); // of standard input: this one
  const beside = join(folder, policy);
  const where = folder === '.' ? ' here' : ` in ${printable(folder)} or here`;
  return loadPolicy(existsSync(beside) ? beside : policy, where);
}
