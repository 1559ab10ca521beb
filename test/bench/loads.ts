import { createQueue, type EventQueue } from '../../src/engine/queue.js';
import { type RandomStream, RandomStreams } from '../../src/engine/random.js';
import { Simulation } from '../../src/engine/simulation.js';
import type { Work } from './benchmark.js';
import { ObjectHeap } from './object_heap.js';

export type Contender = 'heap' | 'ladder' | 'object heap';

export function newQueue(contender: Contender): EventQueue {
  return contender === 'object heap' ? new ObjectHeap() : createQueue(contender);
}

/** Delays are drawn beforehand, so that the draws aren't measured. */
export const DELAYS_MASK = 8191;
const DELAYS = DELAYS_MASK + 1;
const MS = 1_000_000;

function delays(name: string, draw: (stream: RandomStream) => number): Float64Array {
  const stream = new RandomStreams('bench', 0).stream(name);
  return Float64Array.from({ length: DELAYS }, () => draw(stream));
}

/** Delays of an event's successor, in ns. */
export const delaysNs = {
  exponential: delays('exponential', (stream) => stream.exponential(MS)),
  /** 1 … 25 ticks of 4 ms: many equal times. */
  jiffies: delays('jiffies', (stream) => stream.uniform(1, 25) * 4 * MS),
  /** As in this simulator, roughly: CPU steps, I/O, jiffy timers and a few long watchdogs. */
  mixed: delays('mixed', (stream) => {
    const permille = stream.below(1000);
    if (permille < 600) return stream.exponential(300);
    if (permille < 850) return stream.exponential(100_000);
    if (permille < 990) return stream.uniform(1, 25) * 4 * MS;
    return 10_000 * MS;
  }),
  /** Half are wake-ups now. */
  halfNow: delays('half now', (stream) => (stream.chance(500) ? 0 : stream.exponential(MS))),
};

/** Events of one call of a Work: some milliseconds. */
const EVENTS = 50_000;

/** The hold model: so many events are pending, and each schedules its successor. */
export function hold(contender: Contender, pending: number, successorNs: Float64Array): Work {
  let next = 0;
  let sum = 0;
  const sim: Simulation = new Simulation(newQueue(contender), (kind, actor, arg) => {
    switch (kind) {
      case 0:
        next = (next + 1) & DELAYS_MASK;
        sim.after(successorNs[next]!, 0, actor, arg);
        break;
      case 1:
        sum = (sum + arg) | 0;
        break;
      default:
        sum = (sum - actor) | 0;
    }
  });
  for (let i = 0; i < pending; i++) sim.schedule(successorNs[i & DELAYS_MASK]!, 0, i, i);
  sim.run(Number.POSITIVE_INFINITY, 2 * pending);
  return () => {
    sim.run(Number.POSITIVE_INFINITY, EVENTS);
    return EVENTS;
  };
}

/** Every step of each actor cancels its watchdog, 10 s ahead, and arms it again. */
export function watchdogs(contender: Contender, actors: number): Work {
  const armed = new Int32Array(actors);
  let next = 0;
  const sim: Simulation = new Simulation(newQueue(contender), (_kind, actor) => {
    next = (next + 1) & DELAYS_MASK;
    sim.cancel(armed[actor]!);
    armed[actor] = sim.after(10_000 * MS, 1, actor, 0);
    sim.after(delaysNs.exponential[next]!, 0, actor, 0);
  });
  for (let actor = 0; actor < actors; actor++) {
    armed[actor] = sim.after(10_000 * MS, 1, actor, 0);
    sim.schedule(delaysNs.exponential[actor & DELAYS_MASK]!, 0, actor, 0);
  }
  sim.run(Number.POSITIVE_INFINITY, 2 * actors);
  return () => {
    sim.run(Number.POSITIVE_INFINITY, EVENTS);
    return EVENTS;
  };
}
