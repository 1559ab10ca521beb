/** `oomsim decide FILE`: no time passes; who would be killed now, under each policy, and why. */
import {
  importObstacle,
  type Judgement,
  judgeReport,
  type OomReport,
  reportToWorkload,
} from '../import/dmesg/index.js';
import { POLICIES } from '../kernel/policy/index.js';
import { decide, type Situation, type Verdict } from '../run/decide/decide.js';
import { loadWorkload, shippedWorkloads } from '../workload/load.js';
import { parseWorkload } from '../workload/parse.js';
import { InputError, printable } from '../workload/problems.js';
import type { Workload } from '../workload/types.js';
import { workloadToYaml } from '../workload/write.js';
import { choosePolicy } from './choose_policy.js';
import { decisionJson, decisionText } from './decide_text.js';
import { EXIT } from './exit_codes.js';
import type { Switches } from './options.js';
import { printJson, printResult } from './output.js';
import { chooseReport, readReports } from './reports.js';

export interface DecideFlags {
  readonly kernel?: string;
  /** Names and files; absent: all that are built in. */
  readonly policy?: readonly string[];
  readonly set?: Switches;
  /** Which report of a log, from 1. */
  readonly event?: number;
  /** Play a workload to here first, ns. */
  readonly at?: number;
  /** Path of the memcg at its limit. */
  readonly memcg?: string;
  readonly json?: boolean;
}

/** What was decided, and what a real kernel did, where it is known. */
export interface Decision {
  readonly source: string;
  readonly judgement: Judgement | null;
  readonly verdicts: readonly Verdict[];
}

interface Input {
  /** null: a report that says too little to play. */
  readonly workload: Workload | null;
  readonly situation: Situation;
  readonly judgement: Judgement | null;
  readonly source: string;
}

/** @returns the exit code */
export async function runDecide(file: string, flags: DecideFlags): Promise<number> {
  const input = looksLikeWorkload(file) ? fromWorkload(file, flags) : await fromLog(file, flags);
  const { source, judgement } = input;
  const decision: Decision = { source, judgement, verdicts: await verdictsOn(input, flags) };
  if (flags.json) printJson(decisionJson(decision));
  else printResult(decisionText(decision));
  notePolicyProblems(decision);
  return EXIT.ok;
}

function notePolicyProblems({ verdicts }: Decision): void {
  for (const { policy, problems } of verdicts) {
    for (const problem of problems) {
      process.stderr.write(`oomsim: policy ${policy}: ${problem}\n`);
    }
  }
}

/** The verdict of each policy, or of those asked for. */
async function verdictsOn({ workload, situation }: Input, flags: DecideFlags): Promise<Verdict[]> {
  const asked = flags.policy ?? POLICIES.map((p) => p.name);
  const policies = await Promise.all(asked.map((policy) => choosePolicy(policy)));
  if (workload === null) return [];
  const kernel = flags.kernel ?? workload.kernel;
  const switches = flags.set ?? {};
  return policies.map((policy) => decide(workload, situation, { policy, kernel, switches }));
}

const looksLikeWorkload = (file: string): boolean =>
  /\.(ya?ml|json)$/i.test(file) || shippedWorkloads().includes(file);

function fromWorkload(file: string, flags: DecideFlags): Input {
  const { workload } = loadWorkload(file);
  const placed = workload.processes.some((process) => process.memory !== null);
  if (!placed && flags.at === undefined) {
    throw new InputError(
      `${printable(file)}: no process has memory at the start (memory: …); ` +
        'use --at TIME to play it to a moment first',
    );
  }
  const atNs = flags.at ?? null;
  const situation = { memcg: flags.memcg ?? null, triggerPid: null, atNs };
  return { workload, situation, judgement: null, source: file };
}

async function fromLog(file: string, flags: DecideFlags): Promise<Input> {
  const { report } = chooseReport(await readReports(file), file, flags.event);
  const judgement = judgeReport(report);
  const nowhere = { memcg: null, triggerPid: null, atNs: null };
  if (importObstacle(report) !== null) {
    return { workload: null, situation: nowhere, judgement, source: file };
  }
  const imported = reportToWorkload(report, { source: file, judgement });
  const workload = parseWorkload(workloadToYaml(imported.file), file);
  const memcg = flags.memcg ?? oomMemcg(report, workload);
  // With vm.oom_kill_allocating_task the victim is whoever asked, even if the report does not say so.
  const asked = workload.sysctl.oomKillAllocatingTask ? (judgement.selected?.pid ?? null) : null;
  const triggerPid = asked ?? report.trigger?.pid ?? null;
  return { workload, situation: { ...nowhere, memcg, triggerPid }, judgement, source: file };
}

/** The cgroup of the workload that stands for the memcg at its limit. */
function oomMemcg(report: OomReport, workload: Workload): string | null {
  if (report.scope !== 'memcg') return null;
  const named = workload.cgroups.find((cgroup) => cgroup.path === (report.memcg?.oomMemcg ?? null));
  const limited = workload.cgroups.find((cgroup) => Number.isFinite(cgroup.memoryMax));
  return (named ?? limited)?.path ?? null;
}
