import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventQueue } from '../../src/engine/queue.js';
import { OracleQueue } from './oracle_queue.js';
import { type Action, actions, play } from './queue_actions.js';

const TIME_NS_MAX = Number.MAX_SAFE_INTEGER;
const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/** What every EventQueue must do. `newQueue` makes an empty one that has to grow soon. */
export function testEventQueue(name: string, newQueue: () => EventQueue): void {
  describe(name, () => {
    let queue: EventQueue;
    beforeEach(() => {
      queue = newQueue();
    });

    /** Pushes events whose kind is their number. */
    function pushAll(timesNs: readonly number[]): number[] {
      return timesNs.map((timeNs, i) => queue.push(timeNs, i, 0, 0));
    }

    /** Pops all events; shows each as `time:kind`. */
    function popAll(): string {
      const popped: string[] = [];
      while (queue.pop()) popped.push(`${queue.timeNs}:${queue.kind}`);
      return popped.join(' ');
    }

    it('is empty at first', () => {
      expect(queue.size).toBe(0);
      expect(queue.peekTimeNs()).toBe(Number.POSITIVE_INFINITY);
      expect(queue.pop()).toBe(false);
    });

    it('gives events in order of time', () => {
      pushAll([30, 10, 20]);
      expect(queue.size).toBe(3);
      expect(queue.peekTimeNs()).toBe(10);
      expect(popAll()).toBe('10:1 20:2 30:0');
      expect(queue.size).toBe(0);
    });

    it('gives events of one time in the order in which they came', () => {
      pushAll([5, 7, 5, 7, 5]);
      expect(popAll()).toBe('5:0 5:2 5:4 7:1 7:3');
    });

    it('puts an event for the current time behind those that wait for it', () => {
      pushAll([5, 5, 6]);
      queue.pop();
      queue.push(5, 9, 0, 0);
      expect(popAll()).toBe('5:1 5:9 6:2');
    });

    it('takes an event before those that were looked at already', () => {
      pushAll([100, 200]);
      expect(queue.peekTimeNs()).toBe(100);
      queue.push(50, 9, 0, 0);
      expect(popAll()).toBe('50:9 100:0 200:1');
    });

    it('keeps events that are later than the limit of a pop', () => {
      pushAll([10, 20]);
      expect(queue.pop(9)).toBe(false);
      expect(queue.pop(10)).toBe(true);
      expect(queue.pop(19)).toBe(false);
      expect(queue.size).toBe(1);
      expect(popAll()).toBe('20:1');
    });

    it('shows the fields of the popped event, and keeps them when there is no other', () => {
      queue.push(TIME_NS_MAX, INT32_MIN, -1, INT32_MAX);
      queue.pop();
      queue.pop();
      const { timeNs, kind, actor, arg } = queue;
      expect([timeNs, kind, actor, arg]).toEqual([TIME_NS_MAX, INT32_MIN, -1, INT32_MAX]);
    });

    it('forgets cancelled events: the first, the last, one between, the only one', () => {
      const handles = pushAll([10, 20, 30, 40, 50]);
      queue.cancel(handles[0]!);
      expect(queue.peekTimeNs()).toBe(20);
      queue.cancel(handles[2]!);
      queue.cancel(handles[4]!);
      expect(queue.size).toBe(2);
      queue.pop();
      queue.cancel(handles[3]!);
      expect(queue.size).toBe(0);
      expect(popAll()).toBe('');
    });

    it('refuses handles that are not of a pending event', () => {
      const [popped, cancelled, pending] = pushAll([10, 20, 30]);
      queue.pop();
      queue.cancel(cancelled!);
      for (const handle of [popped!, cancelled!, 0, -1, 1e9]) {
        expect(() => queue.cancel(handle)).toThrow(RangeError);
      }
      queue.cancel(pending!);
    });

    it('stays small when timers are cancelled and armed again all the time', () => {
      const handles = pushAll([1e9, 1e9, 1e9, 1e9]);
      let highest = 0;
      for (let i = 0; i < 10_000; i++) {
        queue.cancel(handles[i % 4]!);
        handles[i % 4] = queue.push(1e9 + i, i, 0, 0);
        highest = Math.max(highest, handles[i % 4]!);
      }
      expect(queue.size).toBe(4);
      expect(highest).toBeLessThan(200);
    });

    it('stays in order when most events are cancelled at once', () => {
      for (let events = 300; events < 340; events++) {
        queue = newQueue();
        const handles = pushAll(Array.from({ length: events }, (_, i) => (i * 7919) % events));
        queue.pop();
        for (const [i, handle] of handles.entries()) {
          if (i > 0 && i % 3 !== 0) queue.cancel(handle);
        }
        pushAll(Array.from({ length: events }, (_, i) => i));
        const size = queue.size;
        const popped = popAll().split(' ');
        const timesNs = popped.map((event) => Number.parseInt(event, 10));
        expect(popped.length).toBe(size);
        expect(timesNs).toEqual(timesNs.toSorted((a, b) => a - b));
      }
    });

    it('keeps a large population in order, at all scales of time', () => {
      const timesNs = Array.from({ length: 20_000 }, (_, i) => {
        const word = Math.imul(i + 1, 0x9e3779b1) >>> 0;
        return word % 10 ** (1 + (word % 9));
      });
      pushAll(timesNs);
      const expected = timesNs.map((timeNs, i) => ({ timeNs, i }));
      expected.sort((a, b) => a.timeNs - b.timeNs || a.i - b.i);
      expect(popAll()).toBe(expected.map(({ timeNs, i }) => `${timeNs}:${i}`).join(' '));
    });

    it('agrees with the oracle on all short histories', () => {
      const alphabet: Action[] = [
        { does: 'push', delayNs: 0 },
        { does: 'push', delayNs: 1 },
        { does: 'push', delayNs: 2 },
        { does: 'pop' },
        { does: 'cancel', which: 0 },
      ];
      const history: Action[] = [];
      const tryAll = (left: number): void => {
        if (left === 0) {
          play(history, newQueue(), new OracleQueue());
          return;
        }
        for (const action of alphabet) {
          history.push(action);
          tryAll(left - 1);
          history.pop();
        }
      };
      tryAll(6);
    });

    for (const [load, history] of Object.entries(actions)) {
      it(`agrees with the oracle under load: ${load}`, () => {
        const run = (played: Action[]) => play(played, newQueue(), new OracleQueue());
        fc.assert(fc.property(history, run), { numRuns: 150 });
      });
    }
  });
}
