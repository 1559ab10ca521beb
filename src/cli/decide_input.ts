/** What `oomsim decide` may be asked about, as a workload that stands still. */
import { importObstacle, type OomReport, reportToWorkload } from '../import/dmesg/index.js';
import { hostToWorkload } from '../import/host/index.js';
import type { ImportedWorkload } from '../import/imported.js';
import type { Situation } from '../run/decide/decide.js';
import { InputError, printable } from '../workload/problems.js';
import type { Workload } from '../workload/types.js';
import { hostSnapshot, sourceText } from './import_host.js';
import { importKubernetes } from './import_kubernetes.js';
import { importedYaml } from './imported_yaml.js';
import { loadSource, STDIN } from './load_source.js';
import { type ChosenReport, chooseReport } from './reports.js';
import { sourceKind } from './source_kind.js';

/** What to decide. */
export interface DecideInput {
  readonly source: string;
  /** null: a report that says too little to ask anything of it. */
  readonly workload: Workload | null;
  readonly situation: Situation;
  /** The report that it was made of. */
  readonly log: ChosenReport | null;
  /** What the source does not say, and what was taken in its place. */
  readonly missing: readonly string[];
  readonly assumed: readonly string[];
}

/** How to read it. */
export interface InputFlags {
  /** Which report of a log, from 1. */
  readonly report?: number;
  /** Play a workload to here first, ns. */
  readonly at?: number;
  /** Path of the memcg at its limit. */
  readonly memcg?: string;
}

/**
 * Reads a workload, a shipped workload, a log with an OOM report, Kubernetes manifests, a machine
 * or a capture of one.
 * @throws InputError if it is none of them
 */
export async function readInput(file: string, flags: InputFlags): Promise<DecideInput> {
  switch (await sourceKind(file)) {
    case 'workload':
    case 'experiment':
      return fromWorkload(file, flags);
    case 'manifests':
      return fromImported(file, await importKubernetes([file], { driver: 'systemd' }), flags);
    case 'host':
      return fromImported(file, hostToWorkload(hostSnapshot(file, false), sourceText(file)), flags);
    default:
      return fromLog(file, flags);
  }
}

async function fromWorkload(file: string, flags: InputFlags): Promise<DecideInput> {
  const source = file === '-' ? STDIN : file;
  const { workload } = await loadSource(file);
  const placed = workload.processes.some((process) => process.memory !== null);
  if (!placed && flags.at === undefined) {
    throw new InputError(
      `${printable(source)}: no process has memory at the start (memory: …); ` +
        'use --at TIME to play it to a moment first',
    );
  }
  return { source, workload, situation: asked(flags), log: null, missing: [], assumed: [] };
}

function fromImported(file: string, made: ImportedWorkload, flags: InputFlags): DecideInput {
  const source = file === '-' ? STDIN : file;
  const { workload } = importedYaml(made, source);
  const { missing, assumed } = made;
  return { source, workload, situation: asked(flags), log: null, missing, assumed };
}

function asked({ memcg, at }: InputFlags): Situation {
  return { memcg: memcg ?? null, triggerPid: null, atNs: at ?? null };
}

async function fromLog(file: string, flags: InputFlags): Promise<DecideInput> {
  const log = await chooseReport(file, flags.report);
  const { report, judgement } = log;
  const source = file === '-' ? STDIN : file;
  const nowhere = { memcg: null, triggerPid: null, atNs: null };
  const obstacle = importObstacle(report);
  if (obstacle !== null) {
    const missing = [obstacle];
    return { source, workload: null, situation: nowhere, log, missing, assumed: [] };
  }
  const made = reportToWorkload(report, { source, judgement });
  const { missing, assumed } = made;
  const { workload } = importedYaml(made, source);
  const memcg = flags.memcg ?? oomMemcg(report, workload);
  // With vm.oom_kill_allocating_task the victim is whoever asked, even if the report does not say so.
  const asked = workload.sysctl.oomKillAllocatingTask ? (judgement.selected?.pid ?? null) : null;
  const triggerPid = asked ?? report.trigger?.pid ?? null;
  return { source, workload, situation: { ...nowhere, memcg, triggerPid }, log, missing, assumed };
}

/** The cgroup of the workload that stands for the memcg at its limit. */
function oomMemcg(report: OomReport, workload: Workload): string | null {
  if (report.scope !== 'memcg') return null;
  const named = workload.cgroups.find((cgroup) => cgroup.path === (report.memcg?.oomMemcg ?? null));
  const limited = workload.cgroups.find((cgroup) => Number.isFinite(cgroup.memoryMax));
  return (named ?? limited)?.path ?? null;
}
