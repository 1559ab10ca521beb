/** Our arithmetic against the kernel's own: /proc/PID/oom_score (fs/proc/base.c proc_oom_score). */
import { rulesOf } from '../dmesg/rules.js';
import { atLeast, parseVersion } from '../dmesg/version.js';
import type { HostSnapshot } from './snapshot.js';

/** How many of the scores that the kernel shows come out the same. */
export interface ScoresChecked {
  readonly same: number;
  readonly of: number;
}

/** Memory moves while one reads; a thousandth more or less says nothing. */
const TOLERANCE = 1;

/** Compares all scores that could be read. */
export function checkScores({ machine, processes }: HostSnapshot): ScoresChecked {
  const version = parseVersion(machine.kernel);
  if (version === null) return { same: 0, of: 0 };
  const page = machine.pageBytes;
  const total = Math.floor(machine.totalBytes / page) + Math.floor(machine.swapBytes / page);
  const { rootBonus } = rulesOf(version);
  let same = 0;
  let of = 0;
  for (const p of processes) {
    if (p.oomScore === null || p.pid === 1 || p.oomScoreAdj === -1000) continue;
    const used = [p.anonBytes, p.fileBytes, p.shmemBytes, p.swapBytes, p.pgtablesBytes];
    let points = used.reduce((sum, bytes) => sum + Math.floor(bytes / page), 0);
    if (rootBonus === 'usage' && p.capSysAdmin) points -= Math.floor((points * 3) / 100);
    points += p.oomScoreAdj * Math.floor(total / 1000);
    const shown = atLeast(version, 5, 9)
      ? Math.trunc(((1000 + Math.trunc((points * 1000) / total)) * 2) / 3)
      : Math.floor((Math.max(1, points) * 1000) / total);
    of++;
    if (Math.abs(shown - p.oomScore) <= TOLERANCE) same++;
  }
  return { same, of };
}
