/**
 * A bounded part of the random workloads: each is played with the invariants checked, and drained.
 * `npm run random -- --count 10000` plays as many as one likes.
 */
import { expect, test } from 'vitest';
import { play_random } from './one_run.js';

const SEEDS = 150;
const SEEDS_PER_TEST = 10;
/** Short runs find most of what long ones do. */
const EVENTS_MAX = 40_000;

const blocks = Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, i) => 1 + i * SEEDS_PER_TEST);

test.each(blocks)('random workloads from seed %i on keep the invariants and drain', (from) => {
  for (let seed = from; seed < from + SEEDS_PER_TEST; seed++) {
    expect(play_random(seed, { events_max: EVENTS_MAX }).seed).toBe(seed);
  }
});
