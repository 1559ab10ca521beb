/** oomd's detectors: each remembers from one interval to the next what it needs. */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { Task } from '../../kernel/sched/task.js';
import type { OomdDetector } from '../../workload/types.js';
import type { OomdCgroups } from './oomd_cgroups.js';
import { read_meminfo } from './proc.js';

interface Pressure {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
}

const NO_PRESSURE: Pressure = { avg10: 0, avg60: 0, avg300: 0 };

export class Detector {
  /** Since when the threshold is exceeded; null: it isn't. */
  #hit_ns: number | null = null;
  #last_avg10 = 0;
  #last_pgscan = 0;
  #reclaim_ns = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly k: Kernel,
    private readonly cgroups: OomdCgroups,
    private readonly spec: OomdDetector,
  ) {}

  /** true: CONTINUE, false: STOP. */
  *run(t: Task): Flow<boolean> {
    const { spec } = this;
    switch (spec.name) {
      case 'pressure_above': {
        const { avg10 } = yield* this.#worst_pressure(t, spec.cgroup);
        return this.#lasts(avg10 > spec.threshold, spec.durationNs);
      }
      case 'pressure_rising_beyond': {
        const { avg10, avg60 } = yield* this.#worst_pressure(t, spec.cgroup);
        const falling = avg10 < this.#last_avg10 * spec.fastFallRatio;
        this.#last_avg10 = avg10;
        const lasts = this.#lasts(avg60 > spec.threshold, spec.durationNs);
        return lasts && avg10 > spec.threshold && !falling;
      }
      case 'memory_reclaim':
        return yield* this.#reclaimed(t, spec.cgroup, spec.durationNs);
      case 'swap_free': {
        const { SwapFree, SwapTotal } = yield* read_meminfo(this.k, t);
        return SwapFree * 100 < SwapTotal * spec.thresholdPct;
      }
      case 'memory_above': {
        const read = yield* this.cgroups.matching(t, spec.cgroup);
        const most = Math.max(0, ...read.map(({ current }) => current * 4096));
        return this.#lasts(most > spec.thresholdBytes, spec.durationNs);
      }
    }
  }

  #lasts(hit: boolean, duration_ns: number): boolean {
    const now_ns = this.k.sim.nowNs;
    if (!hit) this.#hit_ns = null;
    else this.#hit_ns ??= now_ns;
    return this.#hit_ns !== null && whole_seconds(now_ns - this.#hit_ns) >= duration_ns;
  }

  /** The cgroup under most pressure, of which the last 10 s count most. */
  *#worst_pressure(t: Task, patterns: readonly string[]): Flow<Pressure> {
    const weight = (p: Pressure): number => p.avg10 * 3 + p.avg60 * 2 + p.avg300;
    let worst = NO_PRESSURE;
    for (const read of yield* this.cgroups.matching(t, patterns)) {
      if (weight(read) > weight(worst)) worst = read;
    }
    return worst;
  }

  *#reclaimed(t: Task, patterns: readonly string[], duration_ns: number): Flow<boolean> {
    const read = yield* this.cgroups.matching(t, patterns);
    const pgscan = read.reduce((sum, cgroup) => sum + cgroup.pgscan, 0);
    const now_ns = this.k.sim.nowNs;
    if (pgscan > this.#last_pgscan) this.#reclaim_ns = now_ns;
    this.#last_pgscan = pgscan;
    return whole_seconds(now_ns - this.#reclaim_ns) <= duration_ns;
  }
}

/** oomd counts time in seconds. */
function whole_seconds(ns: number): number {
  return Math.floor(ns / 1e9) * 1e9;
}
