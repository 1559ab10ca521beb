/** One row of the table as a process of the workload. */
import { pathText } from '../../workload/problems.js';
import type { WorkloadFile } from '../../workload/write.js';
import type { Notes } from '../imported.js';
import { commOf } from '../names.js';
import { memoryOf, type ProcessPages } from '../process_pages.js';
import { adjOf } from './badness.js';
import type { Judgement } from './judge.js';

import type { OomReport, TaskRow } from './types.js';
import { oomCgroup, usablePath } from './workload_cgroups.js';

type ProcessFile = NonNullable<WorkloadFile['processes']>[number];

/** Everything that one process is made from. */
export interface ProcessSource {
  readonly report: OomReport;
  readonly judgement: Judgement;
  readonly row: TaskRow;
  readonly index: number;
  readonly pages: ProcessPages;
  /** What it goes on to allocate; 0: it holds still. */
  readonly growthPages: number;
  readonly notes: Notes;
}

const INIT_ADJ = -1000;
const UID_MAX = 2 ** 32 - 2;
const GROWTH_STEPS = 2000;
const GROWTH_STEP_MIN = 64;

/**
 * The task that asked goes on asking, so that the run plays on from the moment of the report; only
 * after everything is in its place, so that what is decided at the start is decided as it was.
 */
function askingProgram(growthPages: number): ProcessFile['program'] {
  const step = Math.max(GROWTH_STEP_MIN, Math.ceil(growthPages / GROWTH_STEPS));
  return [
    { sleep: '1s' },
    { anon: `${growthPages} pages`, step: `${step} pages`, every: '1ms' },
    'hold',
  ];
}

/** The process of one row. */
export function importProcess(source: ProcessSource): ProcessFile {
  const { report, row, pages, growthPages } = source;
  const comm = commOf(row.comm);
  const bonus = mayHaveBonus(source);
  comment(source);
  return {
    name: `${comm}-${row.pid}`,
    comm,
    pid: row.pid,
    uid: Math.max(0, Math.min(UID_MAX, row.uid)),
    // What the kernel never kills, the model must not either.
    oom_score_adj: row.tgid === 1 ? INIT_ADJ : adjOf(row),
    ...cgroupOf(report, row),
    ...(bonus ? { cap_sys_admin: true } : {}),
    memory: memoryOf(pages),
    program: growthPages > 0 ? askingProgram(growthPages) : ['hold'],
  };
}

/**
 * Only the victim's cgroup is printed. In a memcg report the others are in it or beside it, below the
 * limited one: all are put in the victim's, so that a scan meets them in the order of the table, which
 * is the order in which the kernel's scan met them and settles ties.
 */
function cgroupOf(report: OomReport, row: TaskRow): { cgroup: string } | Record<string, never> {
  const own = report.memcg?.taskMemcg ?? report.summary?.taskMemcg ?? null;
  const known = own !== null && usablePath(own) ? own : null;
  if (report.scope === 'memcg') return { cgroup: known ?? oomCgroup(report) };
  const selected = report.summary?.pid ?? null;
  const isSelected = selected !== null && (row.pid === selected || row.tgid === selected);
  return isSelected && known !== null ? { cgroup: known } : {};
}

/** The bonus is the kernel's to give; whom it was given, the judgement found out. */
function mayHaveBonus({ judgement, row }: ProcessSource): boolean {
  if (judgement.rules.rules.rootBonus === 'none') return false;
  const candidate = judgement.candidates.find((known) => known.pid === row.pid);
  const denied = judgement.score?.rootBonus === 'none' && judgement.selected?.pid === row.pid;
  return (candidate?.bonusPages ?? 0) > 0 && !denied;
}

/** Says of a process what the section's comment does not. */
function comment({ report, judgement, row, index, pages, growthPages, notes }: ProcessSource) {
  const lines: string[] = [];
  const victim = judgement.victims.find((task) => task.pid === row.pid || task.pid === row.tgid);
  if (victim !== undefined) lines.push(`Killed (line ${victim.line}).`);
  if (growthPages > 0) {
    const { trigger } = report;
    const asked = trigger !== null && (trigger.pid === row.pid || trigger.pid === row.tgid);
    const who = asked ? `Invoked the OOM killer (line ${trigger.line}); assumed` : 'Assumed';
    lines.push(`${who} to go on allocating, which the report cannot say.`);
  }
  if (row.pid !== row.tgid) {
    lines.push(`Line ${row.line}: thread ${row.pid} of process ${row.tgid}, whose leader is gone.`);
  }
  if (pages.from === 'kill line') lines.push('anon, file, shmem: from its kill line.');
  if (lines.length > 0) notes.comments.set(pathText(['processes', index]), lines.join(' '));
}
