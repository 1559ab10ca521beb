/** Runs one benchmark, a round for each message, in a process that has seen no other. */
import type { Benchmark } from './benchmark.js';

const [module, index] = process.argv.slice(2);
const { benchmarks } = (await import(module!)) as { benchmarks: readonly Benchmark[] };
const { prepare, wallClock = false } = benchmarks[Number(index)]!;
const work = await prepare();

function nowNs(): number {
  if (wallClock) return performance.now() * 1e6;
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/**
 * Works for at least so long; returns the ns of CPU time that one unit took, with what V8's other
 * threads needed for it. The clock on the wall would count other people's work, too.
 */
async function round(roundMs: number): Promise<number> {
  const begin = nowNs();
  let elapsedNs = 0;
  let units = 0;
  while (elapsedNs < roundMs * 1e6) {
    units += await work();
    elapsedNs = nowNs() - begin;
  }
  return elapsedNs / units;
}

process.on('message', async (roundMs: number) => {
  process.send!(await round(roundMs));
});
