/** Whole runs: the smallest model there is, and shipped workloads on the modelled kernel. */
import { RandomStreams } from '../../../src/engine/random.js';
import { Simulation } from '../../../src/engine/simulation.js';
import { boot } from '../../../src/run/boot.js';
import { loadWorkload } from '../../../src/workload/load.js';
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
];
