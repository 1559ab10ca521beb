/** Whole runs: the smallest model there is, and shipped workloads on the modelled kernel. */

import { ThreadExecutor } from '../../../src/batch/runner/executor.js';
import { RandomStreams } from '../../../src/engine/random.js';
import { Simulation } from '../../../src/engine/simulation.js';
import { boot } from '../../../src/run/boot.js';
import { loadWorkload } from '../../../src/workload/load.js';
import { batches } from '../batch_load.js';
import type { Benchmark, Work } from '../benchmark.js';
import { type Contender, newQueue } from '../loads.js';

const group = 'whole simulations';

const ARRIVAL = 0;
const DEPARTURE = 1;
const CUSTOMERS = 20_000;

/** M/M/1: one server, exponential arrivals and services, 80 % load. Two events per customer. */
function serverQueue(contender: Contender): Work {
  const streams = new RandomStreams('bench', 0);
  const arrivals = streams.stream('arrivals');
  const services = streams.stream('services');
  let waiting = 0;
  const sim: Simulation = new Simulation(newQueue(contender), (kind) => {
    switch (kind) {
      case ARRIVAL:
        waiting += 1;
        sim.after(arrivals.exponential(1_000_000), ARRIVAL, 0, 0);
        if (waiting === 1) sim.after(services.exponential(800_000), DEPARTURE, 0, 0);
        break;
      case DEPARTURE:
        waiting -= 1;
        if (waiting > 0) sim.after(services.exponential(800_000), DEPARTURE, 0, 0);
        break;
    }
  });
  sim.schedule(0, ARRIVAL, 0, 0);
  return () => {
    sim.run(Number.POSITIVE_INFINITY, 2 * CUSTOMERS);
    return CUSTOMERS;
  };
}

/** A shipped workload from boot to its end, with the fingerprint and without a run folder. */
function workloadRun(name: string): Benchmark {
  const prepare = (): Work => {
    const { workload } = loadWorkload(name);
    let run = 0;
    return () => {
      run += 1;
      const system = boot(workload, { seed: 'bench', run, queue: 'auto', check: false });
      while (system.advance(Number.POSITIVE_INFINITY) !== 'ended');
      return system.events;
    };
  };
  return { group, comparison: 'shipped workloads', name, unit: 'event', prepare };
}

/** Small batches: at the end of a round the threads wait for each other for as long as one takes. */
const BATCHES = 64;
const RUNS_A_BATCH = 4;
/** Seconds, until every thread has compiled the kernel. */
const BATCH_WARM_UPS = 10;

/** Runs of a batch, with metrics and without files, on threads of the built program. */
function batchRuns(threads: number, target?: Benchmark['target']): Benchmark {
  const prepare = (): Work => {
    const executor = new ThreadExecutor(threads);
    const batchOf = batches();
    return async () => {
      const played = Array.from({ length: BATCHES }, (_, batch) => {
        const runs = Array.from({ length: RUNS_A_BATCH }, (_, i) => batch * RUNS_A_BATCH + i + 1);
        return executor.play(batchOf(runs));
      });
      await Promise.all(played);
      return BATCHES * RUNS_A_BATCH;
    };
  };
  const name = `${threads} thread${threads === 1 ? '' : 's'}`;
  const comparison = 'runs of a batch';
  const wallClock = true;
  const warmUps = BATCH_WARM_UPS;
  const how = { unit: 'run', wallClock, warmUps };
  return { group, comparison, name, ...how, prepare, ...(target && { target }) };
}

const contenders: Contender[] = ['heap', 'ladder', 'object heap'];

export const benchmarks: Benchmark[] = [
  ...contenders.map((name) => ({
    group: group as Benchmark['group'],
    comparison: 'a server and its queue (M/M/1)',
    name,
    unit: 'customer',
    prepare: () => serverQueue(name),
  })),
  ...['small-vs-large', 'memcg-limit', 'page-cache', 'swap'].map(workloadRun),
  batchRuns(1),
  // A parallel efficiency of 0.9, where there are two CPUs to be had.
  batchRuns(2, { faster: { than: '1 thread', times: 1.8 } }),
];
