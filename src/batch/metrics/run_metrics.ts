/** All metrics of one run, from its tracepoints. */
import type { TraceContext, TraceFields, TraceName } from '../../kernel/trace.js';
import { asKill } from '../../record/userspace_kill.js';
import type { ObservedSystem } from '../../run/observed_system.js';
import type { Container } from '../experiment/types.js';
import { Containers } from './containers.js';
import { METRICS, valueColumns } from './definitions.js';
import { Episodes } from './episodes.js';
import { nearestRank } from './fairness.js';
import { Lives } from './lives.js';
import { Stalls } from './stalls.js';
import { Toll } from './toll.js';

const WATCHED: readonly TraceName[] = [
  'sched:sched_process_fork',
  'sched:sched_process_exec',
  'sched:sched_process_exit',
  'vmscan:mm_vmscan_direct_reclaim_begin',
  'vmscan:mm_vmscan_direct_reclaim_end',
  'vmscan:mm_vmscan_memcg_reclaim_begin',
  'vmscan:mm_vmscan_memcg_reclaim_end',
  'oomsim:oom_select',
  'oomsim:oom_kill',
  'oomsim:userspace_kill',
  'oom:finish_task_reaping',
  'oomsim:exit_mmap',
  'oomsim:charge_failure',
];

const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;
const PAGES_PER_MIB = 256;

/** Watches a system from before its first event; `values` ends it. */
export class RunMetrics {
  readonly #system: ObservedSystem;
  readonly #totalPages: number;
  readonly #containers: Containers;
  readonly #lives: Lives;
  readonly #stalls: Stalls;
  readonly #episodes: Episodes;
  readonly #toll: Toll;
  readonly #shot = new Set<number>();
  #workLostNs = 0;
  #repeatKills = 0;
  #chargeFailures = 0;

  constructor(system: ObservedSystem, containers: readonly Container[]) {
    this.#system = system;
    this.#totalPages = system.machine().totalPages;
    this.#containers = new Containers(containers);
    this.#lives = new Lives(containers.length);
    this.#stalls = new Stalls(NS_PER_S / system.workload.machine.hz);
    this.#episodes = new Episodes((memcg) => this.#headroomPages(memcg));
    this.#toll = new Toll(this.#containers);
    system.trace.subscribe(WATCHED, (name, context, fields) => this.#watch(name, context, fields));
  }

  #watch(name: TraceName, context: TraceContext, fields: Record<string, unknown>): void {
    const { timeNs, pid } = context;
    switch (name) {
      case 'vmscan:mm_vmscan_direct_reclaim_begin':
      case 'vmscan:mm_vmscan_memcg_reclaim_begin':
        this.#stalls.begin(pid, timeNs);
        break;
      case 'vmscan:mm_vmscan_direct_reclaim_end':
      case 'vmscan:mm_vmscan_memcg_reclaim_end':
        this.#stalls.end(pid, timeNs);
        break;
      case 'sched:sched_process_fork':
        this.#lives.fork(fields.child_pid as number, timeNs);
        break;
      case 'sched:sched_process_exec': {
        const container = this.#containers.of(context.cgroup);
        this.#lives.exec(fields.pid as number, fields.comm as string, container, timeNs);
        break;
      }
      case 'sched:sched_process_exit':
        this.#stalls.exit(fields.pid as number, timeNs);
        this.#lives.exit(fields.pid as number, timeNs);
        break;
      case 'oomsim:oom_select':
        if (fields.chosen !== 'inflight' && fields.chosen !== 'none') this.#episodes.select(timeNs);
        break;
      case 'oomsim:oom_kill':
        this.#kill(fields as unknown as TraceFields['oomsim:oom_kill'], true, timeNs);
        break;
      case 'oomsim:userspace_kill': {
        const kill = asKill(fields as unknown as TraceFields['oomsim:userspace_kill']);
        if (kill !== null) this.#kill(kill, false, timeNs);
        break;
      }
      case 'oom:finish_task_reaping':
      case 'oomsim:exit_mmap':
        this.#episodes.freed(fields.pid as number, timeNs);
        break;
      case 'oomsim:charge_failure':
        this.#chargeFailures++;
        break;
    }
  }

  /** One process is one kill, however often and by however many it is shot at. */
  #kill(kill: TraceFields['oomsim:oom_kill'], byKernel: boolean, timeNs: number): void {
    if (kill.repeat || this.#shot.has(kill.pid)) return;
    this.#shot.add(kill.pid);
    this.#toll.add(kill, byKernel, {
      cgroups: this.#system.cgroups(),
      tasks: this.#system.tasks(),
      totalPages: this.#totalPages,
    });
    this.#episodes.kill({
      pid: kill.pid,
      memcg: kill.memcg,
      pages: kill.anon + kill.pgtables,
      killNs: timeNs,
    });
    const { startNs, restarted } = this.#lives.kill(kill.pid, timeNs);
    this.#workLostNs += timeNs - startNs;
    if (restarted) this.#repeatKills++;
  }

  #headroomPages(memcg: string): number {
    if (memcg === '') {
      const { zones } = this.#system.machine();
      return zones.reduce((sum, zone) => sum + Math.max(0, zone.freePages - zone.highPages), 0);
    }
    const found = this.#system.cgroups().find(({ path }) => path === memcg);
    if (found === undefined || !Number.isFinite(found.maxPages)) return 0;
    return Math.max(0, found.maxPages - found.usagePages);
  }

  /**
   * The values in the order of valueColumns(); NaN where a metric has none.
   * To be called once, when the run is over.
   */
  values(): Float64Array {
    const { nowNs, workload, panic } = this.#system;
    this.#episodes.finish(nowNs);
    if (panic !== null) this.#lives.panic(nowNs);
    const endNs = Math.max(nowNs, workload.untilNs);
    const perContainer = this.#containers.names.map((_, index) => this.#ofContainer(index, endNs));
    const perRun = this.#ofRun(mean(perContainer.map(({ availability }) => availability!)));
    const values = [RUN_IDS.map((id) => perRun[id]!)];
    for (const each of perContainer) values.push(CONTAINER_IDS.map((id) => each[id]!));
    return Float64Array.from(values.flat());
  }

  #ofRun(availability: number): Record<string, number> {
    const { nowNs, allocFailures, panic } = this.#system;
    const { kills, kernelKills, pages, smallBias, innocent, regrets, containerRegrets } =
      this.#toll;
    const stallsNs = this.#stalls.finish(nowNs);
    const { reapedNs, collateral, lengthNs } = this.#episodes;
    return {
      kills,
      kernel_kills: kernelKills,
      small_bias: smallBias / kills,
      regret: mean(regrets),
      container_regret: mean(containerRegrets),
      innocent,
      collateral,
      freed_per_kill: pages / PAGES_PER_MIB / kills,
      oom_time: lengthNs / NS_PER_MS,
      stall_p50: nearestRank(stallsNs, 0.5) / NS_PER_MS,
      stall_p95: nearestRank(stallsNs, 0.95) / NS_PER_MS,
      stall_p99: nearestRank(stallsNs, 0.99) / NS_PER_MS,
      stall_total: stallsNs.reduce((sum, ns) => sum + ns, 0) / NS_PER_S,
      alloc_failures: allocFailures + this.#chargeFailures,
      reap_time: mean(reapedNs) / NS_PER_MS,
      reap_time_max: reapedNs.length === 0 ? Number.NaN : Math.max(...reapedNs) / NS_PER_MS,
      work_lost: this.#workLostNs / NS_PER_S,
      repeat_kills: this.#repeatKills,
      availability,
      panic: panic === null ? 0 : 1,
    };
  }

  #ofContainer(index: number, endNs: number): Record<string, number> {
    const { killed, expected, killedPages, first } = this.#toll;
    const { up, whole, broken } = this.#lives.shares(index, endNs);
    return {
      killed: killed[index]!,
      expected: expected[index]!,
      killed_memory: killedPages[index]! / PAGES_PER_MIB,
      first: first === null ? Number.NaN : Number(first === index),
      hit: Number(killed[index]! > 0),
      availability: up,
      whole,
      broken,
    };
  }
}

const RUN_IDS: readonly string[] = valueColumns([]);
const CONTAINER_IDS: readonly string[] = METRICS.filter((m) => m.perContainer && !m.pooled).map(
  ({ id }) => id,
);

/** NaN of nothing; what has no value is left out. */
function mean(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
