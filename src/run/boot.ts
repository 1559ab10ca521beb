/** A machine with a workload on it: built, then advanced. */
import { Fingerprint } from '../engine/fingerprint.js';
import { createQueue, type QueueKind } from '../engine/queue.js';
import { RandomStreams } from '../engine/random.js';
import { Simulation } from '../engine/simulation.js';
import { cgroup_mkdir } from '../kernel/cgroup/cgroupfs.js';
import { check_invariants } from '../kernel/check.js';
import { Kernel } from '../kernel/kernel.js';
import { custom_policy } from '../kernel/policy/custom.js';
import type { OomPolicy } from '../kernel/policy/policy.js';
import { GaugeReader } from '../kernel/read_gauges.js';
import type {
  CgroupSnapshot,
  CgroupStanding,
  Gauges,
  MachineSnapshot,
  TaskSnapshot,
} from '../kernel/snapshot.js';
import { type StateDigest, state_digest } from '../kernel/state_digest.js';
import { snapshot_cgroups, snapshot_machine, snapshot_tasks } from '../kernel/take_snapshot.js';
import { snapshot_standings } from '../kernel/take_standings.js';
import type { Tracepoints } from '../kernel/trace.js';
import { bytes_to_pages } from '../kernel/units.js';
import { Host } from '../userspace/host.js';
import type { Refused } from '../userspace/refused.js';
import type { CgroupSpec, Workload } from '../workload/types.js';
import { place_cache, place_cgroup_memory } from './initial_state.js';
import { kernel_config } from './machine.js';
import type { PolicyFile } from './policy/load.js';

export interface BootOptions {
  readonly seed: string;
  readonly run: number;
  /** `auto`: by the number of tasks that the workload starts. */
  readonly queue: QueueKind | 'auto';
  /** Check the invariants of the model as it runs. */
  readonly check: boolean;
  /** Events between two checks. */
  readonly checkEvery?: number;
  /** What goes into the fingerprint (engine/fingerprint.ts). */
  readonly ingredients?: string;
  /** Where to count the draws of each random stream by its name. */
  readonly drawTally?: Map<string, number>;
  /** A built-in policy by name, or one of the user's own. */
  readonly policy?: string | PolicyFile;
  readonly kernel?: string;
  readonly switches?: Readonly<Record<string, string | number | boolean>>;
}

/** A run in progress. */
export interface System {
  readonly workload: Workload;
  readonly kernelName: string;
  readonly policyName: string;
  /** Subscribe before the first advance(). */
  readonly trace: Tracepoints;
  readonly fingerprint: Fingerprint;
  readonly nowNs: number;
  readonly events: number;
  readonly endedBy: string | null;
  readonly panic: string | null;
  readonly allocFailures: number;
  /** What the kernel refused to do for the workload, the first of it. */
  readonly refused: readonly Refused[];
  /** The modelled kernel and user space, for tests and tools that look inside. */
  readonly kernel: Kernel;
  readonly host: Host;
  /**
   * Plays to `untilNs` or `maxEvents` more events.
   * @throws Error if `check` is on and an invariant of the model is broken
   */
  advance(untilNs: number, maxEvents?: number): 'budget' | 'until' | 'ended';
  machine(): MachineSnapshot;
  cgroups(): CgroupSnapshot[];
  /** The numbers of machine() and cgroups(), to be read at once: the next call overwrites them. */
  gauges(): Gauges;
  tasks(): TaskSnapshot[];
  /** The state at a glance: equal states have equal digests. */
  digest(): StateDigest;
  /** How each cgroup stands before the OOM killer, in the order of `cgroups()`. */
  standings(): CgroupStanding[];
}

/** Peak number of pending events above which the ladder queue is the faster one (queue.ts). */
const LADDER_FROM_TASKS = 256;
/** All there are. */
const INGREDIENTS = 'tkarv';
/** How often a workload with `quiet` looks whether everybody holds still. */
const QUIET_POLL_NS = 300_000_000;
/** Events between two checks of the invariants, unless asked for otherwise. */
const CHECK_EVERY = 1000;

/**
 * Builds the machine of a workload with its cgroups; processes start as simulated time goes by.
 * @throws InputError for an unknown kernel, policy or switch
 */
export function boot(workload: Workload, options: BootOptions): System {
  const kernelName = options.kernel ?? workload.kernel;
  const streams = new RandomStreams(options.seed, options.run, options.drawTally);
  const policy = policy_of(options.policy ?? workload.policy, streams);
  const config = kernel_config(workload, {
    kernel: kernelName,
    policy,
    switches: { ...workload.switches, ...options.switches },
  });
  const fingerprint = new Fingerprint(options.ingredients ?? INGREDIENTS);
  const sim = new Simulation(
    createQueue(queue_kind(workload, options.queue)),
    (kind, actor) => kernel.dispatch(kind, actor),
    (timeNs, kind, actor, arg) => fingerprint.add(timeNs, kind, actor, arg, streams.draws),
  );
  const kernel: Kernel = new Kernel(sim, config);
  kernel.trace.subscribe(['oomsim:oom_kill', 'oomsim:userspace_kill'], (_name, _context, kill) =>
    fingerprint.addVictim(kill.pid as number),
  );
  kernel.checked = options.check;
  for (const spec of workload.cgroups) make_cgroup(kernel, spec);
  place_cache(kernel, workload.machine.cachePages);
  const host = new Host(kernel, streams);
  note_unknown_knobs(kernel, host, workload);
  host.start(workload);
  return new RunningSystem(
    workload,
    kernelName,
    config.policy.name,
    kernel,
    host,
    fingerprint,
    options.check ? (options.checkEvery ?? CHECK_EVERY) : null,
  );
}

/** A policy of the user's own starts anew for every run, with random numbers of its own. */
function policy_of(policy: string | PolicyFile, streams: RandomStreams): string | OomPolicy {
  if (typeof policy === 'string') return policy;
  const stream = streams.stream('oom_policy');
  const random = Object.freeze({
    below: (n: number) => stream.below(n),
    chance: (permille: number) => stream.chance(permille),
  });
  return custom_policy(policy.start(), random);
}

function queue_kind(workload: Workload, asked: QueueKind | 'auto'): QueueKind {
  if (asked !== 'auto') return asked;
  const tasks = workload.processes.reduce((sum, spec) => sum + spec.count, 0);
  return tasks > LADDER_FROM_TASKS ? 'ladder' : 'heap';
}

function make_cgroup(k: Kernel, spec: CgroupSpec): void {
  const cgroup = spec.path === '/' ? k.root_cgroup : cgroup_mkdir(k, spec.path);
  const { memcg } = cgroup;
  memcg.memory.max = bytes_to_pages(spec.memoryMax);
  memcg.high = bytes_to_pages(spec.memoryHigh);
  memcg.low = bytes_to_pages(spec.memoryLow);
  if (k.profile.memory_min) memcg.min = bytes_to_pages(spec.memoryMin);
  memcg.swap.max = bytes_to_pages(spec.memorySwapMax);
  memcg.oom_group = spec.oomGroup;
  if (spec.oomPolicy !== null) memcg.oom_policy = spec.oomPolicy;
  cgroup.mems_allowed = spec.cpusetMems ?? cgroup.parent?.mems_allowed ?? null;
  if (spec.initial !== null) place_cgroup_memory(k, memcg, spec.initial);
}

/** Knobs that are files of later kernels, or of another policy's patches. */
function note_unknown_knobs(k: Kernel, host: Host, { cgroups }: Workload): void {
  const oom_group = k.profile.oom_group || k.policy.brings_oom_group === true;
  for (const { path, memoryMin, oomGroup } of cgroups) {
    const min = memoryMin > 0 && !k.profile.memory_min;
    host.note_refused(`write ${path}/memory.min`, min ? 'ENOENT' : null);
    host.note_refused(`write ${path}/memory.oom.group`, oomGroup && !oom_group ? 'ENOENT' : null);
  }
}

class RunningSystem implements System {
  endedBy: string | null = null;
  #quiet_since_ns: number | null = null;
  #unchecked = 0;
  readonly #gauges: GaugeReader;

  constructor(
    readonly workload: Workload,
    readonly kernelName: string,
    readonly policyName: string,
    readonly kernel: Kernel,
    readonly host: Host,
    readonly fingerprint: Fingerprint,
    /** Events between two checks of the invariants; null: none. */
    private readonly check_every: number | null,
  ) {
    this.#gauges = new GaugeReader(kernel);
    if (workload.quietNs !== null) this.#watch_for_quiet(workload.quietNs);
  }

  get trace(): Tracepoints {
    return this.kernel.trace;
  }
  get nowNs(): number {
    return this.kernel.sim.nowNs;
  }
  get events(): number {
    return this.kernel.sim.seq;
  }
  get panic(): string | null {
    return this.kernel.panicked;
  }
  get allocFailures(): number {
    return this.kernel.alloc_failures;
  }
  get refused(): readonly Refused[] {
    return this.host.refused;
  }

  advance(untilNs: number, maxEvents = Number.POSITIVE_INFINITY): 'budget' | 'until' | 'ended' {
    if (this.endedBy !== null) return 'ended';
    const end_ns = Math.min(untilNs, this.workload.untilNs);
    const why =
      this.check_every === null
        ? this.kernel.sim.run(end_ns, maxEvents)
        : this.#run_checked(end_ns, maxEvents, this.check_every);
    if (why === 'budget') return 'budget';
    if (this.kernel.panicked !== null) this.endedBy = 'panic';
    else if (why === 'stopped') this.endedBy = 'quiet';
    else if (why === 'empty') this.endedBy = 'idle';
    else if (end_ns >= this.workload.untilNs) this.endedBy = 'until';
    return this.endedBy === null ? 'until' : 'ended';
  }

  /** Runs in small slices with the invariants checked between them. */
  #run_checked(end_ns: number, maxEvents: number, every: number): string {
    for (let left = maxEvents; left > 0; ) {
      const slice = Math.min(left, every - this.#unchecked);
      const before = this.kernel.sim.seq;
      const why = this.kernel.sim.run(end_ns, slice);
      const done = this.kernel.sim.seq - before;
      left -= done;
      this.#unchecked = (this.#unchecked + done) % every;
      if (this.#unchecked === 0 || why !== 'budget') check_invariants(this.kernel);
      if (why !== 'budget') return why;
    }
    return 'budget';
  }

  #watch_for_quiet(quietNs: number): void {
    const k = this.kernel;
    k.defer(k.sim.nowNs + QUIET_POLL_NS, () => {
      if (!this.host.quiet()) this.#quiet_since_ns = null;
      else if (this.#quiet_since_ns === null) this.#quiet_since_ns = k.sim.nowNs;
      else if (k.sim.nowNs - this.#quiet_since_ns >= quietNs) {
        k.sim.stop();
        return;
      }
      this.#watch_for_quiet(quietNs);
    });
  }

  machine(): MachineSnapshot {
    return snapshot_machine(this.kernel);
  }
  cgroups(): CgroupSnapshot[] {
    return snapshot_cgroups(this.kernel);
  }
  gauges(): Gauges {
    return this.#gauges.read();
  }
  tasks(): TaskSnapshot[] {
    return snapshot_tasks(this.kernel);
  }
  digest(): StateDigest {
    return state_digest(this.kernel);
  }
  standings(): CgroupStanding[] {
    return snapshot_standings(this.kernel);
  }
}
