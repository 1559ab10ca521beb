/**
 * Selection without a scan: scores are kept, and worked out anew only for what has changed since the
 * last selection. Each is computed by the very code of the scan, and the best is looked for in the
 * order of the scan, so that both choose the same; what the scan would have visited is counted, as it
 * is what the selection costs in simulated time. Where a score depends on who asks (a nodemask, a
 * cpuset, sysrq, a memcg at its limit), there is the scan.
 *
 * Whatever a score is made of must call rescore_…() when it changes. Scores that depend on others' state
 * too, of tasks in vfork() and of victims in flight, are worked out at each selection.
 */
import { change_counted } from '../cgroup/cgroup.js';
import { broken } from '../check/broken.js';
import type { Kernel } from '../kernel.js';
import type { Signal } from '../sched/task.js';
import type { MemCgroup } from './mem_cgroup.js';
import type { Mm } from './mm_types.js';
import { INFLIGHT_VICTIM, type OomControl } from './oom_control.js';

/** With fewer processes, which caches hold, a scan takes less than keeping scores or points would. */
export const PROCESSES_MIN = 1000;

/** In the tournament: not a candidate, and a victim in flight, which ends every selection. */
export const NO_CANDIDATE = Number.NEGATIVE_INFINITY;
export const IN_FLIGHT = Number.POSITIVE_INFINITY;

/** Something that has a score. */
export interface Scored<T> {
  /** Where to be listed when the score may have changed; null: is listed, or no score is kept. */
  due: T[] | null;
  /** Its place in the tournament, if that has it there. */
  place: number;
}

function now_due<T extends Pick<Scored<T>, 'due'>>(changed: T, due: T[]): void {
  changed.due = null;
  due.push(changed);
}

// What the score is made of has changed: in the table that the scan reads, at once, and in the index when
// somebody selects. One function for all three, called as often as pages are
// counted, would have to find out each time what it was given: 5 % of a whole run.

export function rescore_mm(mm: Mm): void {
  if (mm.table.in_use) mm.table.update(mm);
  if (mm.due !== null) now_due(mm, mm.due);
}

export function rescore_memcg(memcg: MemCgroup): void {
  if (memcg.due !== null) now_due(memcg, memcg.due);
}

export function rescore_signal(k: Kernel, signal: Signal): void {
  k.processes.update(signal);
  due_again(signal);
}

export function due_again(signal: Signal): void {
  if (signal.due !== null) now_due(signal, signal.due);
}

/** Makes a process a victim, or one more or less gladly (oom_mm, oom_score_adj): its cgroups are, too. */
export function rescore_process(k: Kernel, signal: Signal, change: () => void): void {
  change_counted(signal, change);
  rescore_signal(k, signal);
  for (const thread of signal.threads) rescore_memcg(thread.cgroup.memcg);
}

/** One way to select by kept scores. */
export interface OomIndex {
  /** This selection does not depend on who asks for it. */
  applies(oc: OomControl): boolean;
  select(oc: OomControl): void;
  /** @throws InvariantError if a score is kept that a scan would not find */
  verify(oc: OomControl): void;
}

/** Selects by kept scores if that pays and gives the same; checked runs do both and compare. */
export function select_by(
  k: Kernel,
  oc: OomControl,
  index: OomIndex,
  scan: (k: Kernel, oc: OomControl) => void,
): void {
  if (!(k.checked || k.processes.size >= PROCESSES_MIN) || !index.applies(oc)) {
    scan(k, oc);
    return;
  }
  const scanned = { ...oc };
  index.select(oc);
  if (!k.checked) return;
  scan(k, scanned);
  if (described(oc) !== described(scanned)) {
    broken(`the index selects ${described(oc)}, the scan ${described(scanned)}`);
  }
}

/** With a victim in flight, the points are those of whomever the scan came across before it. */
function described({ chosen_task, chosen_memcg, chosen_points, visited }: OomControl): string {
  const in_flight = chosen_task === INFLIGHT_VICTIM || chosen_memcg === INFLIGHT_VICTIM;
  const task = typeof chosen_task === 'object' ? chosen_task?.pid : chosen_task;
  const memcg = typeof chosen_memcg === 'object' ? chosen_memcg?.path : chosen_memcg;
  const points = in_flight ? '' : `, ${chosen_points} points`;
  return `process ${task}, memcg ${memcg}${points}, having visited ${visited}`;
}
