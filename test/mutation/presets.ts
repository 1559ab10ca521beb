/** Each switch in each preset: does somebody see it if the preset has another value? */
import { PROFILES, SWITCHES } from '../../src/kernel/profile.js';
import { ROWS, seen_with } from '../kernel/by_version.js';
import type { Judged } from './mutant.js';

/** Tries every other value of every switch in every preset. It takes no copy of the package. */
export function preset_mutants(): Judged[] {
  return ROWS.flatMap((row) => {
    const [rule, what, , see] = row;
    const { values } = SWITCHES.find(({ name }) => name === rule)!;
    return PROFILES.flatMap(({ name: preset, profile }) => {
      const right = see(preset);
      const now = profile[rule];
      return values
        .filter((value) => value !== String(now))
        .map((value) => ({
          rule,
          change: `${preset}: ${now} → ${value}`,
          noticed:
            seen_with(row, preset, typed(value, now)) === right
              ? null
              : `test/kernel/by_version.test.ts: ${what}`,
        }));
    });
  });
}

function typed(value: string, now: unknown): unknown {
  if (typeof now === 'boolean') return value === 'true';
  return typeof now === 'number' ? Number(value) : value;
}
