/** The leaf memcgs by score: what the cgroup policy finds below the root, without its scan. */
import { equal } from '../check/broken.js';
import type { Kernel } from '../kernel.js';
import { memcg_oom_badness, memcg_oom_eligible } from '../policy/cgroup.js';
import { type MemCgroup, memcg_has_children } from './mem_cgroup.js';
import { INFLIGHT_VICTIM, is_memcg_oom, type OomControl } from './oom_control.js';
import { IN_FLIGHT, NO_CANDIDATE, type OomIndex } from './oom_index.js';
import { Tournament } from './tournament.js';

export class MemcgIndex implements OomIndex {
  #tournament = new Tournament(0);
  /** By place, in pre-order: the whole tree as it was at the last selection. */
  #memcgs: readonly MemCgroup[] = [];
  readonly #due: MemCgroup[] = [];

  constructor(private readonly k: Kernel) {}

  applies(oc: OomControl): boolean {
    return !is_memcg_oom(oc) && oc.nodemask === null;
  }

  /** The root must have been scored: it is first, and strictly the greatest score wins. */
  select(oc: OomControl): void {
    const memcgs = this.k.memcg_preorder(this.k.root_mem_cgroup);
    if (memcgs !== this.#memcgs) this.#take_places(memcgs);
    this.#rank_due(oc);
    const tournament = this.#tournament;
    const place = tournament.winner('first');
    if (tournament.best === IN_FLIGHT) {
      oc.chosen_memcg = INFLIGHT_VICTIM;
      oc.visited += tournament.weight_through(place);
      return;
    }
    oc.visited += tournament.total_weight;
    if (tournament.best <= oc.chosen_points) return;
    oc.chosen_memcg = memcgs[place]!;
    oc.chosen_points = tournament.best;
  }

  /** The tree has changed: everybody moves, scores that are known come along. */
  #take_places(memcgs: readonly MemCgroup[]): void {
    const before = this.#tournament;
    const now = new Tournament(memcgs.length);
    this.#due.length = 0;
    for (const [place, memcg] of memcgs.entries()) {
      const leaf = !memcg.is_root && !memcg_has_children(memcg);
      if (leaf && memcg.due !== null) {
        now.set(place, before.score(memcg.place), before.weight(memcg.place));
      } else {
        memcg.due = null;
        if (leaf) this.#due.push(memcg);
      }
      memcg.place = place;
    }
    this.#memcgs = memcgs;
    this.#tournament = now;
  }

  #rank_due(oc: OomControl): void {
    const due = this.#due;
    const alone: OomControl = { ...oc };
    let kept = 0;
    for (const memcg of due) {
      if (this.#memcgs[memcg.place] !== memcg) continue; // gone, and freed what it still had
      alone.visited = 0;
      const score = kept_score(memcg, alone);
      this.#tournament.set(memcg.place, score, alone.visited);
      memcg.due = score === IN_FLIGHT ? null : due;
      if (score === IN_FLIGHT) due[kept++] = memcg;
    }
    due.length = kept;
  }

  verify(oc: OomControl): void {
    for (const memcg of this.k.memcg_preorder(this.k.root_mem_cgroup)) {
      const { due, path, place } = memcg;
      if (due === null || memcg_has_children(memcg)) continue;
      const alone: OomControl = { ...oc, visited: 0 };
      const score = kept_score(memcg, alone);
      equal(this.#tournament.weight(place), alone.visited, () => `tasks in ${path}`);
      equal(this.#tournament.score(place), score, () => `score kept of ${path}`);
    }
  }
}

function kept_score(memcg: MemCgroup, alone: OomControl): number {
  const eligible = memcg_oom_eligible(memcg, alone);
  if (eligible === null) return IN_FLIGHT;
  return (eligible && memcg_oom_badness(memcg, null)) || NO_CANDIDATE;
}
