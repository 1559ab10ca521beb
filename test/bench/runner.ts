import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Measurement } from './benchmark.js';

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
    for (const { worker } of lanes) await measure(worker, warmUpMs);
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

/** One round; rejects if the worker ends instead of answering. */
async function measure(worker: ChildProcess, roundMs: number): Promise<number> {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  worker.send(roundMs);
  try {
    const answer = once(worker, 'message', options) as Promise<[number]>;
    const exit = once(worker, 'exit', options).then(() => {
      throw new Error('a benchmark ended without an answer');
    });
    const [ns] = await Promise.race([answer, exit]);
    return ns;
  } finally {
    ended.abort();
  }
}
