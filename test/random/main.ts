/**
 * `npm run random [-- --count N] [--from SEED] [--every EVENTS] [--yaml]`
 *
 * Plays random workloads with the invariants checked, and drains each. Prints the seed and the file
 * of every one that fails; exits with 1 if there was any.
 */
import { parseArgs } from 'node:util';
import { type Outcome, play_random, RandomFailure, random_file } from './one_run.js';
import { guard } from './watchdog.js';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    every: { type: 'string' },
    yaml: { type: 'boolean', default: false },
  },
});

const from = Number(options.from);
const count = Number(options.count);
const every = options.every === undefined ? undefined : Number(options.every);
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count)) {
  console.error('usage: npm run random [-- --count N] [--from SEED] [--every EVENTS] [--yaml]');
  process.exit(2);
}

/** Sums over the runs so far. */
class Tally {
  runs = 0;
  events = 0;
  kills = 0;
  readonly ends = new Map<string, number>();
  readonly failed: number[] = [];

  add({ events, kills, ended, drained }: Outcome): void {
    this.events += events;
    this.kills += kills;
    const end = drained === 'drained' || drained === ended ? ended : `${ended}, then ${drained}`;
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
  }

  line(): string {
    const ends = [...this.ends].map(([end, n]) => `${end} ${n}`).join(', ');
    const failed = this.failed.length === 0 ? 'none failed' : `FAILED: ${this.failed.join(' ')}`;
    return `${this.runs} runs, ${this.events} events, ${this.kills} kills; ended by ${ends}; ${failed}`;
  }
}

function play(): void {
  const tally = new Tally();
  const watchdog = guard();
  for (let seed = from; seed < from + count; seed++) {
    watchdog.begin(seed);
    try {
      tally.add(play_random(seed, { check_every: every }));
    } catch (error) {
      tally.failed.push(seed);
      console.log(error instanceof RandomFailure ? error.message : error);
    }
    tally.runs++;
    if (tally.runs % 500 === 0) console.log(tally.line());
  }
  watchdog.end();
  console.log(tally.line());
  process.exitCode = tally.failed.length > 0 ? 1 : 0;
}

if (options.yaml) console.log(random_file(from).yaml);
else play();
