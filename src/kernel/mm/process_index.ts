/** The processes by badness: what select_bad_process() finds in the whole system, without its scan. */
import { equal } from '../check/broken.js';
import type { Kernel } from '../kernel.js';
import type { Signal, Task } from '../sched/task.js';
import type { Mm } from './mm_types.js';
import { INFLIGHT_VICTIM, is_memcg_oom, is_sysrq_oom, type OomControl } from './oom_control.js';
import { minds_nodes } from './oom_eligible.js';
import { due_again, IN_FLIGHT, NO_CANDIDATE, type OomIndex } from './oom_index.js';
import { find_lock_task_mm, ineligible, oom_evaluate_task } from './oom_kill.js';
import { Tournament } from './tournament.js';

/** OOM_FLAG_ORIGIN: before everybody else, and the last of them is chosen. */
const ORIGIN = Number.MAX_VALUE;

export class ProcessIndex implements OomIndex {
  /** By place in the process list. null: not in use; made by the next selection. */
  #tournament: Tournament | null = null;
  #totalpages = 0;
  /** ProcessTable.renumbered, of these places. */
  #numbering = -1;
  readonly #due: Signal[] = [];
  readonly #due_mms: Mm[] = [];

  constructor(private readonly k: Kernel) {}

  applies(oc: OomControl): boolean {
    return !is_memcg_oom(oc) && !is_sysrq_oom(oc) && !minds_nodes(this.k, oc);
  }

  /** A process has joined the end of the process list. */
  add(leader: Task): void {
    if (this.#tournament === null) return;
    if (this.#numbering !== this.k.processes.renumbered) this.#drop();
    else this.#due.push(leader.signal);
  }

  /** A process is about to leave the process list. */
  remove({ signal }: Task): void {
    this.#tournament?.set(signal.place, NO_CANDIDATE, 0);
  }

  select(oc: OomControl): void {
    const tournament = this.#up_to_date(oc);
    const { best } = tournament;
    if (best === IN_FLIGHT) {
      oc.chosen_task = INFLIGHT_VICTIM;
      oc.visited += tournament.weight_through(tournament.winner('first'));
      return;
    }
    oc.visited += tournament.total_weight;
    if (best === NO_CANDIDATE) return;
    const last = best === ORIGIN || this.k.profile.tie === 'last';
    oc.chosen_task = this.k.processes.at(tournament.winner(last ? 'last' : 'first'));
    oc.chosen_points = best === ORIGIN ? Number.POSITIVE_INFINITY : best;
  }

  #drop(): void {
    this.#tournament = null;
    this.#due.length = 0;
    this.#due_mms.length = 0;
  }

  #up_to_date(oc: OomControl): Tournament {
    if (this.#tournament === null || this.#totalpages !== oc.totalpages) {
      this.#drop();
      this.#totalpages = oc.totalpages;
      this.#numbering = this.k.processes.renumbered;
      this.#tournament = new Tournament(this.k.processes.places);
      for (const { signal } of this.k.processes) {
        signal.due = null;
        this.#due.push(signal);
      }
    }
    for (const mm of this.#due_mms) for (const user of mm.tasks) due_again(user.signal);
    this.#due_mms.length = 0;
    const due = this.#due;
    const alone: OomControl = { ...oc };
    let kept = 0;
    for (const signal of due) {
      if (signal.place < 0) continue; // gone
      const settled = this.#rank(this.#tournament, signal, alone);
      signal.due = settled ? due : null;
      if (!settled) due[kept++] = signal;
    }
    due.length = kept;
    return this.#tournament;
  }

  /** Returns false if the score depends on more than what calls rescore_…(). */
  #rank(tournament: Tournament, signal: Signal, alone: OomControl): boolean {
    const score = this.#score(signal.leader, alone);
    tournament.set(signal.place, score, 1);
    const p = find_lock_task_mm(signal.leader);
    if (p !== null) p.mm.due = this.#due_mms;
    return score !== IN_FLIGHT && (p === null || p.vfork_done);
  }

  /** What the scan would make of a process if there were no other. */
  #score(leader: Task, alone: OomControl): number {
    alone.chosen_task = null;
    alone.chosen_points = ineligible(this.k);
    if (oom_evaluate_task(this.k, leader, alone)) return IN_FLIGHT;
    return alone.chosen_task === null ? NO_CANDIDATE : Math.min(alone.chosen_points, ORIGIN);
  }

  verify(oc: OomControl): void {
    const tournament = this.#tournament;
    if (tournament === null || this.#totalpages !== oc.totalpages) return;
    const alone: OomControl = { ...oc };
    for (const leader of this.k.processes) {
      const { comm, pid, signal } = leader;
      if (signal.due === null || find_lock_task_mm(leader)?.mm.due === null) continue;
      const kept = tournament.score(signal.place);
      equal(kept, this.#score(leader, alone), () => `badness kept of ${comm} (${pid})`);
    }
  }
}
