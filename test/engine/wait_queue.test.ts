import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitQueue } from '../../src/engine/wait_queue.js';

/** Waiters that write their name down when they are woken. */
function waiters(names: string): { log: string[]; all: Record<string, { wake(): void }> } {
  const log: string[] = [];
  const all = Object.fromEntries([...names].map((name) => [name, { wake: () => log.push(name) }]));
  return { log, all };
}

function queueOf(names: string) {
  const { log, all } = waiters(names);
  const queue = new WaitQueue();
  for (const name of names) queue.add(all[name]!);
  return { log, all, queue };
}

describe('WaitQueue', () => {
  it('wakes one at a time, who came first first', () => {
    const { log, all, queue } = queueOf('abc');
    expect(queue.first()).toBe(all.a);
    queue.wakeOne();
    queue.wakeOne();
    expect([log, queue.size]).toEqual([['a', 'b'], 1]);
  });

  it('wakes all in order', () => {
    const { log, queue } = queueOf('abc');
    queue.wakeAll();
    expect([log, queue.size]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('wakes those that match; the others keep their places', () => {
    const { log, all, queue } = queueOf('abcd');
    queue.wakeAll((waiter) => waiter === all.b || waiter === all.d);
    queue.wakeOne();
    expect([log, [...queue]]).toEqual([['b', 'd', 'a'], [all.c]]);
  });

  it('is empty at first', () => {
    const queue = new WaitQueue();
    expect([queue.size, queue.first(), queue.wakeOne()]).toEqual([0, null, null]);
  });

  it('holds a waiter once, where it came first', () => {
    const { log, all, queue } = queueOf('ab');
    queue.add(all.a!);
    expect(queue.size).toBe(2);
    queue.wakeAll();
    expect(log).toEqual(['a', 'b']);
  });

  it('forgets who has left', () => {
    const { log, all, queue } = queueOf('abc');
    expect([queue.delete(all.b!), queue.delete(all.b!)]).toEqual([true, false]);
    queue.wakeAll();
    expect(log).toEqual(['a', 'c']);
  });

  it('who is woken is not in the queue any more, and may come back at its end', () => {
    const queue = new WaitQueue();
    const log: string[] = [];
    const stubborn = {
      wake() {
        log.push(`stubborn, ${queue.size} left`);
        if (log.length < 3) queue.add(stubborn);
      },
    };
    queue.add(stubborn);
    queue.add({ wake: () => log.push('other') });
    queue.wakeOne();
    queue.wakeOne();
    queue.wakeOne();
    expect(log).toEqual(['stubborn, 1 left', 'other', 'stubborn, 0 left']);
  });

  it('is a list from which anybody may drop out', () => {
    const op = fc.record({
      what: fc.constantFrom('add', 'delete', 'wakeOne', 'wakeAll'),
      who: fc.constantFrom(...'abcdef'),
    });
    fc.assert(
      fc.property(fc.array(op), (ops) => {
        const { log, all } = waiters('abcdef');
        const queue = new WaitQueue();
        let list: string[] = [];
        const woken: string[] = [];
        for (const { what, who } of ops) {
          if (what === 'add') {
            queue.add(all[who]!);
            if (!list.includes(who)) list.push(who);
          } else if (what === 'delete') {
            expect(queue.delete(all[who]!)).toBe(list.includes(who));
            list = list.filter((name) => name !== who);
          } else if (what === 'wakeOne') {
            queue.wakeOne();
            woken.push(...list.splice(0, 1));
          } else {
            queue.wakeAll();
            woken.push(...list.splice(0));
          }
          expect([...queue]).toEqual(list.map((name) => all[name]));
        }
        expect(log).toEqual(woken);
      }),
    );
  });
});
