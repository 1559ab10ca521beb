/** Each row of KERNEL.md 4.10, on each preset. */
import { expect, test } from 'vitest';
import { PROFILES, SWITCHES } from '../../src/kernel/profile.js';
import { preset_mutants } from '../mutation/presets.js';
import { NOT_BY_VERSION, ROWS } from './by_version.js';

test.each(ROWS)('%s: %s: %s', (_name, _what, expected, see) => {
  const changes: string[] = [];
  let last: unknown;
  for (const { name } of PROFILES) {
    const seen = see(name);
    if (changes.length === 0 || seen !== last) changes.push(`${name}: ${seen}`);
    last = seen;
  }
  expect(changes.join(', ')).toBe(expected);
});

test('every switch is seen', () => {
  const switches = SWITCHES.map(({ name }) => name);
  expect([...ROWS.map(([name]) => name), ...NOT_BY_VERSION].sort()).toEqual(switches.sort());
});

test('every switch is missed in every preset that has another value than it should', () => {
  const mutants = preset_mutants();
  expect(mutants.length).toBeGreaterThan(ROWS.length * PROFILES.length - 1);
  expect(mutants.filter(({ noticed }) => noticed === null)).toEqual([]);
});
