/** What userspace killers name must exist: their own cgroup, and those they watch. */

import { type Located, sentence } from './located.js';
import type { KillerSpec } from './types.js';

/** @param unknown makes the problem of a cgroup that the file does not know, or null */
export function checkKillers(
  killers: readonly KillerSpec[],
  unknown: (path: PropertyKey[], cgroup: string) => Located | null,
): Located[] {
  const problems: Located[] = [];
  const firstByKind = new Map<string, number>();
  for (const [index, killer] of killers.entries()) {
    const path = ['killers', index];
    const key = killer.kind;
    const other = firstByKind.get(key);
    if (other === undefined) firstByKind.set(key, index);
    else problems.push(sentence(path, `a second ${key}: killers[${other}] is one already`));
    const problem = unknown([...path, key, 'cgroup'], killer.cgroup);
    if (problem !== null) problems.push(problem);
    if (killer.kind === 'systemd_oomd') {
      for (const unit of killer.units) {
        const missing = unknown([...path, key, 'units', unit.path], unit.path);
        if (missing !== null) problems.push({ ...missing, at: 'key' });
      }
    }
    if (killer.kind === 'oomd') {
      for (const list of ['prefer', 'avoid'] as const) {
        for (const [i, cgroup] of killer[list].entries()) {
          const missing = unknown([...path, key, list, i], cgroup);
          if (missing !== null) problems.push(missing);
        }
      }
    }
  }
  return problems;
}
