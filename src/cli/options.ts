import { InvalidArgumentError, Option } from 'commander';
import { REPLICATIONS_MAX } from '../batch/experiment/limits.js';
import { CHANGE_SYNTAX, type Change, parseChange } from '../run/decide/what_if.js';
import { parseSize, parseTime } from '../workload/units.js';

/** More threads than any machine has CPUs would only take its memory. */
const WORKERS_MAX = 1024;
/** Kubernetes takes no more completions of an Indexed Job. */
const SHARDS_MAX = 100_000;

/** Options that mean the same wherever they appear. */
export const COMMON = {
  kernel: () => new Option('--kernel <name>', "kernel to model instead of the workload's"),
  policy: () =>
    new Option(
      '--policy <name|file>',
      "OOM policy instead of the workload's; a .ts or .js file: your own",
    ),
  kernels: () =>
    new Option(
      '--kernel <name,…>',
      "kernels to ask instead of the source's own, or all; may be repeated",
    ).argParser((names: string, before: string[] = []) => [...before, ...names.split(',')]),
  policies: () =>
    new Option(
      '--policy <name|file,…>',
      "OOM policies to ask, by name or as .ts or .js files; may be repeated; default: all by name, and the workload's own",
    ).argParser((names: string, before: string[] = []) => [...before, ...parseList(names)]),
  set: () =>
    new Option('--set <switch=value>', 'override one switch of the kernel (see list switches)')
      .argParser(parseSwitch)
      .default({}, 'none'),
  settings: () =>
    new Option(
      '--set <name=value>',
      'change something, and compare: a switch of the kernel (see list switches), or ' +
        `${CHANGE_SYNTAX}; may be repeated`,
    )
      .argParser(parseSetting)
      .default({ switches: {}, changes: [] }, 'none'),
  seed: () => new Option('--seed <seed>', "seed instead of the workload's").argParser(parseSeed),
  run: () =>
    new Option('--run <n>', 'replication: another n draws other numbers from the same seed')
      .argParser(parseCount)
      .default(1),
  until: () =>
    new Option(
      '--until <time>',
      "simulated time to stop at instead of the workload's, e.g. 2s",
    ).argParser(parseDuration),
  at: () =>
    new Option('--at <time>', 'play a workload up to this simulated time first').argParser(
      parseDuration,
    ),
  report: () =>
    new Option(
      '--report <n>',
      'which report of the log, from 1; else the first complete one',
    ).argParser((text) => parseNumber(text)),
  speed: () =>
    new Option('--speed <x>', 'simulated seconds per second in the dashboard, or max').argParser(
      parseSpeed,
    ),
  compare: () =>
    new Option('--compare <name|file>', 'policy of the run that Tab shows in the dashboard'),
  ascii: () => new Option('--ascii', 'draw the dashboard with ASCII characters only'),
  out: () =>
    new Option('--out <dir>', 'folder in which the run folder is made')
      .argParser(parseNonEmpty)
      .default('out'),
  runs: () =>
    new Option('--out <dir>', 'folder in which run folders are')
      .argParser(parseNonEmpty)
      .default('out'),
  force: () => new Option('--force', 'overwrite the run folder whatever it holds'),
  check: () => new Option('--check', 'check the invariants of the kernel on the way (slower)'),
  workers: () =>
    new Option('--workers <n>', 'threads that play runs; default: one a CPU').argParser((text) =>
      parseNumber(text, WORKERS_MAX),
    ),
  replications: () =>
    new Option('--replications <n>', "runs of each cell instead of the experiment's").argParser(
      (text) => parseNumber(text, REPLICATIONS_MAX),
    ),
  shards: () =>
    new Option('--shards <n>', 'of --emit: how many parts')
      .argParser((text) => parseNumber(text, SHARDS_MAX))
      .default(8),
  json: () => new Option('--json', 'print the result as JSON on stdout'),
  quiet: () => new Option('-q, --quiet', 'no progress on stderr'),
} as const;

/** Options of the importers. */
export const IMPORT = {
  out: () => new Option('--out <file>', 'write the workload there instead of to stdout'),
  force: () => new Option('--force', 'overwrite the file'),
} as const;

/** A size for options of the importers, bytes. */
export function parseBytes(text: string): number {
  const size = parseSize(text);
  if (!size.ok) throw new InvalidArgumentError(`Expected a size such as 16GiB: ${size.why}.`);
  return size.value;
}

export type Switches = Readonly<Record<string, string>>;

/** What `decide --set` was asked for. */
export interface Settings {
  readonly switches: Switches;
  readonly changes: readonly Change[];
}

function parseSetting(text: string, before: Settings): Settings {
  const change = parseChange(text);
  if (change !== null) return { ...before, changes: [...before.changes, change] };
  return { ...before, switches: parseSwitch(text, before.switches) };
}

function parseSwitch(text: string, before: Switches): Switches {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected SWITCH=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** `a,b`: one value, or one for each of several. */
export function parseList(text: string): string[] {
  const values = text.split(',');
  if (values.includes('')) throw new InvalidArgumentError('Expected a value, or A,B.');
  return values;
}

function parseNonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected some text.');
  return text;
}

/** As long as in a workload file, and one line: it becomes part of the token. */
function parseSeed(text: string): string {
  if (!/^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u.test(text)) {
    throw new InvalidArgumentError('Expected 1 to 200 characters, without control characters.');
  }
  return text;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError('Expected a whole number, 0 or more.');
  }
  return count;
}

function parseDuration(text: string): number {
  const time = parseTime(text);
  if (!time.ok) throw new InvalidArgumentError(`Expected a time such as 500ms or 2s: ${time.why}.`);
  if (time.value === 0) throw new InvalidArgumentError('Expected a time greater than 0.');
  return time.value;
}

function parseSpeed(text: string): number {
  const speed = text === 'max' ? Infinity : Number(text);
  if (!(speed > 0)) throw new InvalidArgumentError('Expected a number greater than 0, or max.');
  return speed;
}

function parseNumber(text: string, max = Number.MAX_SAFE_INTEGER): number {
  const number = parseCount(text);
  if (number === 0) throw new InvalidArgumentError('Expected a whole number, 1 or more.');
  if (number > max) throw new InvalidArgumentError(`Expected a whole number, ${max} or less.`);
  return number;
}
