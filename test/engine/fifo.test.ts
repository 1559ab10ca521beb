import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from '../../src/engine/fifo.js';

test('behaves as an array with push and shift', () => {
  const actions = fc.array(fc.constantFrom('push', 'push', 'shift'), { maxLength: 500 });
  fc.assert(
    fc.property(actions, (names) => {
      const fifo = new Fifo<number>();
      const array: number[] = [];
      names.forEach((name, i) => {
        if (name === 'shift') expect(fifo.shift()).toBe(array.shift());
        else {
          fifo.push(i);
          array.push(i);
        }
        expect(fifo.size).toBe(array.length);
      });
      expect([...fifo]).toEqual(array);
    }),
  );
});

test('does not grow while it is emptied as fast as it is filled', () => {
  const fifo = new Fifo<number>();
  for (let i = 0; i < 1000; i++) {
    fifo.push(i);
    expect(fifo.shift()).toBe(i);
  }
  expect(fifo.size).toBe(0);
  expect(fifo.shift()).toBeUndefined();
});
