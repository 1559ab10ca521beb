import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatToken, parseToken, type ReproToken } from '../../src/run/token.js';

const identity = {
  modelVersion: '0.4.2',
  workloadHash: '9f3c0a11',
  seed: '42',
  run: 7,
  options: { policy: 'process', kernel: '4.15' },
};
const outcome = {
  fingerprint: '5be1a0c2d3e4f506',
  ingredients: 'tkvr',
  events: 184220,
  partial: false,
};

test('a token is one line, its options in the order of their names', () => {
  expect(formatToken({ identity, outcome })).toBe(
    'oomsim1:0.4.2:9f3c0a11:42:7:kernel=4.15,policy=process#5be1a0c2d3e4f506/tkvr@184220',
  );
  expect(formatToken({ identity: { ...identity, options: {} }, outcome: null })).toBe(
    'oomsim1:0.4.2:9f3c0a11:42:7',
  );
});

test('the token of an interrupted run says that there was more to come', () => {
  const token = formatToken({ identity, outcome: { ...outcome, partial: true } });
  expect(token).toMatch(/@184220\+$/);
  expect(parseToken(token).outcome).toEqual({ ...outcome, partial: true });
});

test('any token is read back as it was written', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  const tokens: fc.Arbitrary<ReproToken> = fc.record({
    identity: fc.record({
      modelVersion: text,
      workloadHash: fc.constant('0123abcd'),
      seed: fc.string({ unit: 'grapheme' }),
      run: fc.nat(),
      options: fc.dictionary(text, fc.string({ unit: 'grapheme' }), { noNullPrototype: true }),
    }),
    outcome: fc.constantFrom(null, outcome, { ...outcome, partial: true }),
  });
  fc.assert(
    fc.property(tokens, (token) => {
      const line = formatToken(token);
      expect(line).toMatch(/^[!-~]+$/);
      expect(parseToken(line)).toEqual(token);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['', 'not a repro token'],
  ['small-vs-large', 'not a repro token'],
  ['oomsim1:1:9f3c0a11:42', 'not a repro token'],
  ['oomsim1:1:9f3c0a11:42:-1', 'not a repro token'],
  ['oomsim1:1:9f3c0a11:42:1#5be1/tk@3', 'not a repro token'],
  ['oomsim1:1:9f3c0a11:42:1:policy', '"policy" is not NAME=VALUE'],
  ['oomsim1:1:9f3c0a11:%zz:1', '"%zz" is not percent-encoded'],
  ['oomsim2:1:9f3c0a11:42:1', 'the token is of schema oomsim2; this program reads oomsim1'],
])('%j: %s', (text, why) => {
  expect(() => parseToken(text)).toThrow(why);
});
