/** Plays a shipped workload as a user would, and keeps what the tests ask about. */
import type { TraceFields } from '../../src/kernel/trace.js';
import { boot, type System } from '../../src/run/boot.js';
import { loadWorkload } from '../../src/workload/load.js';
import { parseWorkload } from '../../src/workload/parse.js';

export interface PlayChoices {
  readonly policy?: string;
  readonly kernel?: string;
  readonly switches?: Readonly<Record<string, string | number | boolean>>;
  /** What to change in the file first: [what it says, what it is to say], every occurrence. */
  readonly edit?: readonly (readonly [string, string])[];
  /** Check the invariants of the model as it runs: default true. */
  readonly check?: boolean;
}

export interface Victim {
  readonly timeNs: number;
  readonly pid: number;
  readonly process: string;
  readonly points: number;
  readonly reason: string;
}

export class Outcome {
  /** Every process that got its OOM SIGKILL, once, in order. */
  readonly victims: Victim[] = [];
  /** Score of each memcg that the policy compared, and of each process by name: first selection. */
  scores: Record<string, number> = {};
  /** totalpages of every selection. */
  readonly totalpages: number[] = [];
  /** Calls of out_of_memory() by what they returned and why: `false: a victim is in flight`. */
  readonly returns: Record<string, number> = {};
  /** When the reaper began with a victim, and when MMF_OOM_SKIP was set, by pid. */
  readonly reapBegun = new Map<number, number>();
  readonly skipped = new Map<number, { timeNs: number; cause: string }>();
  readonly log: string[] = [];
  /** When a process was gone, by command name; the last one counts. */
  readonly exited = new Map<string, number>();

  constructor(readonly system: System) {}

  /** Names of the victims, in order. */
  get names(): string[] {
    return this.victims.map((victim) => victim.process);
  }

  get allocFailures(): number {
    return this.system.allocFailures;
  }

  /** ns from the first kill to the beginning of its reaping. */
  get killToReapNs(): number {
    const [first] = this.victims;
    if (first === undefined) throw new Error('nobody was killed');
    const begun = this.reapBegun.get(first.pid);
    return begun === undefined ? Number.POSITIVE_INFINITY : begun - first.timeNs;
  }

  usageBytes(cgroup: string): number {
    const found = this.system.cgroups().find(({ path }) => path === cgroup);
    if (found === undefined) throw new Error(`no cgroup ${cgroup}`);
    return found.usagePages * 4096;
  }
}

/** Plays a workload to its end. */
export function playShipped(name: string, choices: PlayChoices = {}): Outcome {
  const { text, path } = loadWorkload(name);
  const workload = parseWorkload(edited(text, choices.edit ?? []), path);
  const { policy, kernel, switches, check = true } = choices;
  const system = boot(workload, {
    seed: workload.seed,
    run: 1,
    queue: 'auto',
    check,
    ...(policy === undefined ? {} : { policy }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(switches === undefined ? {} : { switches }),
  });
  const outcome = new Outcome(system);
  watch(outcome);
  while (system.advance(workload.untilNs) !== 'ended');
  return outcome;
}

function edited(text: string, edits: NonNullable<PlayChoices['edit']>): string {
  let result = text;
  for (const [from, to] of edits) {
    if (!result.includes(from)) throw new Error(`the workload does not say ${from}`);
    result = result.replaceAll(from, to);
  }
  return result;
}

function watch(outcome: Outcome): void {
  const { trace } = outcome.system;
  trace.subscribe(['oomsim:oom_kill'], (_name, { timeNs }, fields) => {
    const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
    if (!kill.repeat) outcome.victims.push({ ...kill, timeNs });
  });
  trace.subscribe(['oomsim:oom_select'], (_name, _context, fields) => {
    const selection = fields as unknown as TraceFields['oomsim:oom_select'];
    outcome.totalpages.push(selection.totalpages);
    if (outcome.totalpages.length > 1) return;
    const compared = selection.memcg_candidates().map((c) => [c.cgroup, c.points]);
    const processes = selection.candidates().map((c) => [c.comm, c.points]);
    outcome.scores = Object.fromEntries([...processes, ...compared]);
  });
  trace.subscribe(['oomsim:out_of_memory'], (_name, _context, fields) => {
    const { ret, why } = fields as unknown as TraceFields['oomsim:out_of_memory'];
    const key = `${ret}: ${why}`;
    outcome.returns[key] = (outcome.returns[key] ?? 0) + 1;
  });
  trace.subscribe(['oom:start_task_reaping'], (_name, { timeNs }, fields) => {
    outcome.reapBegun.set(fields.pid as number, timeNs);
  });
  trace.subscribe(['oomsim:mmf_oom_skip'], (_name, { timeNs }, fields) => {
    const { pid, cause } = fields as unknown as TraceFields['oomsim:mmf_oom_skip'];
    outcome.skipped.set(pid, { timeNs, cause });
  });
  trace.subscribe(['sched:sched_process_exit'], (_name, { timeNs }, fields) => {
    outcome.exited.set(fields.comm as string, timeNs);
  });
  trace.subscribe(['oomsim:printk'], (_name, _context, fields) => {
    outcome.log.push(fields.line as string);
  });
}
