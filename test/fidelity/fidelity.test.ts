/**
 * What real kernels did, and whether the model does the same. Misses that are known are listed with
 * their explanation; any other miss fails, and so does a known one that no longer is one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type FidelityRow, fidelity, totals } from '../../src/run/fidelity/fidelity.js';

const TRUTH = fileURLToPath(new URL('../../../shared/truth', import.meta.url));

const RACE = 'a race between equals that the real kernel lost or won differently';
const PROBES =
  'six probes make system calls as fast as they can and take most of two emulated CPUs; how much ' +
  'each call takes is not in the file, and with it how often memory fills up';
const EQUALS =
  'forty equal leaks: who dies how often is chance; here memory also fills up faster than in the lab';

/** Scenario and kernel → why it differs. */
const KNOWN_MISSES: Readonly<Record<string, string>> = {
  'c3-nested-three-limits 4.15-seed': `three limits are hit within a millisecond: ${RACE}`,
  'kb3-probes-victim-mmap-sem 4.15-seed': PROBES,
  'kb4-40-faulting-leaks 4.15-vanilla': EQUALS,
  'kb4-40-faulting-leaks 4.15-seed': EQUALS,
  'kb5-memcg-limit-probes 4.15-vanilla': PROBES,
  'kb5-memcg-limit-probes 4.15-seed': PROBES,
  'kd3-evil-split-40-procs-vs-service 4.15-seed': 'ten equal cgroups: which of them lose is chance',
};

/** Of the outcomes that were the same in every run of the real kernel. */
const STABLE_SHARE_MIN = 0.95;

describe.skipIf(!existsSync(TRUTH))('truth files', () => {
  const rows: FidelityRow[] = existsSync(TRUTH) ? [...fidelity(TRUTH)] : [];

  test('only known misses, and all of them', () => {
    const misses = rows.filter((row) => !row.agrees).map((row) => `${row.file} ${row.kernel}`);
    const present = new Set(rows.map((row) => `${row.file} ${row.kernel}`));
    const expected = Object.keys(KNOWN_MISSES).filter((name) => present.has(name));
    expect(misses.sort()).toEqual(expected.sort());
  });

  test('the README tells the truth about it', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    for (const { agree, total, stableAgree, stableTotal } of totals(rows).values()) {
      expect(readme).toContain(`| ${agree} of ${total} `);
      if (stableTotal > 0) expect(readme).toContain(`| ${stableAgree} of ${stableTotal} `);
    }
  });

  test('stable outcomes agree', () => {
    for (const [kernel, sum] of totals(rows)) {
      if (sum.stableTotal === 0) continue;
      expect(sum.stableAgree / sum.stableTotal, kernel).toBeGreaterThanOrEqual(STABLE_SHARE_MIN);
    }
  });
});
