import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tournament } from '../../../src/kernel/mm/tournament.js';

const change = fc.record({
  place: fc.nat(12),
  score: fc.constantFrom(Number.NEGATIVE_INFINITY, -3, 1, 2, 7, Number.POSITIVE_INFINITY),
  weight: fc.nat(5),
});

test('finds after every change what a loop over all places finds', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1 }), (changes) => {
      const tournament = new Tournament(13);
      const scores = new Array<number>(13).fill(Number.NEGATIVE_INFINITY);
      const weights = new Array<number>(13).fill(0);
      for (const { place, score, weight } of changes) {
        tournament.set(place, score, weight);
        scores[place] = score;
        weights[place] = weight;
        const best = Math.max(...scores);
        expect(tournament.best).toBe(best);
        if (best > Number.NEGATIVE_INFINITY) {
          expect(tournament.winner('first')).toBe(scores.indexOf(best));
          expect(tournament.winner('last')).toBe(scores.lastIndexOf(best));
        }
        const through = weights.slice(0, place + 1).reduce((sum, w) => sum + w, 0);
        expect(tournament.weight_through(place)).toBe(through);
        expect(tournament.total_weight).toBe(weights.reduce((sum, w) => sum + w, 0));
      }
    }),
  );
});
