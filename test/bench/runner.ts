import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Measurement, Reading } from './benchmark.js';

export interface Rounds {
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
}

/** A benchmark, the module that exports it and its index there: what a worker needs to find it. */
export interface Located {
  readonly benchmark: Benchmark;
  readonly module: string;
  readonly index: number;
}

/** As a benchmark: a reading, and where to find it. */
export interface LocatedReading {
  readonly reading: Reading;
  readonly module: string;
  readonly index: number;
}

const READER = fileURLToPath(new URL('./reader.ts', import.meta.url));

/** Takes a reading in so many fresh processes, one after the other. */
export async function take({ reading, module, index }: LocatedReading): Promise<number[][]> {
  const values: number[][] = [];
  for (let i = 0; i < reading.times; i++) {
    const execArgv = [...process.execArgv, '--expose-gc'];
    // JSON has no NaN.
    const options = { execArgv, serialization: 'advanced' } as const;
    const worker = fork(READER, [module, String(index)], options);
    try {
      values.push(await answer(worker));
    } finally {
      worker.kill();
    }
  }
  return values;
}

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Measures the benchmarks of one comparison in turns, each time in another order. */
export async function compare(
  located: readonly Located[],
  { rounds, roundMs, warmUpMs }: Rounds,
): Promise<Measurement[]> {
  const lanes = located.map(({ benchmark, module, index }) => ({
    benchmark,
    worker: fork(WORKER, [module, String(index)]),
    roundsNs: [] as number[],
  }));
  try {
    for (const { benchmark, worker } of lanes) {
      await measure(worker, warmUpMs * (benchmark.warmUps ?? 1));
    }
    for (let i = 0; i < rounds; i++) {
      for (let j = 0; j < lanes.length; j++) {
        const lane = lanes[(i + j) % lanes.length]!;
        lane.roundsNs.push(await measure(lane.worker, roundMs));
      }
    }
    return lanes.map(({ benchmark, roundsNs }) => ({ benchmark, roundsNs }));
  } finally {
    for (const { worker } of lanes) worker.kill();
  }
}

/** One round. */
async function measure(worker: ChildProcess, roundMs: number): Promise<number> {
  worker.send(roundMs);
  return answer(worker);
}

/** The next message of a worker; rejects if it ends instead. */
async function answer<T>(worker: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  try {
    const message = once(worker, 'message', options) as Promise<[T]>;
    const exit = once(worker, 'exit', options).then(() => {
      throw new Error('a benchmark ended without an answer');
    });
    const [content] = await Promise.race([message, exit]);
    return content;
  } finally {
    ended.abort();
  }
}
