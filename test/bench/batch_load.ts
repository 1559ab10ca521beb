/** Runs of a batch, with metrics and without files, on threads of the built program. */
import { ThreadExecutor } from '../../src/batch/runner/executor.js';
import type { Batch } from '../../src/batch/runner/messages.js';
import { loadWorkload } from '../../src/workload/load.js';

const RUNS_A_BATCH = 4;
/** One that is played and one that waits: as in playPlan(). */
const BATCHES_PER_THREAD = 2;

/** What a batch of small-vs-large is, with all metrics, by the numbers of its runs. */
export function batches(): (runs: readonly number[]) => Batch {
  const { workload, hash } = loadWorkload('small-vs-large');
  const containers = ['/few', '/many'].map((name) => ({ name, paths: [name], requestBytes: null }));
  const cell = { cell: 0, workload, hash, containers, seed: 'bench' };
  const choices = { policy: undefined, kernel: undefined, check: false };
  return (runs) => ({ ...cell, ...choices, runs });
}

/** Plays as much as it can for so many ms. @returns runs per second */
export type BatchLoad = (ms: number) => Promise<number>;

export function batchLoad(threads: number): BatchLoad {
  const executor = new ThreadExecutor(threads);
  const batchOf = batches();
  let run = 0;
  return async (ms) => {
    const beginMs = performance.now();
    let finished = 0;
    let lastMs = beginMs;
    // No batch waits for another one: the end of a round leaves no thread idle that is counted.
    const lane = async (): Promise<void> => {
      while (performance.now() - beginMs < ms) {
        const runs = Array.from({ length: RUNS_A_BATCH }, () => ++run);
        await executor.play(batchOf(runs));
        if (performance.now() - beginMs >= ms) return;
        finished += runs.length;
        lastMs = performance.now();
      }
    };
    await Promise.all(Array.from({ length: threads * BATCHES_PER_THREAD }, lane));
    return (finished * 1000) / (lastMs - beginMs);
  };
}
