/**
 * oomsim as a library: parse a workload, run it, or boot it and drive it yourself.
 *
 * ```ts
 * const loaded = loadWorkload('small-vs-large');
 * const result = await runWorkload(loaded, { policy: 'process', seed: '7' });
 * console.log(result.kills.map(({ comm, cgroup }) => `${comm} of ${cgroup}`));
 * ```
 */

export type {
  CgroupStatView,
  CgroupView,
  OomDecision,
  OomHandler,
  OomPolicyModule,
  OomVictims,
  OomView,
  PolicyContext,
  PolicyRandom,
  ProcessView,
  PsiView,
} from './kernel/policy/custom_api.js';
export {
  type CgroupSnapshot,
  COUNT_GAUGES,
  type Gauges,
  MACHINE_COUNT_GAUGES,
  MACHINE_PAGE_GAUGES,
  type MachineSnapshot,
  PAGE_GAUGES,
  type TaskSnapshot,
} from './kernel/snapshot.js';
export {
  type AnyTraceHandler,
  type Candidate,
  TRACE_NAMES,
  type TraceContext,
  type TraceFields,
  type TraceName,
  Tracepoints,
} from './kernel/trace.js';
export { OutputError } from './record/errors.js';
export type { Manifest } from './record/manifest.js';
export { type RecordedRun, readRun } from './record/read_run.js';
export { type BootOptions, boot, type System } from './run/boot.js';
export type { RunObserver } from './run/drive.js';
export type { WorkloadSource } from './run/identity.js';
export { MODEL_VERSION } from './run/model_version.js';
export { loadPolicy, loadPolicyOf, type PolicyFile } from './run/policy/load.js';
export type { KillResult, PolicyProblem, RunResult } from './run/result.js';
export { type RunOptions, runWorkload } from './run/run.js';
export { formatSummary } from './run/summary.js';
export { formatToken, parseToken, type ReproToken } from './run/token.js';
export type { Refused } from './userspace/refused.js';
export { type LoadedWorkload, loadWorkload } from './workload/load.js';
export { parseWorkload } from './workload/parse.js';
export { InputError, type Problem, WorkloadError } from './workload/problems.js';
export type { Workload } from './workload/types.js';
