/** Frozen views of a kernel for a policy of the user's own: custom_api.ts says what is in them. */
import { type Cgroup, cgroup_tree } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { mem_cgroup_is_descendant } from '../mm/mem_cgroup.js';
import { get_mm_rss } from '../mm/mm_types.js';
import type { OomControl } from '../mm/oom_control.js';
import { oom_passes_over } from '../mm/oom_eligible.js';
import { badness_in, find_lock_task_mm, ineligible, selection_inflight } from '../mm/oom_kill.js';
import { OOM_SCORE_ADJ_MIN, type Task } from '../sched/task.js';
import type { CgroupSnapshot } from '../snapshot.js';
import { snapshot_cgroups } from '../take_snapshot.js';
import type {
  CgroupView,
  OomView,
  PolicyContext,
  PolicyRandom,
  ProcessView,
  PsiView,
} from './custom_api.js';

/** While it is being built. */
type Draft<T> = { -readonly [K in keyof T]: T[K] };
type CgroupDraft = Omit<Draft<CgroupView>, 'children' | 'processes' | 'allProcesses'> & {
  children: CgroupView[];
  processes: ProcessView[];
  allProcesses: ProcessView[];
};

/** What handlers are given, and the live tasks behind it. */
export interface PolicyPicture {
  readonly oc: OomView;
  /** Everything of a PolicyContext that is the same for all handlers of one OOM. */
  readonly context: Omit<PolicyContext, 'handler' | 'random' | 'log'>;
  readonly leaders: ReadonlyMap<number, Task>;
}

/** Takes the picture of one OOM. */
export function picture_of(k: Kernel, t: Task, oc: OomControl): PolicyPicture {
  const cgroups = new Map<string, CgroupView>();
  const processes = new Map<number, ProcessView>();
  const leaders = new Map<number, Task>();
  const drafts = cgroup_drafts(k);
  for (const leader of k.processes) {
    if (leader.kthread || leader === k.init) continue;
    const draft = drafts.get(leader.cgroup);
    if (draft === undefined) continue; // in a cgroup that was removed under it
    const view = process_view(k, leader, oc, draft as CgroupView);
    processes.set(leader.pid, view);
    leaders.set(leader.pid, leader);
    draft.processes.push(view);
    for (let c: CgroupDraft | null = draft; c !== null; c = c.parent as CgroupDraft | null) {
      c.allProcesses.push(view);
    }
  }
  for (const draft of drafts.values()) cgroups.set(draft.path, freeze_cgroup(draft));
  const root = cgroups.get('/')!;
  const domain = (oc.memcg === null ? undefined : cgroups.get(oc.memcg.path)) ?? root;
  return {
    oc: oom_view(k, t, oc, domain),
    context: {
      cgroups: Object.freeze([...tree(domain)]),
      processes: domain.allProcesses,
      inFlight: Object.freeze(domain.allProcesses.filter((process) => process.inFlight)),
      root,
      cgroup: (path) => cgroups.get(path),
      process: (pid) => processes.get(pid),
    },
    leaders,
  };
}

/** The context of one handler. */
export function context_of(
  { context }: PolicyPicture,
  handler: string,
  random: PolicyRandom,
  log: (text: string) => void,
): PolicyContext {
  return Object.freeze({ ...context, handler, random, log });
}

function* tree(root: CgroupView): Generator<CgroupView> {
  yield root;
  for (const child of root.children) yield* tree(child);
}

function oom_view(k: Kernel, t: Task, oc: OomControl, cgroup: CgroupView): OomView {
  return Object.freeze({
    cgroup,
    global: oc.memcg === null,
    constraint: oc.constraint,
    totalPages: oc.totalpages,
    order: oc.order,
    trigger: Object.freeze({ pid: t.tgid, comm: t.comm, cgroup: t.cgroup.path }),
    timeNs: k.sim.nowNs,
  });
}

/** Every cgroup without its processes; parents before children. */
function cgroup_drafts(k: Kernel): Map<Cgroup, CgroupDraft> {
  const drafts = new Map<Cgroup, CgroupDraft>();
  const snapshots = snapshot_cgroups(k);
  let at = 0;
  for (const cgroup of cgroup_tree(k.root_cgroup)) {
    const parent = cgroup.parent === null ? null : drafts.get(cgroup.parent)!;
    const draft = cgroup_draft(k, snapshots[at++]!, parent);
    parent?.children.push(draft as CgroupView);
    drafts.set(cgroup, draft);
  }
  return drafts;
}

function cgroup_draft(k: Kernel, s: CgroupSnapshot, parent: CgroupDraft | null): CgroupDraft {
  return {
    path: s.path,
    parent: parent as CgroupView | null,
    children: [],
    processes: [],
    allProcesses: [],
    usagePages: s.usagePages,
    swapPages: s.swapPages,
    maxPages: s.maxPages,
    highPages: s.highPages,
    lowPages: s.lowPages,
    minPages: s.minPages,
    swapMaxPages: s.swapMaxPages,
    oomGroup: s.oomGroup,
    stat: Object.freeze({
      anonPages: s.anonPages,
      filePages: s.filePages,
      shmemPages: s.shmemPages,
      unevictablePages: s.unevictablePages,
      dirtyPages: s.dirtyPages,
      writebackPages: s.writebackPages,
      slabPages: s.slabPages,
      kernelStackPages: s.kernelStackPages,
      pgtablesPages: s.pgtablesPages,
      sockPages: s.sockPages,
    }),
    events: Object.freeze({ ...s.events }),
    psi: k.psi === null ? null : Object.freeze<PsiView>({ ...s.psi }),
  };
}

function freeze_cgroup(draft: CgroupDraft): CgroupView {
  Object.freeze(draft.children);
  Object.freeze(draft.processes);
  Object.freeze(draft.allProcesses);
  return Object.freeze(draft);
}

function process_view(k: Kernel, leader: Task, oc: OomControl, cgroup: CgroupView): ProcessView {
  const mm = find_lock_task_mm(leader)?.mm;
  const badness = badness_in(k, leader, oc, oc.memcg);
  const eligible = badness !== ineligible(k);
  return Object.freeze({
    pid: leader.pid,
    comm: leader.comm,
    uid: leader.uid,
    cgroup,
    oomScoreAdj: leader.signal.oom_score_adj,
    rssPages: mm === undefined ? 0 : get_mm_rss(mm),
    anonPages: mm?.anon_pages ?? 0,
    filePages: mm?.file_pages ?? 0,
    shmemPages: mm?.shmem_pages ?? 0,
    swapPages: mm?.swapents ?? 0,
    pgtablesPages: mm?.pgtables_pages ?? 0,
    threads: leader.signal.threads.length,
    startNs: leader.start_ns,
    badnessPages: eligible ? badness : null,
    oomScore: eligible ? Math.floor((badness * 1000) / oc.totalpages) : 0,
    killable: why_unkillable(k, leader, oc) === null,
    inFlight: selection_inflight(leader),
  });
}

/** Why a process may not be named in `kill`; null if it may. */
export function why_unkillable(k: Kernel, leader: Task, oc: OomControl): string | null {
  const memcg = leader.cgroup.memcg;
  if (oc.memcg !== null && !mem_cgroup_is_descendant(memcg, oc.memcg)) {
    return `is in ${leader.cgroup.path}, outside of ${oc.memcg.path}, which is out of memory`;
  }
  if (leader.signal.oom_score_adj === OOM_SCORE_ADJ_MIN) return 'has oom_score_adj -1000';
  const mm = find_lock_task_mm(leader)?.mm;
  if (mm === undefined) return 'is dead';
  if (mm.oom_skip) return 'was killed before and has no memory left to give';
  if (oom_passes_over(k, leader, oc, null)) return 'must not be killed';
  return null;
}
