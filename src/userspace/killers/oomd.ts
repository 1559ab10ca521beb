/** oomd (facebookincubator/oomd: engine/Ruleset.cpp, plugins/BaseKillPlugin.cpp and its heirs). */
import type { Flow } from '../../engine/coroutine.js';
import type { Task } from '../../kernel/sched/task.js';
import type { OomdAction, OomdRuleset, OomdSpec } from '../../workload/types.js';
import type { Host } from '../host.js';
import { nanosleep } from '../sleep.js';
import { exists, is_populated } from './cgroup_files.js';
import { Killer } from './killer.js';
import { type OomdCgroup, OomdCgroups } from './oomd_cgroups.js';
import { Detector } from './oomd_detectors.js';
import { read_files } from './proc.js';

interface Ruleset {
  readonly spec: OomdRuleset;
  readonly groups: readonly (readonly Detector[])[];
  paused_until_ns: number;
}

/** A candidate with what it is ranked by: the first number that differs decides. */
interface Ranked {
  readonly candidate: OomdCgroup;
  readonly rank: readonly number[];
  readonly points: number;
  readonly why: string;
}

type SizeOrGrowth = Extract<OomdAction, { name: 'kill_by_memory_size_or_growth' }>;

export class Oomd extends Killer {
  readonly #cgroups: OomdCgroups;
  readonly #rulesets: readonly Ruleset[];
  #next_ns = 0;

  constructor(
    host: Host,
    private readonly spec: OomdSpec,
  ) {
    super('oomd', host, spec.anonPages, false);
    this.#cgroups = new OomdCgroups(host.k);
    const detector = (d: OomdRuleset['detectors'][number][number]) =>
      new Detector(host.k, this.#cgroups, d);
    this.#rulesets = spec.rulesets.map((ruleset) => ({
      spec: ruleset,
      groups: ruleset.detectors.map((group) => group.map(detector)),
      paused_until_ns: 0,
    }));
  }

  protected override *poll(t: Task): Flow {
    this.#next_ns = this.k.sim.nowNs + this.spec.intervalNs;
    this.#cgroups.refresh();
    yield* this.#prerun(t);
    for (const ruleset of this.#rulesets) {
      if (t.sigkill_pending) return;
      yield* this.#run_ruleset(t, ruleset);
    }
    yield* nanosleep(this.k, t, this.#next_ns - this.k.sim.nowNs);
  }

  /** Moving averages go on while nothing is to be killed. */
  *#prerun(t: Task): Flow {
    for (const { spec } of this.#rulesets) {
      for (const action of spec.actions) {
        if (action.name !== 'kill_by_memory_size_or_growth') continue;
        for (const c of yield* this.#cgroups.matching(t, action.cgroup)) this.#cgroups.growth(c);
      }
    }
  }

  *#run_ruleset(t: Task, ruleset: Ruleset): Flow {
    let triggered = false;
    // All of them run, so that each sees every interval.
    for (const group of ruleset.groups) {
      let all = true;
      for (const detector of group) all = (yield* detector.run(t)) && all;
      triggered ||= all;
    }
    if (!triggered || this.k.sim.nowNs < ruleset.paused_until_ns) return;
    for (const action of ruleset.spec.actions) {
      const candidates = yield* this.#cgroups.matching(t, action.cgroup);
      if (!(yield* this.#kill_one(t, ruleset, action, candidates))) continue;
      ruleset.paused_until_ns = this.k.sim.nowNs + action.postActionDelayNs;
      return;
    }
  }

  /** The best that can be killed; where it may, it looks among the children of the best first. */
  *#kill_one(
    t: Task,
    ruleset: Ruleset,
    action: OomdAction,
    candidates: readonly OomdCgroup[],
  ): Flow<boolean> {
    for (const { candidate, points, why } of yield* this.#rank(t, action, candidates)) {
      const { cgroup } = candidate;
      if (action.recursive && !cgroup.memcg.oom_group && cgroup.children.length > 0) {
        yield read_files(this.k, t, 1);
        const children = yield* this.#cgroups.all(t, cgroup.children);
        if (yield* this.#kill_one(t, ruleset, action, children)) return true;
        continue;
      }
      if (!exists(this.k, cgroup) || !is_populated(this.k, cgroup) || candidate.anon === 0)
        continue;
      const killed = yield* this.kill_cgroup(t, cgroup, {
        points,
        reason: `${ruleset.spec.name}: ${cgroup.path} ${why}`,
        memcg: '',
        group: true,
      });
      if (killed > 0) return true;
    }
    return false;
  }

  /** Best first. Preference comes before everything else; equals stay as they were created. */
  *#rank(t: Task, action: OomdAction, candidates: readonly OomdCgroup[]): Flow<Ranked[]> {
    const ranked = yield* this.#rank_by(t, action, candidates);
    const preference = ({ candidate }: Ranked): number => {
      const { path } = candidate.cgroup;
      if (this.spec.prefer.includes(path)) return 1;
      return this.spec.avoid.includes(path) ? -1 : 0;
    };
    return ranked.sort((a, b) => preference(b) - preference(a) || compare(b.rank, a.rank));
  }

  *#rank_by(t: Task, action: OomdAction, candidates: readonly OomdCgroup[]): Flow<Ranked[]> {
    switch (action.name) {
      case 'kill_by_memory_size_or_growth':
        return yield* this.#rank_by_size_or_growth(t, action, candidates);
      case 'kill_by_swap_usage':
        return candidates
          .filter(({ swap }) => swap * 4096 >= action.thresholdBytes)
          .map((candidate) => ranked_by(candidate, candidate.swap, 'uses most swap'));
      case 'kill_by_pressure':
        return candidates.map((candidate) => {
          const pressure = candidate.avg10 + candidate.avg60;
          return ranked_by(candidate, Math.floor(pressure / 2), 'is under most pressure');
        });
    }
  }

  /** First those with a large share of all; then, among the largest, by growth; then by size. */
  *#rank_by_size_or_growth(
    t: Task,
    action: SizeOrGrowth,
    candidates: readonly OomdCgroup[],
  ): Flow<Ranked[]> {
    if (candidates.length === 0) return [];
    const total = candidates.reduce((sum, { current }) => sum + current, 0);
    const size_threshold = (total * action.sizeThreshold) / 100;
    const effective = new Map<OomdCgroup, number>();
    for (const c of candidates) effective.set(c, yield* this.#cgroups.effective_usage(t, c));
    const share = (candidates.length * (100 - action.growingSizePercentile)) / 100;
    const nth = Math.max(0, Math.ceil(share) - 1);
    const by_size = [...effective.values()].sort((a, b) => b - a);
    const grown_min = by_size[nth]!;
    return candidates.map((candidate): Ranked => {
      const usage = effective.get(candidate)!;
      const growth = this.#cgroups.growth(candidate);
      const large = candidate.current >= size_threshold;
      const growing = growth >= action.minGrowthRatio && usage >= grown_min;
      const rank = [large ? usage : 0, growing ? growth : 0, usage];
      let why = 'is the largest';
      if (large) why = `has more than ${action.sizeThreshold}% of all`;
      else if (growing) why = `grows: ${growth.toFixed(2)} times its average`;
      return { candidate, rank, points: usage, why };
    });
  }
}

function ranked_by(candidate: OomdCgroup, points: number, why: string): Ranked {
  return { candidate, rank: [points], points, why };
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!;
  return 0;
}
