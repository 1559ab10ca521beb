/**
 * The OOM killer (mm/oom_kill.c, v4.15 with the cgroup-aware patch of 2017-12-06; later kernels by
 * switch). Order and names are the kernel's: predicates, score, scan, kill, entry.
 */
import type { Flow } from '../../engine/coroutine.js';
import { css_tasks } from '../cgroup/cgroup.js';
import { cpuset_node_allowed } from '../cgroup/cpuset.js';
import type { Kernel } from '../kernel.js';
import { logs_since } from '../profile.js';
import { schedule_timeout, spend } from '../sched/core.js';
import { send_sigkill } from '../sched/signal.js';
import {
  OOM_SCORE_ADJ_MIN,
  TASK_KILLABLE,
  type Task,
  thread_group_leader,
  tsk_is_oom_victim,
} from '../sched/task.js';
import { K } from '../units.js';
import { for_each_mem_cgroup_tree, type MemCgroup } from './mem_cgroup.js';
import { count_memcg_event } from './memcontrol.js';
import { get_mm_anon, type Mm, mm_points } from './mm_types.js';
import {
  INFLIGHT_VICTIM,
  is_memcg_oom,
  is_sysrq_oom,
  type OomConstraint,
  type OomControl,
  type OomRequest,
} from './oom_control.js';
import { minds_nodes, oom_passes_over, oom_unkillable_task } from './oom_eligible.js';
import { kill_oom_group, mem_cgroup_get_oom_group } from './oom_group.js';
import { select_by } from './oom_index.js';
import { check_panic_on_oom, no_killable_process } from './oom_panic.js';
import { mark_mmf_oom_skip, wake_oom_reaper } from './oom_reaper.js';
import { dump_header, report_cost_ns } from './oom_report.js';
import { trace_select } from './oom_trace.js';
import { mark_oom_victim, task_will_free_mem } from './oom_victim.js';
import { zone_watermark_ok } from './page_alloc.js';

/** Score of a task that must not be chosen: 0 up to 5.8, LONG_MIN from 5.9. */
export const ineligible = (k: Kernel): number =>
  k.profile.badness === 'signed' ? Number.NEGATIVE_INFINITY : 0;

/** The first thread of t's group that still has its mm (find_lock_task_mm). */
export function find_lock_task_mm(t: Task): (Task & { mm: Mm }) | null {
  // The leader comes first, and nearly always it has one.
  if (t.mm !== null && t.is_leader) return t as Task & { mm: Mm };
  for (const thread of t.signal.threads) if (thread.mm !== null) return thread as Task & { mm: Mm };
  return null;
}

/** The vfork child has its parent's memory: kill the parent instead. */
function in_vfork(t: Task): boolean {
  return !t.vfork_done && t.signal.parent?.mm === t.mm;
}

/** Pages that the 3 % bonus of CAP_SYS_ADMIN takes off. */
export function root_bonus(k: Kernel, t: Task, points: number): number {
  return k.profile.root_bonus && t.cap_sys_admin ? Math.floor((points * 3) / 100) : 0;
}

/**
 * How much would killing this task help? RSS, swap and page tables in pages, plus oom_score_adj
 * thousandths of what there is. As simple and predictable as possible.
 */
export function oom_badness(
  k: Kernel,
  t: Task,
  memcg: MemCgroup | null,
  nodemask: readonly number[] | null,
  totalpages: number,
): number {
  return oom_unkillable_task(k, t, memcg, nodemask) ? ineligible(k) : badness(k, t, totalpages);
}

/** What a task counts for in this OOM; given a memcg, if it belongs to that. */
export function badness_in(k: Kernel, t: Task, oc: OomControl, memcg: MemCgroup | null): number {
  return oom_passes_over(k, t, oc, memcg) ? ineligible(k) : badness(k, t, oc.totalpages);
}

/** oom_badness() of a task that is not unkillable. */
function badness(k: Kernel, t: Task, totalpages: number): number {
  const p = find_lock_task_mm(t);
  if (p === null) return ineligible(k);
  const adj = p.signal.oom_score_adj;
  if (adj === OOM_SCORE_ADJ_MIN || p.mm.oom_skip || in_vfork(p)) return ineligible(k);
  let points = mm_points(p.mm);
  points -= root_bonus(k, p, points);
  // Integer division first: below 1000 pages in total adj has no effect.
  if (adj !== 0) points += adj * Math.floor(totalpages / 1000);
  if (k.profile.badness === 'signed') return points;
  return points > 0 ? points : 1;
}

/** Is a victim that the OOM killer still waits for: chosen, and its mm not yet given up. */
export function selection_inflight(t: Task): boolean {
  return tsk_is_oom_victim(t) && !t.signal.oom_mm!.oom_skip;
}

/** What the OOM may draw on, in pages; sets totalpages and the constraint (constrained_alloc). */
function constrained_alloc(k: Kernel, oc: OomControl): OomConstraint {
  if (oc.memcg !== null) {
    oc.totalpages = mem_cgroup_get_limit(k, oc.memcg);
    return 'CONSTRAINT_MEMCG';
  }
  oc.totalpages = k.totalram_pages + k.swap.total;
  if (k.nodes.length === 1 || oc.trigger === 'pagefault' || oc.trigger === 'sysrq') {
    return 'CONSTRAINT_NONE';
  }
  const spanned = (nodes: readonly number[]): number =>
    k.swap.total + nodes.reduce((sum, node) => sum + k.node_spanned_pages(node), 0);
  if (oc.nodemask !== null && oc.nodemask.length < k.nodes.length) {
    oc.totalpages = spanned(oc.nodemask);
    return 'CONSTRAINT_MEMORY_POLICY';
  }
  const mems_allowed = k.sched.current?.mems_allowed ?? null;
  const refused = k.nodes.some(({ id }) => !cpuset_node_allowed(k, id, oc.gfp.hardwall));
  if (mems_allowed !== null && refused) {
    oc.totalpages = spanned(mems_allowed);
    return 'CONSTRAINT_CPUSET';
  }
  return 'CONSTRAINT_NONE';
}

/** memory.max, plus the swap it may use; of this memcg alone, not of its ancestors. */
export function mem_cgroup_get_limit(k: Kernel, memcg: MemCgroup): number {
  let limit = memcg.memory.max;
  if (k.sysctl.swappiness !== 0) limit += Math.min(memcg.swap.max, k.swap.total);
  return Math.max(1, Number.isFinite(limit) ? limit : k.totalram_pages + k.swap.total);
}

/**
 * Looks at one candidate. Returns true to end the scan: a victim is in flight, wait for it instead.
 */
export function oom_evaluate_task(k: Kernel, t: Task, oc: OomControl): boolean {
  if (oom_passes_over(k, t, oc, null)) return false;
  if (!is_sysrq_oom(oc) && tsk_is_oom_victim(t)) {
    if (!selection_inflight(t)) return false;
    oc.chosen_task = INFLIGHT_VICTIM;
    return true;
  }
  if (t.signal.oom_flag_origin) {
    oc.chosen_task = t;
    oc.chosen_points = Number.POSITIVE_INFINITY;
    return false;
  }
  const points = badness(k, t, oc.totalpages);
  if (points !== ineligible(k)) oom_compare(k, t, points, oc);
  return false;
}

/** Chooses a candidate if it is worse than the one before: of equals, the first or the last. */
export function oom_compare(k: Kernel, t: Task, points: number, oc: OomControl): void {
  if (points < oc.chosen_points) return;
  if (k.profile.tie === 'first_leader' && points === oc.chosen_points) {
    const chosen = oc.chosen_task;
    if (chosen !== null && chosen !== INFLIGHT_VICTIM && thread_group_leader(chosen)) return;
  }
  oc.chosen_task = t;
  oc.chosen_points = points;
}

/** Calls `fn` for the tasks of a memcg and all below it until it returns true. */
export function mem_cgroup_scan_tasks(
  k: Kernel,
  root: MemCgroup,
  fn: (task: Task) => boolean,
): void {
  const leaders_only = k.profile.scan_tasks === 'processes';
  // The root memcg's own tasks only, as preparatory patch 2/7 has it.
  const memcgs = root.is_root ? [root] : for_each_mem_cgroup_tree(root);
  for (const memcg of memcgs) {
    for (const task of css_tasks(memcg)) {
      if (leaders_only && !task.is_leader) continue;
      if (fn(task)) return;
    }
  }
}

/** The process scan: the whole system, or the memcg at its limit. */
export function select_bad_process(k: Kernel, oc: OomControl): void {
  // A memcg step before it leaves 0 at most, which would hide negative badness (5.9).
  oc.chosen_points = ineligible(k);
  select_by(k, oc, k.process_index, scan_processes);
}

export function scan_processes(k: Kernel, oc: OomControl): void {
  const evaluate = (task: Task): boolean => {
    oc.visited++;
    return oom_evaluate_task(k, task, oc);
  };
  if (oc.memcg !== null) {
    mem_cgroup_scan_tasks(k, oc.memcg, evaluate);
  } else if (minds_nodes(k, oc) || !k.mms.in_use) {
    for (const leader of k.processes) if (evaluate(leader)) break;
  } else {
    k.processes.scan(oc);
  }
}

/** Pays for what the selection has looked at since the last time. */
export function selection_cost(k: Kernel, t: Task, oc: OomControl): number {
  const { visited } = oc;
  oc.visited = 0;
  return spend(t, visited * k.costs.oomTaskScanNs);
}

/** Points as the kernel prints them: thousandths of what there is. */
const normalised = (oc: OomControl): number =>
  Math.floor((oc.chosen_points * 1000) / oc.totalpages);

/** Reports and kills oc.chosen_task, or rather, up to 5.0, its worst child. */
export function* oom_kill_process(k: Kernel, t: Task, oc: OomControl, message: string): Flow {
  const chosen = oc.chosen_task as Task;
  if (task_will_free_mem(chosen)) {
    mark_oom_victim(k, chosen);
    wake_oom_reaper(k, chosen);
    return;
  }
  if (k.oom_ratelimit.allow(k.sim.nowNs)) {
    yield spend(t, report_cost_ns(k));
    dump_header(k, t, oc, chosen);
  }
  if (!logs_since(k.profile.log_format, '5.2')) {
    k.printk(
      `${message}: Kill process ${chosen.pid} (${chosen.comm}) score ${normalised(oc)} or sacrifice child`,
    );
  }
  const victim = k.profile.child_sacrifice ? worst_child(k, chosen, oc) : chosen;
  const oom_group = mem_cgroup_get_oom_group(k, victim, oc.memcg);
  const reason = victim === chosen ? 'highest badness' : `child of ${chosen.pid} (${chosen.comm})`;
  yield* __oom_kill_process(k, t, victim, oc, { message, reason, group: false });
  if (oom_group !== null) yield* kill_oom_group(k, t, oom_group, oc, message);
}

function reason_of(oc: OomControl): string {
  if (oc.chosen_memcg !== null && oc.chosen_memcg !== INFLIGHT_VICTIM) {
    return `biggest task of ${oc.chosen_memcg.path}, the biggest cgroup`;
  }
  return 'highest badness';
}

/** The child with a memory of its own that scores highest, whatever the parent scores (≤ 5.0). */
function worst_child(k: Kernel, p: Task, oc: OomControl): Task {
  let victim = p;
  let victim_points = 0;
  for (const child of p.signal.children) {
    if (child.mm === p.mm) continue;
    const points = oom_badness(k, child, oc.memcg, oc.nodemask, oc.totalpages);
    if (points > victim_points) {
      victim = child;
      victim_points = points;
    }
  }
  return victim;
}

export interface KillNote {
  /** `Out of memory` or `Memory cgroup out of memory`. */
  message: string;
  reason: string;
  group: boolean;
}

/** SIGKILL for the victim's process and everybody who shares its mm; the reaper is told. */
export function* __oom_kill_process(
  k: Kernel,
  t: Task,
  task: Task,
  oc: OomControl,
  note: KillNote,
): Flow {
  yield spend(t, k.costs.oomKillNs);
  // The lock that this takes keeps the victim from leaving its mm until it is marked.
  const victim = find_lock_task_mm(task);
  if (victim === null) {
    if (logs_since(k.profile.log_format, '5.9')) {
      const who = `${task.pid} (${task.comm})`;
      k.printk(`${note.message}: OOM victim ${who} is already exiting. Skip killing the task`);
    }
    return;
  }
  const mm = victim.mm;
  const memcg = mm.owner?.cgroup.memcg ?? k.root_mem_cgroup;
  k.trace_oom_kill(t, victim, oc, note);
  count_memcg_event(k, memcg, 'oom_kill');
  k.kills++;
  if (k.kills === 1) for (const call of k.on_first_kill) call();
  send_sigkill(k, victim);
  mark_oom_victim(k, victim);
  k.printk(killed_line(k, victim, mm, note.message));
  const can_oom_reap = kill_sharers(k, victim, mm);
  if (can_oom_reap) wake_oom_reaper(k, victim);
}

function killed_line(k: Kernel, victim: Task, mm: Mm, message: string): string {
  const prefix = logs_since(k.profile.log_format, '5.2') ? `${message}: ` : '';
  const line =
    `${prefix}Killed process ${victim.pid} (${victim.comm}) total-vm:${K(mm.total_vm)}kB, ` +
    `anon-rss:${K(get_mm_anon(mm))}kB, file-rss:${K(mm.file_pages)}kB, shmem-rss:${K(mm.shmem_pages)}kB`;
  if (!logs_since(k.profile.log_format, '5.4')) return line;
  return (
    `${line}, UID:${victim.uid} pgtables:${K(mm.pgtables_pages)}kB ` +
    `oom_score_adj:${victim.signal.oom_score_adj}`
  );
}

/** Other processes with the same mm die too; returns false if one of them cannot. */
function kill_sharers(k: Kernel, victim: Task, mm: Mm): boolean {
  let can_oom_reap = true;
  const seen = new Set([victim.signal]);
  for (const { signal } of mm.tasks) {
    if (seen.has(signal)) continue;
    seen.add(signal);
    const user = signal.leader;
    if (signal === k.init.signal) {
      can_oom_reap = false;
      mark_mmf_oom_skip(k, mm, victim.pid, 'init_shares_mm');
      k.printk(
        `oom killer ${victim.pid} (${victim.comm}) has mm pinned by ${user.pid} (${user.comm})`,
      );
    } else if (!user.kthread) send_sigkill(k, user);
  }
  return can_oom_reap;
}

/** The seed: kills the biggest task of the chosen memcg (oom_kill_memcg_victim). */
export function* oom_kill_memcg_victim(k: Kernel, t: Task, oc: OomControl): Flow<boolean> {
  if (oc.chosen_memcg === null) return false;
  if (oc.chosen_memcg === INFLIGHT_VICTIM) return true;
  oc.chosen_points = ineligible(k);
  oc.chosen_task = null;
  mem_cgroup_scan_tasks(k, oc.chosen_memcg, (task) => {
    oc.visited++;
    return oom_evaluate_task(k, task, oc);
  });
  yield selection_cost(k, t, oc);
  trace_select(k, oc);
  const chosen = oc.chosen_task as OomControl['chosen_task'];
  if (chosen !== null && chosen !== INFLIGHT_VICTIM) {
    const message = is_memcg_oom(oc) ? 'Memory cgroup out of memory' : 'Out of memory';
    yield* __oom_kill_process(k, t, chosen, oc, { message, reason: reason_of(oc), group: false });
  }
  return chosen !== null;
}

/** vm.oom_kill_allocating_task applies: global OOM, and the caller can be killed. */
function can_kill_allocating_task(k: Kernel, t: Task, oc: OomControl): boolean {
  return (
    !is_memcg_oom(oc) &&
    k.sysctl.oom_kill_allocating_task &&
    t.mm !== null &&
    !oom_unkillable_task(k, t, null, oc.nodemask) &&
    t.signal.oom_score_adj !== OOM_SCORE_ADJ_MIN
  );
}

/**
 * Kills somebody, or finds a reason not to. Must be called with oom_lock held; sleeps a jiffy under it
 * after a kill (≤ 4.17). Returns true if the caller should try its allocation again.
 */
export function* out_of_memory(k: Kernel, t: Task, request: OomRequest): Flow<boolean> {
  const oc: OomControl = {
    ...request,
    constraint: 'CONSTRAINT_NONE',
    totalpages: 0,
    chosen_task: null,
    chosen_memcg: null,
    chosen_points: ineligible(k),
    visited: 0,
  };
  // Neither the scan of all tasks nor the report has a preemption point, however long they take.
  t.no_resched = true;
  const ret = yield* decide_and_kill(k, t, oc);
  t.no_resched = false;
  k.trace.on['oomsim:out_of_memory']?.({
    memcg: oc.memcg?.path ?? '',
    order: oc.order,
    ret: ret.value,
    why: ret.why,
  });
  return ret.value;
}

interface Verdict {
  value: boolean;
  why: string;
}

/** The steps of out_of_memory() in the kernel's order (KERNEL.md 1.2). */
function* decide_and_kill(k: Kernel, t: Task, oc: OomControl): Flow<Verdict> {
  if (k.oom_killer_disabled) return { value: false, why: 'oom_killer_disabled' };
  if (!is_memcg_oom(oc) && k.oom_notify() > 0) {
    if (!is_sysrq_oom(oc) || !k.profile.sysrq_ignores_notifiers) {
      return { value: true, why: 'notifiers freed memory' };
    }
  }
  if (task_will_free_mem(t)) {
    mark_oom_victim(k, t);
    wake_oom_reaper(k, t);
    return { value: true, why: 'current is dying' };
  }
  const exempt = is_memcg_oom(oc) && !k.profile.memcg_oom_needs_fs;
  if (!oc.gfp.fs && !exempt) return { value: true, why: 'allocation without __GFP_FS' };
  oc.constraint = constrained_alloc(k, oc);
  if (oc.constraint !== 'CONSTRAINT_MEMORY_POLICY') oc.nodemask = null;
  yield* check_panic_on_oom(k, t, oc);
  if (can_kill_allocating_task(k, t, oc)) {
    oc.chosen_task = t;
    yield* oom_kill_process(k, t, oc, 'Out of memory (oom_kill_allocating_task)');
    return { value: true, why: 'vm.oom_kill_allocating_task' };
  }
  return yield* select_and_kill(k, t, oc);
}

/** The last attempt of v13, at the HIGH watermark: the caller's next one will succeed. */
function memory_is_free_now(k: Kernel, oc: OomControl): boolean {
  if (is_memcg_oom(oc) || is_sysrq_oom(oc) || oc.trigger === 'what-if') return false;
  return k.zonelists[oc.node]!.some((zone) => zone_watermark_ok(zone, oc.order, zone.high, 0));
}

const FREE_IN_TIME: Verdict = { value: true, why: 'memory became free during the selection' };

/** v13: looks once more when the victim is known, since finding it can take long. */
function* last_second_alloc(k: Kernel, t: Task, oc: OomControl): Flow<boolean> {
  if (!k.policy.alloc_pages_before_oomkill) return false;
  yield selection_cost(k, t, oc);
  return memory_is_free_now(k, oc);
}

function* select_and_kill(k: Kernel, t: Task, oc: OomControl): Flow<Verdict> {
  let delay = false; // if set, delay the next allocation attempt
  let out = false; // if set, there is no process scan
  if (k.policy.mem_cgroup_select_oom_victim(k, oc)) {
    if (yield* last_second_alloc(k, t, oc)) return FREE_IN_TIME;
    out = yield* k.policy.oom_kill_memcg_victim(k, t, oc);
    if (out) delay = oc.chosen_memcg !== INFLIGHT_VICTIM || k.policy.delay_inflight;
    else out = !k.policy.falls_back;
  }
  if (!out) {
    select_bad_process(k, oc);
    yield selection_cost(k, t, oc);
    trace_select(k, oc);
    if (yield* last_second_alloc(k, t, oc)) return FREE_IN_TIME;
    if (oc.chosen_task === null) yield* no_killable_process(k, t, oc);
    if (oc.chosen_task !== null && oc.chosen_task !== INFLIGHT_VICTIM) {
      const message = is_memcg_oom(oc) ? 'Memory cgroup out of memory' : 'Out of memory';
      yield* oom_kill_process(k, t, oc, message);
      delay = true;
    }
  }
  // Give the killed process a good chance to exit before trying to allocate memory again.
  if (delay && k.profile.oom_sleep_under_lock) {
    yield schedule_timeout(k.sched, k.sim.nowNs, t, 1, TASK_KILLABLE);
  }
  return { value: k.policy.out_of_memory_result(oc), why: verdict_text(oc) };
}

function verdict_text(oc: OomControl): string {
  if (oc.chosen_task === INFLIGHT_VICTIM || oc.chosen_memcg === INFLIGHT_VICTIM) {
    return 'a victim is in flight';
  }
  return oc.chosen_task === null ? 'nothing to kill' : 'killed';
}
