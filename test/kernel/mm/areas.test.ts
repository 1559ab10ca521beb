import { expect, test } from 'vitest';
import { world } from '../fixture.js';
import { area } from '../placement.js';

/** Sizes of the areas that are left of four, of 1 to 4 pages, and then comes one of 5. */
function left_without(...gone: number[]): number[] {
  const { t } = world({ tasks: { t: {} } }).tasks;
  const areas = [1, 2, 3, 4].map((pages) => area(t, 'anon', pages));
  for (const pages of gone) t.mm!.remove_vma(areas[pages - 1]!);
  area(t, 'anon', 5);
  return [...t.mm!.vmas()].map(({ length_pages }) => length_pages);
}

test.each([
  [[], [1, 2, 3, 4, 5]],
  [[1], [2, 3, 4, 5]],
  [
    [2, 3],
    [1, 4, 5],
  ],
  [
    [4, 3],
    [1, 2, 5],
  ],
  [[3, 1, 4, 2], [5]],
])('areas keep their order when %j go', (gone, left) => {
  expect(left_without(...gone)).toEqual(left);
});
