import fc from 'fast-check';
import { expect } from 'vitest';
import type { EventQueue } from '../../src/engine/queue.js';

/** One step of a history that is played to a queue and to the oracle. */
export type Action =
  | { does: 'push'; delayNs: number }
  | { does: 'pop' }
  | { does: 'popUntil'; delayNs: number }
  | { does: 'peek' }
  | { does: 'cancel'; which: number }
  /** Cancels an event and pushes it again, later: what a watchdog does. */
  | { does: 'rearm'; which: number; delayNs: number };

/** Plays a history to both, and empties them. Both must show the same after every step. */
export function play(history: readonly Action[], queue: EventQueue, oracle: EventQueue): void {
  const pending: { id: number; handle: number; oracleHandle: number }[] = [];
  let nowNs = 0;
  let nextId = 0;

  const push = (delayNs: number): void => {
    const timeNs = nowNs + delayNs;
    const id = nextId;
    nextId += 1;
    const handle = queue.push(timeNs, id, -id, id * 3);
    pending.push({ id, handle, oracleHandle: oracle.push(timeNs, id, -id, id * 3) });
  };
  const pop = (untilNs?: number): boolean => {
    const popped = oracle.pop(untilNs);
    if (queue.pop(untilNs) !== popped) throw new Error(`pop(${untilNs}) is not ${popped}`);
    if (!popped) return false;
    const { timeNs, kind, actor, arg } = oracle;
    if (queue.timeNs !== timeNs || queue.kind !== kind) {
      expect(`${queue.timeNs}:${queue.kind}`).toBe(`${timeNs}:${kind}`);
    }
    if (queue.actor !== actor || queue.arg !== arg) throw new Error('wrong actor or arg');
    nowNs = timeNs;
    const at = pending.findIndex(({ id }) => id === kind);
    pending.splice(at, 1);
    return true;
  };
  const cancel = (which: number): void => {
    const [event] = pending.splice(which % Math.max(pending.length, 1), 1);
    if (event === undefined) return;
    queue.cancel(event.handle);
    oracle.cancel(event.oracleHandle);
  };

  for (const action of history) {
    if (action.does === 'push') push(action.delayNs);
    else if (action.does === 'pop') pop();
    else if (action.does === 'popUntil') pop(nowNs + action.delayNs);
    else if (action.does === 'cancel') cancel(action.which);
    else if (action.does === 'rearm') {
      cancel(action.which);
      push(action.delayNs);
    } else if (queue.peekTimeNs() !== oracle.peekTimeNs()) throw new Error('peeked a wrong time');
    if (queue.size !== oracle.size) expect(queue.size).toBe(oracle.size);
  }
  while (pop());
  expect(pending).toEqual([]);
}

const which = fc.nat({ max: 1000 });
const jiffyNs = 4_000_000;

/** Delays of the kinds of load that queues differ in. */
const delays = {
  continuous: fc.nat({ max: 1_000_000 }),
  ties: fc.integer({ min: 0, max: 3 }).map((jiffies) => jiffies * jiffyNs),
  mixedScales: fc
    .tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 9 }))
    .map(([exponent, digit]) => digit * 10 ** exponent),
  clustered: fc
    .tuple(fc.constantFrom(0, 0, 0, 1e6, 1e12), fc.nat({ max: 3 }))
    .map(([farNs, nearNs]) => farNs + nearNs),
};

function history(
  delayNs: fc.Arbitrary<number>,
  weights: { push: number; pop: number; cancel: number; rearm: number },
): fc.Arbitrary<Action[]> {
  const action = fc.oneof(
    { weight: weights.push, arbitrary: fc.record({ does: fc.constant('push' as const), delayNs }) },
    { weight: weights.pop, arbitrary: fc.constant({ does: 'pop' as const }) },
    {
      weight: weights.cancel,
      arbitrary: fc.record({ does: fc.constant('cancel' as const), which }),
    },
    {
      weight: weights.rearm,
      arbitrary: fc.record({ does: fc.constant('rearm' as const), which, delayNs }),
    },
    { weight: 3, arbitrary: fc.constant({ does: 'peek' as const }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('popUntil' as const), delayNs }) },
  );
  return fc.array(action, { maxLength: 500, size: 'max' });
}

const growing = { push: 60, pop: 20, cancel: 5, rearm: 5 };
const steady = { push: 40, pop: 35, cancel: 5, rearm: 5 };
const watchdogs = { push: 30, pop: 20, cancel: 10, rearm: 60 };

/** Histories by the load that they model. */
export const actions: Record<string, fc.Arbitrary<Action[]>> = {
  'steps of any length': history(delays.continuous, growing),
  'steps of any length, few pending': history(delays.continuous, steady),
  'many equal times': history(delays.ties, growing),
  'many equal times, few pending': history(delays.ties, steady),
  'from nanoseconds to seconds': history(delays.mixedScales, growing),
  'clusters far apart': history(delays.clustered, growing),
  'timers cancelled and armed again': history(delays.mixedScales, watchdogs),
};
