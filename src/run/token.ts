import { InputError } from '../workload/problems.js';

/** The part that says how the rest is to be read. */
const SCHEMA = 'oomsim1';
export const HASH_DIGITS = 8;
const FINGERPRINT_DIGITS = 16;

/** Everything that determines a run, beside the workload file that the hash stands for. */
export interface RunIdentity {
  /** MODEL_VERSION of the program that ran it. */
  readonly modelVersion: string;
  /** The first 8 hex digits of the workload file's sha256. */
  readonly workloadHash: string;
  readonly seed: string;
  readonly run: number;
  /** What was asked for beyond the workload file, by option name, e.g. `policy` → `process`. */
  readonly options: Readonly<Record<string, string>>;
}

/** What a run turned out to be. */
export interface RunOutcome {
  /** The first 16 hex digits. */
  readonly fingerprint: string;
  /** One letter for each kind of thing that was hashed. */
  readonly ingredients: string;
  /** How many events were dispatched. */
  readonly events: number;
  /** The run was interrupted after them: there was more to come. */
  readonly partial: boolean;
}

/** One run, to be pasted into a bug report. `outcome` is null in the token of a run not yet over. */
export interface ReproToken {
  readonly identity: RunIdentity;
  readonly outcome: RunOutcome | null;
}

/** `oomsim1:<model>:<workload>:<seed>:<run>[:<options>]`, options in the order of their names. */
export function formatIdentity(identity: RunIdentity): string {
  const { modelVersion, seed, run, options } = identity;
  const parts = [SCHEMA, escapeText(modelVersion), identity.workloadHash, escapeText(seed), run];
  const pairs = Object.keys(options)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => `${escapeText(name)}=${escapeText(options[name]!)}`);
  if (pairs.length > 0) parts.push(pairs.join(','));
  return parts.join(':');
}

/**
 * The identity, followed by `#<fingerprint>/<ingredients>@<events>` once the run is over, and by a
 * `+` where it was interrupted.
 */
export function formatToken({ identity, outcome }: ReproToken): string {
  const text = formatIdentity(identity);
  if (outcome === null) return text;
  const { fingerprint, ingredients, events, partial } = outcome;
  return `${text}#${fingerprint}/${ingredients}@${events}${partial ? '+' : ''}`;
}

/** Whether a text is meant to be a token, of whatever schema. */
export function isToken(text: string): boolean {
  return /^oomsim[0-9]+:/.test(text.trim());
}

const TOKEN = new RegExp(
  `^${SCHEMA}:([^:#]+):([0-9a-f]{${HASH_DIGITS}}):([^:#]*):(0|[1-9][0-9]{0,14})(?::([^:#]+))?` +
    `(?:#([0-9a-f]{${FINGERPRINT_DIGITS}})/([tkarv]+)@(0|[1-9][0-9]{0,14})(\\+)?)?$`,
);

/** Reads a token back. @throws InputError when it is none, or of another schema version. */
export function parseToken(text: string): ReproToken {
  const match = TOKEN.exec(text.trim());
  if (match === null) throw new InputError(whyNotToken(text.trim()));
  const [, modelVersion, hash, seed, run, pairs, fingerprint, ingredients, events, more] = match;
  const identity = {
    modelVersion: unescapeText(modelVersion!),
    workloadHash: hash!,
    seed: unescapeText(seed!),
    run: Number(run),
    options: parseOptions(pairs ?? ''),
  };
  if (fingerprint === undefined) return { identity, outcome: null };
  const partial = more !== undefined;
  const outcome = { fingerprint, ingredients: ingredients!, events: Number(events), partial };
  return { identity, outcome };
}

function whyNotToken(text: string): string {
  const schema = /^(oomsim[0-9]+):/.exec(text)?.[1];
  if (schema !== undefined && schema !== SCHEMA) {
    return `the token is of schema ${schema}; this program reads ${SCHEMA}`;
  }
  const form = `${SCHEMA}:MODEL:WORKLOAD:SEED:RUN[:OPTIONS][#FINGERPRINT/INGREDIENTS@EVENTS[+]]`;
  return `not a repro token: expected ${form}`;
}

function parseOptions(pairs: string): Record<string, string> {
  if (pairs === '') return {};
  const entries = pairs.split(',').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at < 1) throw new InputError(`not a repro token: "${pair}" is not NAME=VALUE`);
    return [unescapeText(pair.slice(0, at)), unescapeText(pair.slice(at + 1))];
  });
  return Object.fromEntries(entries);
}

/** Keeps what separates the parts, white space and non-ASCII out of a part. */
function escapeText(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function unescapeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InputError(`not a repro token: "${text}" is not percent-encoded text`);
  }
}
