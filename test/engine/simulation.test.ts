import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createQueue, type QueueKind } from '../../src/engine/queue.js';
import { Simulation } from '../../src/engine/simulation.js';

const SAY = 0;
const SAY_AND_REPEAT = 1;
const STOP = 2;
const SPAWN = 3;
const FAIL = 4;

/** A simulation whose events write `time:actor` to a log. */
function newWorld(queueKind: QueueKind): { sim: Simulation; log: string[] } {
  const log: string[] = [];
  const sim: Simulation = new Simulation(createQueue(queueKind), (kind, actor, arg) => {
    log.push(`${sim.nowNs}:${actor}`);
    if (kind === SAY_AND_REPEAT) sim.after(arg, kind, actor, arg);
    if (kind === STOP) sim.stop();
    if (kind === FAIL) throw new Error('handler failed');
    if (kind === SPAWN && actor < 500) {
      sim.after((actor * 7) % 5, SPAWN, 2 * actor, 0);
      sim.after(actor % 3, SPAWN, 2 * actor + 1, 0);
    }
  });
  return { sim, log };
}

describe.each<QueueKind>(['heap', 'ladder'])('Simulation on a %s', (queueKind) => {
  let sim: Simulation;
  let log: string[];
  beforeEach(() => {
    ({ sim, log } = newWorld(queueKind));
  });

  it('plays two clocks that tick at different rates', () => {
    sim.schedule(0, SAY_AND_REPEAT, 1, 10);
    sim.schedule(5, SAY_AND_REPEAT, 2, 15);
    expect(sim.run(40)).toBe('until');
    // At 20, number 2 was scheduled at 5, and number 1 only at 10.
    expect(log).toEqual(['0:1', '5:2', '10:1', '20:2', '20:1', '30:1', '35:2', '40:1']);
    expect(sim.nowNs).toBe(40);
    expect(sim.seq).toBe(8);
  });

  it('puts an event for now behind those that are due now', () => {
    sim.schedule(3, SAY_AND_REPEAT, 1, 0);
    sim.schedule(3, SAY, 2, 0);
    sim.run(3, 4);
    expect(log).toEqual(['3:1', '3:2', '3:1', '3:1']);
  });

  it('leaves the clock at the last event when there are no more', () => {
    sim.schedule(7, SAY, 1, 0);
    expect(sim.run(1000)).toBe('empty');
    expect(sim.nowNs).toBe(7);
    expect(sim.run(1000)).toBe('empty');
  });

  it('ends at a time between events, and goes on from there', () => {
    sim.schedule(10, SAY, 1, 0);
    sim.schedule(20, SAY, 2, 0);
    expect(sim.run(15)).toBe('until');
    expect(sim.nowNs).toBe(15);
    sim.after(1, SAY, 3, 0);
    expect(sim.run(Number.POSITIVE_INFINITY)).toBe('empty');
    expect(log).toEqual(['10:1', '16:3', '20:2']);
  });

  it('ends after a number of events, even if it is the last one', () => {
    sim.schedule(10, SAY, 1, 0);
    sim.schedule(20, SAY, 2, 0);
    expect(sim.run(100, 1)).toBe('budget');
    expect(sim.nowNs).toBe(10);
    expect(sim.run(100, 1)).toBe('budget');
    expect(sim.run(100, 1)).toBe('empty');
  });

  it('stops when a handler says so, and can be run again', () => {
    sim.schedule(10, STOP, 1, 0);
    sim.schedule(10, SAY, 2, 0);
    expect(sim.run(100)).toBe('stopped');
    expect(sim.nowNs).toBe(10);
    sim.stop();
    expect(sim.run(100)).toBe('empty');
    expect(log).toEqual(['10:1', '10:2']);
  });

  it('never dispatches what was cancelled', () => {
    const watchdog = sim.schedule(50, SAY, 1, 0);
    sim.schedule(20, SAY, 2, 0);
    sim.run(30);
    sim.cancel(watchdog);
    sim.run(100);
    expect(log).toEqual(['20:2']);
    expect(() => sim.cancel(watchdog)).toThrow(RangeError);
  });

  it('lets an error of a handler through, and keeps the events after it', () => {
    sim.schedule(10, FAIL, 1, 0);
    sim.schedule(20, SAY, 2, 0);
    expect(() => sim.run(100)).toThrow('handler failed');
    expect(sim.nowNs).toBe(10);
    expect(sim.run(100)).toBe('empty');
    expect(log).toEqual(['10:1', '20:2']);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses time %d', (timeNs) => {
    expect(() => sim.schedule(timeNs, SAY, 0, 0)).toThrow(RangeError);
    expect(() => sim.after(timeNs, SAY, 0, 0)).toThrow(RangeError);
    expect(sim.queue.size).toBe(0);
  });

  it('refuses to go back', () => {
    sim.schedule(50, SAY, 1, 0);
    sim.schedule(60, SAY, 1, 0);
    sim.run(50);
    expect(() => sim.schedule(49, SAY, 1, 0)).toThrow(RangeError);
    expect(() => sim.run(49)).toThrow(RangeError);
    expect(() => sim.run(Number.NaN)).toThrow(RangeError);
  });

  it('refuses to be run by a handler', () => {
    const nested: Simulation = new Simulation(createQueue(queueKind), () => nested.run(10));
    nested.schedule(1, SAY, 0, 0);
    expect(() => nested.run(10)).toThrow('while running');
  });

  it('shows every event to the observer before it is dispatched', () => {
    const seen: string[] = [];
    const observed = new Simulation(
      createQueue(queueKind),
      (kind) => seen.push(`dispatch ${kind}`),
      (timeNs, kind, actor, arg) => seen.push(`observe ${timeNs} ${kind} ${actor} ${arg}`),
    );
    observed.schedule(4, 1, 2, 3);
    observed.schedule(5, 6, 7, 8);
    observed.run(10);
    expect(seen).toEqual(['observe 4 1 2 3', 'dispatch 1', 'observe 5 6 7 8', 'dispatch 6']);
  });

  it('gives the same sequence when cut into slices', () => {
    const whole = newWorld(queueKind);
    whole.sim.schedule(0, SPAWN, 1, 0);
    whole.sim.run(Number.POSITIVE_INFINITY);
    const slice = fc.record({
      lengthNs: fc.nat({ max: 4 }),
      events: fc.integer({ min: 0, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(slice), (slices) => {
        const cut = newWorld(queueKind);
        cut.sim.schedule(0, SPAWN, 1, 0);
        for (const { lengthNs, events } of slices) cut.sim.run(cut.sim.nowNs + lengthNs, events);
        cut.sim.run(Number.POSITIVE_INFINITY);
        expect(cut.log).toEqual(whole.log);
      }),
    );
  });
});

it('gives the same sequence on either queue', () => {
  const logs = (['heap', 'ladder'] as const).map((queueKind) => {
    const { sim, log } = newWorld(queueKind);
    sim.schedule(0, SPAWN, 1, 0);
    sim.run(Number.POSITIVE_INFINITY);
    return log;
  });
  expect(logs[0]).toEqual(logs[1]);
  expect(logs[0]!.length).toBe(999);
});
