/** Runs one benchmark, a round for each message, in a process that has seen no other. */
import type { Benchmark } from './benchmark.js';

const [module, index] = process.argv.slice(2);
const { benchmarks } = (await import(module!)) as { benchmarks: readonly Benchmark[] };
const work = await benchmarks[Number(index)]!.prepare();

/** Works for at least so long; returns the ns that one unit took. */
async function round(roundMs: number): Promise<number> {
  const begin = process.hrtime.bigint();
  let elapsedNs = 0;
  let units = 0;
  while (elapsedNs < roundMs * 1e6) {
    units += await work();
    elapsedNs = Number(process.hrtime.bigint() - begin);
  }
  return elapsedNs / units;
}

process.on('message', async (roundMs: number) => {
  process.send!(await round(roundMs));
});
