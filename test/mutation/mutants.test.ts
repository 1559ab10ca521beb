/** The mutants of `npm run mutation` still fit the model: each finds the text that it changes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SWITCHES } from '../../src/kernel/profile.js';
import type { Mutant } from './mutant.js';
import { RULE_MUTANTS } from './rules.js';
import { place_mutants } from './switches.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PLACES = place_mutants(ROOT);

const misfits = (mutants: readonly Mutant[]): string[] =>
  mutants
    .filter(({ file, from }) => readFileSync(join(ROOT, file), 'utf8').split(from).length !== 2)
    .map(({ rule, change }) => `${rule} (${change})`);

test('every change can be made, in one place, and changes something', () => {
  const all = [...PLACES, ...RULE_MUTANTS];
  expect(misfits(all)).toEqual([]);
  expect(all.filter(({ from, to }) => from === to)).toEqual([]);
});

test('every switch is asked somewhere, and disturbed there', () => {
  expect(new Set(PLACES.map(({ rule }) => rule))).toEqual(new Set(SWITCHES.map((s) => s.name)));
});
