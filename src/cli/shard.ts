/** Which part of a batch this process is to play. */
import { InvalidArgumentError } from 'commander';
import type { Shard } from '../batch/plan/shard.js';
import { InputError } from '../workload/problems.js';

/** As asked for; `auto` is what the engine that started this process says. */
export interface AskedShard {
  readonly index: number | 'auto';
  readonly count: number;
}

const COUNT_MAX = 100_000;

/** `3/7` or `auto/7`. */
export function parseShard(text: string): AskedShard {
  const match = /^(auto|[0-9]{1,6})\/([0-9]{1,6})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected K/N, such as 3/7, or auto/N.');
  const index = match[1] === 'auto' ? 'auto' : Number(match[1]);
  const count = Number(match[2]);
  const isPart = index === 'auto' || (index >= 1 && index <= count);
  if (count < 1 || count > COUNT_MAX || !isPart) {
    throw new InvalidArgumentError('Expected K/N with K from 1 to N, such as 3/7.');
  }
  return { index, count };
}

/** Variables by which engines number the parts of an array, and the number of the first. */
const NUMBERS: readonly (readonly [name: string, first: number, engine: string])[] = [
  ['JOB_COMPLETION_INDEX', 0, 'Kubernetes Indexed Job'],
  ['SLURM_ARRAY_TASK_ID', 1, 'Slurm array'],
  ['PARALLEL_SEQ', 1, 'GNU parallel'],
];

/**
 * The number is of the engine, how many there are is the user's word: a part of an array that is
 * started again has the same number, but may be the only one.
 * @throws InputError where no engine, or more than one, says which part this is
 */
export function resolveShard({ index, count }: AskedShard, environment: NodeJS.ProcessEnv): Shard {
  if (index !== 'auto') return { index, count };
  const found = NUMBERS.filter(([name]) => (environment[name] ?? '') !== '');
  const names = NUMBERS.map(([name]) => name).join(', ');
  if (found.length === 0) throw new InputError(`--shard auto/${count}: none of ${names} is set`);
  if (found.length > 1) {
    const set = found.map(([name]) => name).join(' and ');
    throw new InputError(
      `--shard auto/${count}: ${set} are set; say which part: --shard K/${count}`,
    );
  }
  const [name, first, engine] = found[0]!;
  const value = environment[name]!;
  const number = /^[0-9]+$/.test(value) ? Number(value) - first + 1 : Number.NaN;
  if (number >= 1 && number <= count) return { index: number, count };
  const range = `${first} to ${count + first - 1}`;
  throw new InputError(
    `--shard auto/${count}: ${name} is ${value}; this ${engine} has to run from ${range}`,
  );
}
