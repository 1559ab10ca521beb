import { expect, test } from 'vitest';
import { append, EMPTY, remove, type ShortList } from '../../src/kernel/short_list.js';

test('items keep their order, whoever goes', () => {
  let list: ShortList<string> = EMPTY;
  for (const item of ['a', 'b', 'c']) list = append(list, item);
  remove(list, 'b');
  remove(list, 'nobody');
  expect(append(list, 'd')).toEqual(['a', 'c', 'd']);
});

test('lists that begin empty have nothing in common', () => {
  const one = append<string>(EMPTY, 'a');
  append(one, 'b');
  expect([append<string>(EMPTY, 'c'), EMPTY]).toEqual([['c'], []]);
});
