import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fingerprint } from '../../src/engine/fingerprint.js';

type Event = readonly [timeNs: number, kind: number, actor: number, arg: number, draws: number];

const A: Event = [1, 2, 3, 4, 5];
const B: Event = [2 ** 40 + 7, 2, 3, 4, 9];

function fingerprintOf(events: readonly Event[], letters = 'tkar'): Fingerprint {
  const fingerprint = new Fingerprint(letters);
  for (const event of events) fingerprint.add(...event);
  return fingerprint;
}

/** The first 16 hex digits of the SHA-256 of these words, low byte first. */
function sha256Of(words: readonly number[]): string {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => {
    bytes.writeInt32LE(word, i * 4);
  });
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

describe('Fingerprint', () => {
  it('is the SHA-256 of the packed events', () => {
    const words = [1, 0, 2, 3, 4, 5, 7, 256, 2, 3, 4, 9];
    expect(fingerprintOf([A, B]).toString()).toBe(`${sha256Of(words)}/tkar@2`);
  });

  it('is the same on every machine and in every version', () => {
    const fingerprint = fingerprintOf([A, B]);
    expect(fingerprint.digest()).toMatchInlineSnapshot(`"85c246e410190f22"`);
    expect(fingerprint.running()).toMatchInlineSnapshot(
      `"0ddf69cc02173785ac1436e2fd60be7fa4093822"`,
    );
  });

  it('hashes nothing when there are no events', () => {
    expect(new Fingerprint('t').toString()).toBe(`${sha256Of([])}/t@0`);
  });

  it('holds only what its letters say', () => {
    expect(fingerprintOf([B], 't').digest()).toBe(sha256Of([7, 256]));
    expect(fingerprintOf([B], 'k').digest()).toBe(sha256Of([2]));
    expect(fingerprintOf([B], 'a').digest()).toBe(sha256Of([3, 4]));
    expect(fingerprintOf([B], 'r').digest()).toBe(sha256Of([9]));
    expect(fingerprintOf([B], 'v').digest()).toBe(sha256Of([]));
  });

  it.each(['', 'x', 'tt', 'tkarvs'])('refuses the letters "%s"', (letters) => {
    expect(() => new Fingerprint(letters)).toThrow(RangeError);
  });

  it.each([
    ['t', 0],
    ['k', 1],
    ['a', 2],
    ['a', 3],
    ['r', 4],
  ])('with letter %s sees a change of field %d, and otherwise does not', (letter, field) => {
    const changed = [...A] as [number, number, number, number, number];
    changed[field] = changed[field]! + 1;
    const others = 'tkar'.replace(letter, '');
    for (const read of [(f: Fingerprint) => f.digest(), (f: Fingerprint) => f.running()]) {
      expect(read(fingerprintOf([changed], letter))).not.toBe(read(fingerprintOf([A], letter)));
      expect(read(fingerprintOf([changed], others))).toBe(read(fingerprintOf([A], others)));
    }
  });

  it('takes victims into account with letter v only', () => {
    const [plain, killed] = [fingerprintOf([A], 'tv'), fingerprintOf([A], 'tv')];
    killed.addVictim(1234);
    expect(killed.digest()).not.toBe(plain.digest());
    expect(killed.running()).not.toBe(plain.running());
    expect(killed.events).toBe(1);

    const deaf = fingerprintOf([A], 't');
    deaf.addVictim(1234);
    expect(deaf.digest()).toBe(fingerprintOf([A], 't').digest());
    expect(deaf.running()).toBe(fingerprintOf([A], 't').running());
  });

  it('tells the order of events', () => {
    expect(fingerprintOf([A, B]).digest()).not.toBe(fingerprintOf([B, A]).digest());
    expect(fingerprintOf([A, B]).running()).not.toBe(fingerprintOf([B, A]).running());
  });

  it('does not depend on when it is read, over many batches', () => {
    const events = Array.from({ length: 20_000 }, (_, i): Event => [i * 1e9, i % 7, i, -i, i * 3]);
    const undisturbed = fingerprintOf(events).toString();
    fc.assert(
      fc.property(fc.array(fc.nat({ max: events.length - 1 }), { maxLength: 5 }), (readAt) => {
        const fingerprint = new Fingerprint('tkar');
        events.forEach((event, i) => {
          fingerprint.add(...event);
          if (readAt.includes(i)) fingerprint.digest();
        });
        expect(fingerprint.toString()).toBe(undisturbed);
      }),
      { numRuns: 10 },
    );
  });

  it('has a running hash that rarely repeats', () => {
    const fingerprint = new Fingerprint('tkar');
    const seen = new Set<string>();
    for (let i = 0; i < 10_000; i++) {
      fingerprint.add(i, 0, 0, 0, 0);
      seen.add(fingerprint.running());
    }
    expect(seen.size).toBe(10_000);
  });
});
