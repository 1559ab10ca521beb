import { join } from 'node:path';
import type { TraceFields } from '../kernel/trace.js';
import { runFolderName } from '../record/run_folder.js';
import { defaultSampleIntervalNs } from '../record/samples_csv.js';
import { asKill } from '../record/userspace_kill.js';
import { drive, type RunObserver } from './drive.js';
import { identityOf, RUN_DEFAULT, type RunChoices, type WorkloadSource } from './identity.js';
import type { ObservedSystem } from './observed_system.js';
import { Recording } from './recording.js';
import { type KillResult, killResult, type PolicyProblem, type RunResult } from './result.js';
import { formatToken, type RunIdentity } from './token.js';

export interface PlayOptions {
  /** The folder in which the run folder is made; null or absent writes nothing. */
  readonly outDir?: string | null;
  /** Overwrites a run folder whatever it holds. */
  readonly force?: boolean;
  /** Simulated ns between two samples; a 500th of the run when absent. */
  readonly sampleIntervalNs?: number;
  /** Writes all that the dashboard shows into the run folder, too. */
  readonly record?: boolean;
  /** Ends the run early, with all files completed. */
  readonly signal?: AbortSignal;
  /** Observers get to see the system after so many events, whatever else they get to see. */
  readonly pauseAtEvents?: number;
}

/** Plays a booted system to its end and records it. @throws OutputError */
export async function play(
  system: ObservedSystem,
  source: WorkloadSource,
  choices: RunChoices,
  options: PlayOptions = {},
  observers: readonly RunObserver[] = [],
): Promise<RunResult> {
  const identity = identityOf(source, choices);
  const { sampleIntervalNs = defaultSampleIntervalNs(system.workload.untilNs) } = options;
  const recording = record(system, source, identity, choices, { ...options, sampleIntervalNs });
  const kills = collectKills(system);
  const policyProblems = collectPolicyProblems(system);
  try {
    const ended = await drive(system, {
      sampleIntervalNs,
      observers: recording === null ? observers : [recording, ...observers],
      signal: options.signal,
      pauseAtEvents: options.pauseAtEvents,
    });
    const result = resultOf(system, identity, { kills, policyProblems }, recording);
    recording?.finish(ended === 'ended' ? 'finished' : 'interrupted', result);
    return result;
  } catch (error) {
    recording?.abandon();
    throw error;
  }
}

function record(
  system: ObservedSystem,
  source: WorkloadSource,
  identity: RunIdentity,
  { policy }: RunChoices,
  {
    outDir = null,
    force = false,
    record: frames = false,
    sampleIntervalNs,
  }: PlayOptions & { sampleIntervalNs: number },
): Recording | null {
  if (outDir === null) return null;
  const name = runFolderName({
    name: system.workload.name,
    kernel: system.kernelName,
    policy: system.policyName,
    seed: identity.run === RUN_DEFAULT ? identity.seed : `${identity.seed}.${identity.run}`,
  });
  const dir = join(outDir, name);
  const policyFile = typeof policy === 'object' ? policy : null;
  return new Recording(system, {
    dir,
    identity,
    source,
    force,
    sampleIntervalNs,
    policyFile,
    frames,
  });
}

function collectKills(system: ObservedSystem): readonly KillResult[] {
  const kills: KillResult[] = [];
  const shot = new Set<number>(); // pids that a userspace killer was first to shoot at
  system.trace.subscribe(['oomsim:oom_kill'], (_name, { timeNs }, fields) => {
    const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
    if (!kill.repeat && !shot.has(kill.pid)) kills.push(killResult(timeNs, kill));
  });
  system.trace.subscribe(['oomsim:userspace_kill'], (_name, { timeNs }, fields) => {
    const kill = asKill(fields as unknown as TraceFields['oomsim:userspace_kill']);
    if (kill === null) return;
    shot.add(kill.pid);
    kills.push(killResult(timeNs, kill, kill.policy));
  });
  return kills;
}

/** What a policy file did wrong: each thing once, however often it happened. */
function collectPolicyProblems(system: ObservedSystem): readonly PolicyProblem[] {
  const problems: { -readonly [K in keyof PolicyProblem]: PolicyProblem[K] }[] = [];
  system.trace.subscribe(['oomsim:oom_policy'], (_name, { timeNs }, fields) => {
    const { policy, handler, problem } = fields as unknown as TraceFields['oomsim:oom_policy'];
    if (problem === '') return;
    const known = problems.find((p) => p.problem === problem && p.handler === handler);
    if (known !== undefined) known.times++;
    else if (problems.length < POLICY_PROBLEMS_MAX) {
      problems.push({ timeNs, policy, handler, problem, times: 1 });
    }
  });
  return problems;
}

/** All of them are in kernel.log. */
const POLICY_PROBLEMS_MAX = 20;

function resultOf(
  system: ObservedSystem,
  identity: RunIdentity,
  { kills, policyProblems }: Pick<RunResult, 'kills' | 'policyProblems'>,
  recording: Recording | null,
): RunResult {
  const { letters: ingredients, events } = system.fingerprint;
  const fingerprint = system.fingerprint.digest();
  const partial = system.endedBy === null;
  return {
    token: formatToken({ identity, outcome: { fingerprint, ingredients, events, partial } }),
    fingerprint: `${fingerprint}/${ingredients}`,
    name: system.workload.name,
    kernel: system.kernelName,
    policy: system.policyName,
    seed: identity.seed,
    run: identity.run,
    endedBy: system.endedBy ?? 'interrupted',
    simulatedNs: system.nowNs,
    events: system.events,
    kills,
    policyProblems,
    allocFailures: system.allocFailures,
    refused: [...system.refused],
    panic: system.panic,
    outDir: recording?.dir ?? null,
    files: recording?.files ?? [],
  };
}
