/** Runs by the names that people give them: a repro token, a run folder, a workload. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OutputError } from '../record/errors.js';
import { type Manifest, readManifest } from '../record/manifest.js';
import { RUN_FILES, storedPolicy } from '../record/run_folder.js';
import { loadWorkload, readText, shippedByHash, tokenIn, workloadHash } from '../workload/load.js';
import { parseWorkload } from '../workload/parse.js';
import { InputError, printable } from '../workload/problems.js';
import {
  choicesOf,
  identityOf,
  isPolicyText,
  policyText,
  type RunChoices,
  type WorkloadSource,
} from './identity.js';
import { MODEL_VERSION } from './model_version.js';
import { loadPolicy, loadPolicyOf, type PolicyFile, shippedPolicyPaths } from './policy/load.js';
import {
  isToken,
  parseToken,
  type ReproToken,
  type RunIdentity,
  type RunOutcome,
} from './token.js';

/** What to play, and what it is known to have come to. */
export interface NamedRun {
  readonly source: WorkloadSource;
  readonly choices: RunChoices;
  readonly identity: RunIdentity;
  /** null: nothing says what came of it. */
  readonly outcome: RunOutcome | null;
  /** null: it was not named by its folder. */
  readonly folder: { readonly dir: string; readonly manifest: Manifest } | null;
  /** What does not fit together, let pass because of `force`. */
  readonly misfits: readonly string[];
}

export interface FindOptions {
  /** The workload of a token: a file, or the name of a shipped one. */
  readonly workload?: string | undefined;
  /** The policy file of a token. */
  readonly policy?: PolicyFile | undefined;
  /** Where run folders lie: their workloads are looked through too. */
  readonly outDir: string;
  /** Plays another workload, or another version of the model, than the token says. */
  readonly force: boolean;
}

/**
 * The run that a token or a run folder names, or a workload file that holds a token.
 * @throws InputError if there is none, or its workload, policy or model is not the one at hand;
 *   OutputError if its folder cannot be read
 */
export async function findRun(name: string, options: FindOptions): Promise<NamedRun> {
  if (isToken(name)) return runOfToken(parseToken(name), options);
  if (existsSync(name) && statSync(name).isDirectory()) return runOfFolder(name, options);
  const text = existsSync(name) ? readText(name) : '';
  const token = tokenIn(text);
  if (token !== null) return runOfToken(parseToken(token), { ...options, workload: name });
  throw new InputError(
    `${printable(name)}: neither a repro token, nor a run folder, nor a workload that holds a token`,
  );
}

/**
 * The run that a token, a run folder or a workload names; a workload's is played as its file says.
 * @throws InputError, OutputError as findRun()
 */
export async function findRunOrWorkload(name: string, options: FindOptions): Promise<NamedRun> {
  if (isToken(name) || (existsSync(name) && statSync(name).isDirectory())) {
    return findRun(name, options);
  }
  const source = loadWorkload(name);
  const policy = options.policy ?? (await loadPolicyOf(source));
  const choices = policy === undefined ? {} : { policy };
  const identity = identityOf(source, choices);
  return { source, choices, identity, outcome: null, folder: null, misfits: [] };
}

async function runOfToken(token: ReproToken, options: FindOptions): Promise<NamedRun> {
  const { identity } = token;
  const source = workloadOf(identity, options);
  const policy = options.policy ?? (await policyOf(identity, options.outDir));
  return named({ ...token, source, policy, folder: null }, options.force);
}

async function runOfFolder(dir: string, options: FindOptions): Promise<NamedRun> {
  const manifest = readManifest(dir);
  const source = storedWorkload(dir, manifest);
  const path = storedPolicy(dir);
  const policy = options.policy ?? (path === null ? null : await loadPolicy(path));
  const token = parseToken(manifest.token);
  return named({ ...token, source, policy, folder: { dir, manifest } }, options.force);
}

interface Parts extends Pick<NamedRun, 'source' | 'identity' | 'outcome' | 'folder'> {
  readonly policy: PolicyFile | null;
}

/** Puts the parts together. @throws InputError where they do not fit and nobody forces them */
function named({ source, identity, outcome, folder, policy }: Parts, force: boolean): NamedRun {
  const misfits: string[] = [];
  const asked = identity.options.policy ?? source.workload.policy;
  const given = policy === null ? asked : policyText(policy);
  if (given !== asked) misfits.push(`another policy: the run's is ${asked}, this one is ${given}`);
  if (!source.hash.startsWith(identity.workloadHash)) {
    const digits = identity.workloadHash.length;
    misfits.push(
      `another workload: the run's has the hash ${identity.workloadHash}, ` +
        `this one has ${source.hash.slice(0, digits)}`,
    );
  }
  if (identity.modelVersion !== MODEL_VERSION) {
    misfits.push(
      `another model: the run was played by version ${identity.modelVersion}, ` +
        `this program is version ${MODEL_VERSION}`,
    );
  }
  if (misfits.length > 0 && !force) {
    throw new InputError(`${misfits.join('; ')} (--force plays it all the same)`);
  }
  const options = policy === null ? identity.options : { ...identity.options, policy: given };
  const choices = choicesOf({ ...identity, options }, policy);
  return { source, choices, identity: identityOf(source, choices), outcome, folder, misfits };
}

function workloadOf(identity: RunIdentity, { workload, outDir }: FindOptions): WorkloadSource {
  if (workload !== undefined) return loadWorkload(workload);
  const hash = identity.workloadHash;
  const found = shippedByHash(hash) ?? recordedByHash(hash, outDir);
  if (found !== null) return found;
  throw new InputError(
    `the run's workload has the hash ${hash}; no shipped workload has it, ` +
      `and no run in ${printable(outDir)}: its file has to be given too, next to the token`,
  );
}

/** The workload in a run folder. @throws InputError */
function storedWorkload(dir: string, { workload: { name } }: Manifest): WorkloadSource {
  const path = join(dir, RUN_FILES.workload);
  const text = readText(path);
  // A workload that does not name itself has the name of its file, which was another then.
  return { workload: { ...parseWorkload(text, path), name }, text, hash: workloadHash(text) };
}

function recordedByHash(hash: string, outDir: string): WorkloadSource | null {
  const isIts = ({ workload }: Manifest): boolean => workload.sha256.startsWith(hash);
  const folder = runFolders(outDir).find(({ manifest }) => isIts(manifest));
  return folder === undefined ? null : storedWorkload(folder.dir, folder.manifest);
}

/** The policy file that an identity names, from the shipped ones or a run in `outDir`. */
async function policyOf({ options }: RunIdentity, outDir: string): Promise<PolicyFile | null> {
  const asked = options.policy;
  if (asked === undefined || !isPolicyText(asked)) return null;
  const recorded = runFolders(outDir)
    .filter(({ manifest }) => manifest.options.policy === asked)
    .map(({ dir }) => storedPolicy(dir));
  for (const path of [...shippedPolicyPaths(), ...recorded]) {
    const policy = path === null ? null : await loadPolicy(path);
    if (policy !== null && policyText(policy) === asked) return policy;
  }
  throw new InputError(`the run was played with the policy file ${asked}: give it with --policy`);
}

/** The folders in `outDir` that are of runs, by name. */
function runFolders(outDir: string): { dir: string; manifest: Manifest }[] {
  if (!existsSync(outDir)) return [];
  const names = readdirSync(outDir).sort((a, b) => (a < b ? -1 : 1));
  return names.flatMap((name) => {
    const dir = join(outDir, name);
    try {
      return [{ dir, manifest: readManifest(dir) }];
    } catch (error) {
      if (error instanceof OutputError) return []; // something else
      throw error;
    }
  });
}
