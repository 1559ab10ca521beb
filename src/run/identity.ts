import { InputError } from '../workload/problems.js';
import type { Workload } from '../workload/types.js';
import { formatTime, parseTime } from '../workload/units.js';
import { MODEL_VERSION } from './model_version.js';
import type { PolicyFile } from './policy/load.js';
import { HASH_DIGITS, type RunIdentity } from './token.js';

export const RUN_DEFAULT = 1;
const POLICY_HASH_DIGITS = 12;
/** Before the name of a kernel switch among the options. */
const SWITCH = 'set.';

/** What may be asked of a run beyond its workload file. */
export interface RunChoices {
  readonly kernel?: string;
  /** A built-in policy by name, or a policy file. */
  readonly policy?: string | PolicyFile;
  readonly seed?: string;
  /** Replications of one seed differ in this number. */
  readonly run?: number;
  readonly untilNs?: number;
  /** Kernel switches by name, over those of the workload. */
  readonly switches?: Readonly<Record<string, string | number | boolean>>;
}

/** A workload together with the file that it was parsed from. */
export interface WorkloadSource {
  readonly workload: Workload;
  readonly text: string;
  /** sha256 of the text, in hex. */
  readonly hash: string;
}

/**
 * Names a run. A choice that repeats what the workload says is no choice: both runs are the same
 * and so are their identities.
 */
export function identityOf(
  { workload, hash }: Pick<WorkloadSource, 'workload' | 'hash'>,
  choices: RunChoices,
): RunIdentity {
  const options: Record<string, string> = {};
  const { kernel, policy, untilNs } = choices;
  if (kernel !== undefined && kernel !== workload.kernel) options.kernel = kernel;
  const named = policy === undefined ? workload.policy : policyText(policy);
  if (named !== workload.policy) options.policy = named;
  if (untilNs !== undefined && untilNs !== workload.untilNs) options.until = formatTime(untilNs);
  for (const [name, value] of Object.entries(choices.switches ?? {})) {
    if (String(workload.switches[name]) !== String(value))
      options[`${SWITCH}${name}`] = String(value);
  }
  return {
    modelVersion: MODEL_VERSION,
    workloadHash: hash.slice(0, HASH_DIGITS),
    seed: choices.seed ?? workload.seed,
    run: choices.run ?? RUN_DEFAULT,
    options,
  };
}

/**
 * The choices that an identity names: identityOf() the other way round.
 * @param policyFile whose text the identity may name
 * @throws InputError for a policy file that it names and that is not this one, and for options that
 *   this program does not know
 */
export function choicesOf(identity: RunIdentity, policyFile: PolicyFile | null): RunChoices {
  const { seed, run, options } = identity;
  let choices: RunChoices = { seed, run };
  const switches: Record<string, string> = {};
  for (const [name, value] of Object.entries(options)) {
    if (name === 'kernel') choices = { ...choices, kernel: value };
    else if (name === 'policy') choices = { ...choices, policy: policyNamed(value, policyFile) };
    else if (name === 'until') choices = { ...choices, untilNs: timeOf(value) };
    else if (name.startsWith(SWITCH)) switches[name.slice(SWITCH.length)] = value;
    else throw new InputError(`the token has an option that this program does not know: ${name}`);
  }
  return { ...choices, switches };
}

function policyNamed(text: string, file: PolicyFile | null): string | PolicyFile {
  if (file !== null && policyText(file) === text) return file;
  if (!isPolicyText(text)) return text;
  const found = file === null ? '' : `, and ${file.path} is ${policyText(file)}`;
  throw new InputError(`the run was played with the policy file ${text}${found}`);
}

/** Whether an identity's policy is a file. */
export function isPolicyText(policy: string): boolean {
  return policy.includes('@');
}

function timeOf(text: string): number {
  const time = parseTime(text);
  if (!time.ok) throw new InputError(`the token's option until=${text} is no time: ${time.why}`);
  return time.value;
}

/** A policy file is named by what it calls itself and by its text, wherever it lies. */
export function policyText(policy: string | PolicyFile): string {
  if (typeof policy === 'string') return policy;
  return `${policy.name}@${policy.hash.slice(0, POLICY_HASH_DIGITS)}`;
}
