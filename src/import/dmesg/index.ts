/** Kernel OOM reports: reading them from logs, judging them, making workloads of them. */
export type { ReportCandidate } from './badness.js';
export { candidateRows } from './candidates.js';
export {
  type ActualTask,
  type Judgement,
  type JudgeOptions,
  judgeReport,
  type Verdict,
} from './judge.js';
export { type LogRecord, RecordAssembler } from './lines.js';
export { linkReports, ReportLinker } from './link.js';
export { parseOomReports, readOomReports } from './read.js';
export type { Reason, ReasonCode } from './reason.js';
export { OomReportParser } from './report.js';
export { type BadnessRules, type ChosenRules, chooseRules, rulesOf } from './rules.js';
export type { ScoreCheck } from './score.js';
export {
  type ImportOptions,
  importObstacle,
  reportToWorkload,
} from './to_workload.js';
export { type TotalPages, totalPagesOf } from './totalpages.js';
export type * from './types.js';
export { type KernelVersion, parseVersion, presetFor } from './version.js';
