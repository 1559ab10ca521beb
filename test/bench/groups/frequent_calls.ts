/** What happens at every event: the queue, random draws, the fingerprint. */
import { Fingerprint } from '../../../src/engine/fingerprint.js';
import { type RandomStream, RandomStreams } from '../../../src/engine/random.js';
import { Simulation } from '../../../src/engine/simulation.js';
import type { Benchmark, Target, Work } from '../benchmark.js';
import { type Contender, DELAYS_MASK, delaysNs, hold, newQueue } from '../loads.js';

const group = 'frequent calls';

/** Half as much again as what was measured when the design was chosen: 30, 90 and 300 ns. */
const holdTargets: Readonly<Record<string, Readonly<Record<number, Target>>>> = {
  ladder: {
    1000: { nsMax: 45, faster: { than: 'object heap', times: 4 } },
    100000: { nsMax: 135 },
    1000000: { nsMax: 450 },
  },
  heap: { 1000: { nsMax: 70 }, 100000: { nsMax: 260 }, 1000000: { nsMax: 1250 } },
};

function holdBenchmarks(pending: number): Benchmark[] {
  const contenders: Contender[] = ['ladder', 'heap', 'object heap'];
  return contenders.map((name) => {
    const target = holdTargets[name]?.[pending];
    return {
      group,
      comparison: `hold model, ${pending.toLocaleString('en-US')} events pending`,
      name,
      unit: 'event',
      slow: pending > 100_000,
      ...(target === undefined ? {} : { target }),
      prepare: () => hold(name, pending, delaysNs.exponential),
    };
  });
}

const DRAWS = 100_000;

function drawBenchmark(name: string, draw: (stream: RandomStream, i: number) => number): Benchmark {
  const prepare = (): Work => {
    const stream = new RandomStreams('bench', 0).stream(name);
    let sum = 0;
    return () => {
      for (let i = 0; i < DRAWS; i++) sum = (sum + draw(stream, i)) | 0;
      return DRAWS;
    };
  };
  return { group, comparison: 'random draws', name, unit: 'draw', prepare };
}

function fingerprintBenchmark(letters: string): Benchmark {
  const prepare = (): Work => {
    const fingerprint = new Fingerprint(letters);
    let timeNs = 0;
    return () => {
      for (let i = 0; i < DRAWS; i++) {
        timeNs += 1_000_003;
        fingerprint.add(timeNs, i & 15, i & 1023, i, i);
      }
      return DRAWS;
    };
  };
  return { group, comparison: 'fingerprint', name: letters, unit: 'event', prepare };
}

/** What a run pays for an event before any model: the queue, a draw, the fingerprint. */
function wholeEvent(name: string, draws: boolean, fingerprinted: boolean): Benchmark {
  const events = 50_000;
  const prepare = (): Work => {
    const streams = new RandomStreams('bench', 0);
    const stream = streams.stream('steps');
    const fingerprint = new Fingerprint('tkar');
    let next = 0;
    const sim: Simulation = new Simulation(
      newQueue('ladder'),
      (_kind, actor, arg) => {
        next = (next + 1) & DELAYS_MASK;
        if (draws) sim.after(stream.exponential(1_000_000), stream.below(4), actor, arg);
        else sim.after(delaysNs.exponential[next]!, 0, actor, arg);
      },
      fingerprinted
        ? (timeNs, kind, actor, arg) => fingerprint.add(timeNs, kind, actor, arg, streams.draws)
        : undefined,
    );
    for (let i = 0; i < 1000; i++) sim.schedule(i, 0, i, i);
    return () => {
      sim.run(Number.POSITIVE_INFINITY, events);
      return events;
    };
  };
  return { group, comparison: 'a whole event, 1,000 pending', name, unit: 'event', prepare };
}

export const benchmarks: Benchmark[] = [
  ...[16, 1000, 100_000, 1_000_000].flatMap(holdBenchmarks),
  drawBenchmark('int32', (stream) => stream.int32()),
  drawBenchmark('below 1000', (stream) => stream.below(1000)),
  drawBenchmark('uniform', (stream) => stream.uniform(-5, 5)),
  drawBenchmark('exponential', (stream) => stream.exponential(1_000_000)),
  drawBenchmark('normal', (stream) => stream.normal(1_000_000, 100_000)),
  ...['tkar', 'tka', 'tk', 't'].map(fingerprintBenchmark),
  wholeEvent('queue', false, false),
  wholeEvent('queue, 2 draws', true, false),
  wholeEvent('queue, 2 draws, fingerprint', true, true),
];
