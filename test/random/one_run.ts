/** One random workload: parsed as a file would be, played under supervision, then drained. */
import { check_invariants } from '../../src/kernel/check.js';
import type { TraceFields } from '../../src/kernel/trace.js';
import { type BootOptions, boot, type System } from '../../src/run/boot.js';
import { parseWorkload } from '../../src/workload/parse.js';
import type { Workload } from '../../src/workload/types.js';
import { workloadToYaml } from '../../src/workload/write.js';
import { CHAOS, chaos_policy } from './chaos_policy.js';
import { Dice } from './dice.js';
import { boot_slab, type Drained, drain } from './drain.js';
import { random_workload } from './generator.js';

/** A workload that takes more events is cut short: there are others to try. */
const EVENTS_MAX = 300_000;

export interface RandomOptions {
  /** Events between two checks of the invariants; drawn from the seed when absent. */
  readonly check_every?: number | undefined;
  readonly events_max?: number;
}

/** So many events at one instant are a loop that never ends. */
const EVENTS_AT_ONCE_MAX = 100_000;
/** Events between two checks of the invariants: often in some runs, cheaply in others. */
const CHECK_INTERVALS = [20, 50, 100, 300, 1000] as const;

export interface Outcome {
  readonly seed: number;
  readonly events: number;
  readonly kills: number;
  readonly ended: string;
  readonly drained: Drained;
  readonly fingerprint: string;
}

/** Says what is needed to see the failure again: the seed, and the file that it stands for. */
export class RandomFailure extends Error {
  constructor(
    readonly seed: number,
    readonly yaml: string,
    cause: unknown,
  ) {
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`seed ${seed}: ${text}\n\nnpm run random -- --from ${seed} --count 1\n\n${yaml}`, {
      cause,
    });
  }
}

export function random_file(seed: number): { yaml: string; workload: Workload } {
  const yaml = workloadToYaml(random_workload(seed));
  try {
    return { yaml, workload: parseWorkload(yaml, `random-${seed}.yaml`) };
  } catch (error) {
    throw new RandomFailure(seed, yaml, error);
  }
}

export function boot_random(workload: Workload, options: Partial<BootOptions> = {}): System {
  const policy = workload.policy === CHAOS ? chaos_policy : workload.policy;
  const usual = { seed: workload.seed, run: 1, queue: 'auto', check: false } as const;
  return boot(workload, { ...usual, policy, ...options });
}

/** Plays the workload of a seed to its end and beyond. @throws RandomFailure */
export function play_random(seed: number, options: RandomOptions = {}): Outcome {
  const { yaml, workload } = random_file(seed);
  try {
    const dice = new Dice(`${seed}/play`);
    const every = options.check_every ?? dice.of(CHECK_INTERVALS);
    const system = boot_random(workload, { check: true, checkEvery: every });
    const kills = watch(system);
    const slab = boot_slab(system.kernel);
    const ended = play(system, options.events_max ?? EVENTS_MAX);
    if (kills.length !== system.kernel.kills) throw new Error('kills without a tracepoint');
    const drained = drain(system, slab, every);
    const { fingerprint, events } = system;
    return {
      seed,
      events,
      kills: kills.length,
      ended,
      drained,
      fingerprint: fingerprint.toString(),
    };
  } catch (error) {
    throw new RandomFailure(seed, yaml, error);
  }
}

/** Every kill says why, and time goes on. Returns the reasons as they come. */
function watch(system: System): string[] {
  const reasons: string[] = [];
  let last_ns = 0;
  system.trace.subscribe(
    ['oomsim:oom_kill', 'sched:sched_process_exit'],
    (name, context, fields) => {
      if (context.timeNs < last_ns) throw new Error(`time went back to ${context.timeNs} ns`);
      last_ns = context.timeNs;
      if (name !== 'oomsim:oom_kill') return;
      const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
      if (kill.reason === '')
        throw new Error(`${kill.comm} (${kill.pid}) was killed for no reason`);
      reasons.push(kill.reason);
    },
  );
  return reasons;
}

function play(system: System, events_max: number): string {
  const piece = Math.min(events_max, EVENTS_AT_ONCE_MAX);
  for (let last_ns = -1; system.events < events_max; ) {
    if (system.advance(system.workload.untilNs, piece) === 'ended') {
      check_invariants(system.kernel);
      return system.endedBy!;
    }
    if (system.nowNs === last_ns) throw new Error(`hangs at ${last_ns} ns`);
    last_ns = system.nowNs;
  }
  return 'cut short';
}
