/** Loads that the queues differ in. */
import type { Benchmark } from '../benchmark.js';
import { type Contender, delaysNs, hold, watchdogs } from '../loads.js';

const group = 'targeted behaviour';

/** The reference stands beside them where it can: it has no cancel. */
const ALL: readonly Contender[] = ['ladder', 'heap', 'object heap'];
const CANCELLING: readonly Contender[] = ['ladder', 'heap'];
const POPULATIONS = [16, 1000, 100_000];

function holdUnder(load: string, successorNs: Float64Array): Benchmark[] {
  return POPULATIONS.flatMap((pending) =>
    ALL.map((name) => ({
      group,
      comparison: `${load}, ${pending.toLocaleString('en-US')} pending`,
      name,
      unit: 'event',
      slow: pending > 1000,
      prepare: () => hold(name, pending, successorNs),
    })),
  );
}

const rearming: Benchmark[] = POPULATIONS.flatMap((actors) =>
  CANCELLING.map((name) => ({
    group,
    comparison: `a watchdog cancelled and armed again, ${actors.toLocaleString('en-US')} actors`,
    name,
    unit: 'step',
    slow: actors > 1000,
    prepare: () => watchdogs(name, actors),
  })),
);

export const benchmarks: Benchmark[] = [
  ...holdUnder('jiffies (many equal times)', delaysNs.jiffies),
  ...holdUnder('from 300 ns to 10 s', delaysNs.mixed),
  ...holdUnder('half of them for now', delaysNs.halfNow),
  ...rearming,
];
