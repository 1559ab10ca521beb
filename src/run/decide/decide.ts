/**
 * One call of out_of_memory() on a machine that stands still: who would be killed now, under a kernel
 * and a policy. The same code runs as in a simulation; only its waits are skipped.
 */

import type { Kernel } from '../../kernel/kernel.js';
import { GFP_HIGHUSER_MOVABLE, GFP_KERNEL } from '../../kernel/mm/gfp.js';
import type { OomRequest } from '../../kernel/mm/oom_control.js';
import { out_of_memory } from '../../kernel/mm/oom_kill.js';
import type { Task } from '../../kernel/sched/task.js';
import type { Candidate, TraceFields } from '../../kernel/trace.js';
import { InputError } from '../../workload/problems.js';
import type { Workload } from '../../workload/types.js';
import { type BootOptions, boot, type System } from '../boot.js';

/** The OOM to decide: who asks, and where. */
export interface Situation {
  /** Path of the memcg at its limit; null: the whole machine is out of memory. */
  readonly memcg: string | null;
  /** pid of the task that asks; null: none of those listed. */
  readonly triggerPid: number | null;
  /** Play to here first, ns; null: processes have their memory at the start. */
  readonly atNs: number | null;
}

export interface DecidedVictim {
  readonly pid: number;
  readonly comm: string;
  readonly cgroup: string;
  /** Pages that only this process has: what its death gives back. */
  readonly freedPages: number;
  readonly reason: string;
}

export interface Verdict {
  readonly kernel: string;
  readonly policy: string;
  readonly victims: readonly DecidedVictim[];
  /** What out_of_memory() returns; null after a panic. */
  readonly returns: boolean | null;
  readonly why: string;
  /** What a policy file did wrong. */
  readonly problems: readonly string[];
  readonly totalPages: number;
  readonly constraint: string;
  /** Everybody in the domain, best first. */
  readonly candidates: readonly Candidate[];
  /** What the policy compares before any task; none for the process scan. */
  readonly memcgCandidates: readonly Candidate[];
  /** Pages that the memcg could still take before its limit; null for the whole machine. */
  readonly roomPages: number | null;
}

/** Waits that one call may ask for before it is taken to hang. */
const STEPS_MAX = 1_000_000;

/**
 * Decides a situation once.
 * @throws InputError for an unknown kernel, policy, switch or memcg
 */
export function decide(
  workload: Workload,
  situation: Situation,
  options: Pick<BootOptions, 'kernel' | 'policy' | 'switches'>,
): Verdict {
  const system = boot(situation.atNs === null ? standing_still(workload) : workload, {
    ...options,
    seed: workload.seed,
    run: 1,
    queue: 'heap',
    check: false,
  });
  settle(system, situation.atNs);
  const k = system.kernel;
  const victims: DecidedVictim[] = [];
  let selection: TraceFields['oomsim:oom_select'] | null = null;
  let candidates: readonly Candidate[] = [];
  let memcgCandidates: readonly Candidate[] = [];
  let result: TraceFields['oomsim:out_of_memory'] | null = null;
  const problems = policy_problems(k);
  k.trace.subscribe(
    ['oomsim:oom_kill', 'oomsim:oom_select', 'oomsim:out_of_memory'],
    (name, _context, fields) => {
      if (name === 'oomsim:oom_kill') {
        const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
        if (!kill.repeat) victims.push(victim_of(kill));
      } else if (name === 'oomsim:oom_select') {
        selection = fields as unknown as TraceFields['oomsim:oom_select'];
        candidates = selection.candidates().filter(isOfInterest);
        memcgCandidates = selection.memcg_candidates();
      } else result = fields as unknown as TraceFields['oomsim:out_of_memory'];
    },
  );
  const roomPages = room_of(k, situation);
  call(k, situation);
  const seen = selection as TraceFields['oomsim:oom_select'] | null;
  const returned = result as TraceFields['oomsim:out_of_memory'] | null;
  return {
    kernel: system.kernelName,
    policy: system.policyName,
    victims,
    returns: returned?.ret ?? null,
    why: k.panicked === null ? (returned?.why ?? '') : `panic: ${k.panicked}`,
    problems,
    totalPages: seen?.totalpages ?? 0,
    constraint: seen?.constraint ?? 'CONSTRAINT_NONE',
    candidates,
    memcgCandidates,
    roomPages,
  };
}

/** What the memcg at its limit could still be charged: nothing, unless the limit was changed. */
function room_of(k: Kernel, { memcg }: Situation): number | null {
  const at = memcg === null ? undefined : k.cgroups.get(memcg)?.memcg;
  if (at === undefined) return null;
  return Math.max(0, at.memory.max - at.memory.usage);
}

/** Kernel threads are not, nor is the model's own init, which has no memory. */
function isOfInterest(c: Candidate): boolean {
  return c.why !== 'kernel thread' && !(c.why === 'init' && c.rssPages + c.swapPages === 0);
}

/** Collects what a policy file does wrong from now on. */
function policy_problems(k: Kernel): readonly string[] {
  const problems: string[] = [];
  k.trace.subscribe(['oomsim:oom_policy'], (_name, _context, fields) => {
    const { handler, problem } = fields as unknown as TraceFields['oomsim:oom_policy'];
    if (problem !== '') problems.push(`handler ${handler} went wrong: ${problem}`);
  });
  return problems;
}

/** The workload as it is at the start, with nobody doing anything. */
function standing_still(workload: Workload): Workload {
  const processes = workload.processes.map((process) => ({
    ...process,
    program: [{ op: 'hold' as const, duration: null }],
  }));
  return { ...workload, processes, killers: [], events: [] };
}

/** Lets the processes take their places; they do nothing else when no time is to pass. */
function settle(system: System, atNs: number | null): void {
  if (atNs !== null) {
    system.advance(atNs);
    return;
  }
  while (system.host.pending > 0 && system.advance(Number.POSITIVE_INFINITY, 1) === 'budget');
  while (!system.host.quiet() && system.advance(Number.POSITIVE_INFINITY, 1) === 'budget');
}

/** Runs out_of_memory() to its end; sleeps take no time, since nobody else runs. */
function call(k: Kernel, situation: Situation): void {
  const request = request_of(k, situation);
  const trigger = trigger_of(k, situation.triggerPid);
  k.sched.current = trigger;
  const flow = out_of_memory(k, trigger, request);
  for (let step = 0; step < STEPS_MAX && k.panicked === null; step++) {
    if (flow.next().done) break;
  }
  k.sched.current = null;
}

function request_of(k: Kernel, { memcg }: Situation): OomRequest {
  const base = { order: 0, nodemask: null, node: 0 };
  if (memcg === null) {
    return { ...base, memcg: null, gfp: GFP_HIGHUSER_MOVABLE, trigger: 'what-if' };
  }
  const cgroup = k.cgroups.get(memcg);
  if (cgroup === undefined) throw new InputError(`no cgroup ${memcg} in the workload`);
  return { ...base, memcg: cgroup.memcg, gfp: GFP_KERNEL, trigger: 'memcg' };
}

/** The task that asks; somebody outside, who cannot be a victim, where it is not known. */
function trigger_of(k: Kernel, pid: number | null): Task {
  for (const leader of k.processes) {
    for (const thread of leader.signal.threads) if (thread.pid === pid) return thread;
  }
  return k.reaper.thread!;
}

function victim_of(kill: TraceFields['oomsim:oom_kill']): DecidedVictim {
  return {
    pid: kill.pid,
    comm: kill.comm,
    cgroup: kill.cgroup,
    freedPages: kill.anon + kill.swap + kill.pgtables,
    reason: kill.reason,
  };
}
