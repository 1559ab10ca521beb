/** Ends the program when one workload takes far too long: a loop within one event stops for nobody. */
import { Worker } from 'node:worker_threads';

const PATIENCE_MS = 180_000;

const CODE = `
  const { workerData: { shared, patience } } = require('node:worker_threads');
  const seed = new Int32Array(shared);
  let last = -1, since = Date.now();
  setInterval(() => {
    const now = Atomics.load(seed, 0);
    if (now !== last) { last = now; since = Date.now(); }
    if (Date.now() - since < patience) return;
    require('node:fs').writeSync(2, 'seed ' + now + ' hangs\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 1000);
`;

export interface Watchdog {
  begin(seed: number): void;
  end(): void;
}

export function guard(): Watchdog {
  const shared = new SharedArrayBuffer(4);
  const seeds = new Int32Array(shared);
  const worker = new Worker(CODE, { eval: true, workerData: { shared, patience: PATIENCE_MS } });
  worker.unref();
  return {
    begin: (seed) => void Atomics.store(seeds, 0, seed),
    end: () => void worker.terminate(),
  };
}
