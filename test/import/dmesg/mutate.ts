/**
 * `npm run logs:spoil -- [COUNT] [SEED]`: spoils good logs COUNT times and does everything with what comes
 * out. A crash, more than a second of CPU time for one log, or more than the 200 MB of heap that the
 * script in package.json allows, ends it with exit code 1 and the numbers that repeat the case.
 */
import seedrandom from 'seedrandom';
import { cpuMs } from './cpu_time.js';
import { digest, MUTATIONS, SEEDS } from './mutations.js';

const CPU_MS_MAX = 1000;
const STEPS_MAX = 4;
/** Deciding takes longer than reading; every so many logs are decided, too. */
const DECIDE_EVERY = 10;

interface Slowest {
  readonly number: number;
  readonly ms: number;
}

/** The spoilt log of that number, always the same for one seed. */
function spoilt(seed: string, number: number): readonly string[] {
  const draw = seedrandom(`${seed}:${number}`);
  const random = (below: number): number => Math.floor(draw() * Math.max(1, below));
  let lines: readonly string[] = SEEDS[random(SEEDS.length)] ?? [];
  for (let steps = 1 + random(STEPS_MAX); steps > 0; steps--) {
    lines = MUTATIONS[random(MUTATIONS.length)]?.(lines, random) ?? lines;
  }
  return lines;
}

function main(count: number, seed: string, first: number): number {
  let slowest: Slowest = { number: 0, ms: 0 };
  let failures = 0;
  for (let number = first; number < first + count; number++) {
    const lines = spoilt(seed, number);
    try {
      const ms = cpuMs(() => digest(lines, number % DECIDE_EVERY === 0));
      if (ms > slowest.ms) slowest = { number, ms };
      if (ms <= CPU_MS_MAX) continue;
      console.error(`log ${number} of seed ${seed}: ${Math.round(ms)} ms`);
    } catch (error) {
      console.error(`log ${number} of seed ${seed}:`, error);
    }
    failures++;
  }
  const { maxRSS } = process.resourceUsage();
  console.log(`${count} logs of seed ${seed}: ${failures} failed`);
  console.log(`slowest ${Math.round(slowest.ms)} ms (log ${slowest.number})`);
  console.log(`most memory of the process ${Math.round(maxRSS / 1024)} MiB`);
  return failures === 0 ? 0 : 1;
}

const [count = '10000', seed = '1', first = '0'] = process.argv.slice(2);
process.exitCode = main(Number(count), seed, Number(first));
