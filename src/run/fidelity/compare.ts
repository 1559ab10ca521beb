/** Whether a simulated outcome is one that the real kernel showed (DESIGN.md 7). */
import type { Outcome, TruthKernel } from './truth.js';

/** Victims in kill order, run-length coded: `["small@/many", 9]`. */
export type Victims = readonly (readonly [string, number])[];

export interface Simulated {
  readonly victims: Victims;
  readonly panic: boolean;
  readonly group_kills: number;
  readonly alloc_failures: number;
}

/** Repeats from this many on need not be exact. */
const LONG_RUN = 4;

/** Empty if it agrees with one of the measured outcomes; otherwise why not with the nearest. */
export function disagreement(measured: TruthKernel, got: Simulated): string {
  let why = 'nothing was measured';
  for (const outcome of measured.outcomes) {
    const reason = differs(outcome, got, measured);
    if (reason === '') return '';
    why = reason;
  }
  return why;
}

function differs(want: Outcome, got: Simulated, measured: TruthKernel): string {
  if (want.panic !== got.panic) return want.panic ? 'no panic' : 'a panic';
  if (want.group_kills > 0 !== got.group_kills > 0) {
    return `${got.group_kills} group kills, ${want.group_kills} measured`;
  }
  const order = measured.stable ? same_order(want.victims, got.victims) : false;
  if (!order && (measured.stable || !same_set(want.victims, got.victims))) return 'other victims';
  if (want.alloc_failures > 0 !== got.alloc_failures > 0) {
    return got.alloc_failures > 0 ? 'allocation failures' : 'no allocation failure';
  }
  return '';
}

const same_name = (a: string, b: string): boolean => {
  if (a === b) return true;
  // The log did not tell the cgroup of that victim.
  const [name_a, cgroup_a] = a.split('@');
  const [name_b, cgroup_b] = b.split('@');
  return name_a === name_b && (cgroup_a === '?' || cgroup_b === '?');
};

function same_order(want: Victims, got: Victims): boolean {
  if (want.length !== got.length) return false;
  return want.every(([name, count], i) => {
    const [other, n] = got[i]!;
    if (!same_name(name, other)) return false;
    const slack = count >= LONG_RUN ? Math.max(1, Math.floor(count / 5)) : 0;
    return Math.abs(n - count) <= slack;
  });
}

/** The same victims in any order, each about as often: within a factor of two. */
function same_set(want: Victims, got: Victims): boolean {
  const wanted = totals(want);
  const found = totals(got);
  if (wanted.size !== found.size) return false;
  for (const [name, count] of wanted) {
    const n = found.get(name) ?? 0;
    if (n * 2 < count || n > count * 2) return false;
  }
  return true;
}

function totals(victims: Victims): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of victims) {
    const key = name.split('@')[0]!;
    sums.set(key, (sums.get(key) ?? 0) + count);
  }
  return sums;
}

/** `big@/few ×2, leak@/a` */
export function victims_text(victims: Victims): string {
  if (victims.length === 0) return 'nobody';
  return victims.map(([name, n]) => (n === 1 ? name : `${name} ×${n}`)).join(', ');
}

/** Run-length codes a list of victims. */
export function run_lengths(names: readonly string[]): Victims {
  const runs: [string, number][] = [];
  for (const name of names) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last[0] === name) last[1]++;
    else runs.push([name, 1]);
  }
  return runs;
}
