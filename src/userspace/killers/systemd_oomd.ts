/** systemd-oomd (systemd: src/oom/oomd-manager.c, oomd-util.c). */
import type { Flow } from '../../engine/coroutine.js';
import type { Cgroup } from '../../kernel/cgroup/cgroup.js';
import type { Task } from '../../kernel/sched/task.js';
import type { OomdUnit, SystemdOomdSpec } from '../../workload/types.js';
import type { Host } from '../host.js';
import { nanosleep } from '../sleep.js';
import {
  type CgroupFiles,
  has_memory_files,
  is_populated,
  path_startswith,
  read_cgroup,
} from './cgroup_files.js';
import { Killer, percent_text } from './killer.js';
import { type Meminfo, read_files, read_meminfo } from './proc.js';

const SWAP_INTERVAL_NS = 150_000_000;
const MEM_PRESSURE_INTERVAL_NS = 1_000_000_000;
const RECLAIM_DURATION_NS = 30_000_000_000;
const POST_ACTION_DELAY_NS = 15_000_000_000;
/** Share of all swap that a cgroup must use to be worth killing for it. */
const THRESHOLD_SWAP_USED_PERCENT = 5;
const LONG_AGO = Number.NEGATIVE_INFINITY;

/** What is remembered of a cgroup from one interval to the next (OomdCGroupContext). */
interface Context {
  readonly cgroup: Cgroup;
  readonly files: CgroupFiles;
  readonly last_pgscan: number;
  /** Since when pressure is above the limit; null: it isn't. */
  hit_start_ns: number | null;
  readonly reclaim_ns: number;
}

type Contexts = Map<string, Context>;

function pgscan_rate(context: Pick<Context, 'files' | 'last_pgscan'>): number {
  const { pgscan } = context.files;
  // A counter that went back is that of another cgroup with the same name.
  return context.last_pgscan > pgscan ? pgscan : pgscan - context.last_pgscan;
}

export class SystemdOomd extends Killer {
  readonly #swap_units: readonly OomdUnit[];
  readonly #pressure_units: readonly OomdUnit[];
  readonly #preference: ReadonlyMap<string, OomdUnit['preference']>;
  #next_swap_ns: number;
  #next_pressure_ns: number;
  #monitored: Contexts = new Map();
  #candidates: Contexts = new Map();
  #action_ns = LONG_AGO;

  constructor(
    host: Host,
    private readonly spec: SystemdOomdSpec,
  ) {
    super('systemd-oomd', host, spec.anonPages, false);
    this.#swap_units = spec.units.filter(({ swap }) => swap === 'kill');
    this.#pressure_units = spec.units.filter(({ memoryPressure }) => memoryPressure === 'kill');
    this.#preference = new Map(spec.units.map(({ path, preference }) => [path, preference]));
    this.#next_swap_ns = this.#swap_units.length > 0 ? 0 : Number.POSITIVE_INFINITY;
    this.#next_pressure_ns = 0;
  }

  /** One round of the event loop: the timers that are due, then sleep until the next one. */
  protected override *poll(t: Task): Flow {
    const now_ns = this.k.sim.nowNs;
    if (now_ns >= this.#next_swap_ns) {
      this.#next_swap_ns = now_ns + SWAP_INTERVAL_NS;
      yield* this.#monitor_swap(t);
    }
    if (now_ns >= this.#next_pressure_ns) {
      this.#next_pressure_ns = now_ns + MEM_PRESSURE_INTERVAL_NS;
      yield* this.#monitor_memory_pressure(t, now_ns);
    }
    const next_ns = Math.min(this.#next_swap_ns, this.#next_pressure_ns);
    if (!t.sigkill_pending) yield* nanosleep(this.k, t, next_ns - this.k.sim.nowNs);
  }

  // --- swap -------------------------------------------------------------------------------------

  /** Less than the rest of the limit is available of memory, and less than that is free in swap. */
  low_on_swap(m: Meminfo): boolean {
    const rest = 10_000 - this.spec.swapUsedLimit;
    const below = (left: number, total: number): boolean =>
      left * 4096 < Math.floor((total * 4096 * rest) / 10_000);
    return below(m.MemAvailable, m.MemTotal) && below(m.SwapFree, m.SwapTotal);
  }

  *#monitor_swap(t: Task): Flow {
    const m = yield* read_meminfo(this.k, t);
    if (!this.low_on_swap(m)) return;
    const candidates = yield* this.#acquire_candidates(t, this.#swap_units);
    const threshold = (m.SwapTotal * THRESHOLD_SWAP_USED_PERCENT) / 100;
    const sorted = this.#sort(candidates, '/', (a, b) => b.files.swap - a.files.swap);
    const used = (left: number, total: number): string =>
      percent_text(10_000 - (left * 10_000) / total);
    for (const { cgroup, files } of sorted) {
      if (files.swap <= threshold || !is_populated(this.k, cgroup)) continue;
      const why =
        `memory used ${used(m.MemAvailable, m.MemTotal)} and swap used ` +
        `${used(m.SwapFree, m.SwapTotal)}, above ${percent_text(this.spec.swapUsedLimit)}`;
      yield* this.kill_cgroup(t, cgroup, {
        points: files.swap,
        reason: `${why}: ${cgroup.path} uses most swap`,
        memcg: '',
        group: true,
      });
      return;
    }
  }

  // --- pressure ---------------------------------------------------------------------------------

  *#monitor_memory_pressure(t: Task, now_ns: number): Flow {
    if (this.#pressure_units.length === 0) return;
    const before = this.#candidates;
    this.#candidates = new Map(); // what was known of them is stale unless it is brought up to date
    yield* this.#update_monitored(t);
    // Pressure lags behind: right after a kill it says nothing.
    const in_post_action_delay = this.#action_ns + POST_ACTION_DELAY_NS > now_ns;
    const targets = this.#pressure_above();
    if (targets.length > 0 && !in_post_action_delay) {
      for (const unit of targets) {
        const { reclaim_ns } = this.#monitored.get(unit.path)!;
        // Without reclaim, a kill would free what nobody was after.
        if (this.k.sim.nowNs - reclaim_ns > RECLAIM_DURATION_NS) continue;
        this.#candidates = yield* this.#update_candidates(t, before);
        if (yield* this.#kill_by_pgscan_rate(t, unit)) {
          this.#action_ns = now_ns;
          return;
        }
      }
    } else if ([...this.#monitored.values()].some(({ hit_start_ns }) => hit_start_ns !== null)) {
      this.#candidates = yield* this.#update_candidates(t, before);
    }
  }

  *#update_monitored(t: Task): Flow {
    const fresh: Contexts = new Map();
    for (const { path } of this.#pressure_units) {
      const cgroup = this.k.cgroups.get(path);
      if (cgroup === undefined) continue;
      const context = yield* this.#acquire(t, cgroup, this.#monitored.get(path));
      if (context !== null) fresh.set(path, context);
    }
    this.#monitored = fresh;
  }

  /** Units whose pressure has been above their limit for long enough. */
  #pressure_above(): OomdUnit[] {
    const now_ns = this.k.sim.nowNs;
    return this.#pressure_units.filter(({ path, limit, durationNs }) => {
      const context = this.#monitored.get(path);
      if (context === undefined) return false;
      if (context.files.avg10 <= limit) {
        context.hit_start_ns = null;
        return false;
      }
      context.hit_start_ns ??= now_ns;
      return now_ns - context.hit_start_ns >= durationNs;
    });
  }

  *#update_candidates(t: Task, before: Contexts): Flow<Contexts> {
    return yield* this.#acquire_candidates(t, this.#pressure_units, before);
  }

  *#kill_by_pgscan_rate(t: Task, unit: OomdUnit): Flow<boolean> {
    const { avg10 } = this.#monitored.get(unit.path)!.files;
    const sorted = this.#sort(
      this.#candidates,
      unit.path,
      (a, b) => pgscan_rate(b) - pgscan_rate(a) || b.files.current - a.files.current,
    );
    for (const candidate of sorted) {
      const { cgroup, files } = candidate;
      // No reclaim and no memory: killing it would not help. Those to avoid may still come.
      if ((files.pgscan === 0 && files.current === 0) || !is_populated(this.k, cgroup)) continue;
      const killed = yield* this.kill_cgroup(t, cgroup, {
        points: pgscan_rate(candidate),
        reason:
          `memory pressure ${percent_text(avg10)}, above ${percent_text(unit.limit)} for ` +
          `${unit.durationNs / 1e9} s: ${cgroup.path} is scanned most`,
        memcg: unit.path,
        group: true,
      });
      if (killed > 0) return true;
    }
    return false;
  }

  // --- candidates -------------------------------------------------------------------------------

  *#acquire(t: Task, cgroup: Cgroup, old: Context | undefined): Flow<Context | null> {
    const files = yield* read_cgroup(this.k, t, cgroup);
    if (files === null) return null;
    const last_pgscan = old?.files.pgscan ?? 0;
    const reclaimed = pgscan_rate({ files, last_pgscan }) > 0;
    return {
      cgroup,
      files,
      last_pgscan,
      hit_start_ns: old?.hit_start_ns ?? null,
      reclaim_ns: reclaimed ? this.k.sim.nowNs : (old?.reclaim_ns ?? LONG_AGO),
    };
  }

  /** Leaves, and the topmost with memory.oom.group, below each unit. */
  *#acquire_candidates(
    t: Task,
    units: readonly OomdUnit[],
    before: Contexts = new Map(),
  ): Flow<Contexts> {
    const contexts: Contexts = new Map();
    for (const { path } of units) {
      const root = this.k.cgroups.get(path);
      if (root === undefined) continue;
      for (const cgroup of yield* this.#possible(t, root)) {
        if (contexts.has(cgroup.path)) continue;
        const context = yield* this.#acquire(t, cgroup, before.get(cgroup.path));
        if (context !== null) contexts.set(cgroup.path, context);
      }
    }
    return contexts;
  }

  *#possible(t: Task, cgroup: Cgroup): Flow<Cgroup[]> {
    yield read_files(this.k, t, 1);
    if (cgroup.children.length === 0) return [cgroup];
    const found: Cgroup[] = [];
    for (const child of [...cgroup.children]) {
      yield read_files(this.k, t, 1); // memory.oom.group
      if (!has_memory_files(child)) continue;
      if (child.memcg.oom_group) found.push(child);
      else found.push(...(yield* this.#possible(t, child)));
    }
    return found;
  }

  /** Best first; those to avoid come last, those to omit not at all. Equals: as they were created. */
  #sort(
    contexts: Contexts,
    prefix: string,
    compare: (a: Context, b: Context) => number,
  ): Context[] {
    const preference = ({ cgroup }: Context) => this.#preference.get(cgroup.path) ?? 'none';
    const avoided = (context: Context): number => (preference(context) === 'avoid' ? 1 : 0);
    return [...contexts.values()]
      .filter((c) => path_startswith(c.cgroup.path, prefix) && preference(c) !== 'omit')
      .sort((a, b) => avoided(a) - avoided(b) || compare(a, b));
  }
}
