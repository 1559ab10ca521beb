/**
 * A policy of the user's own in the place where BPF OOM asks its handlers: before the kernel's own
 * selection, after vm.panic_on_oom and vm.oom_kill_allocating_task. Whatever it does, the kernel goes
 * on: what it does wrong is reported, and counts as having declined.
 */
import type { Flow } from '../../engine/coroutine.js';
import { css_tasks } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { for_each_mem_cgroup_tree, type MemCgroup } from '../mm/mem_cgroup.js';
import { INFLIGHT_VICTIM, is_memcg_oom, type OomControl } from '../mm/oom_control.js';
import { kill_oom_group, mem_cgroup_get_oom_group } from '../mm/oom_group.js';
import {
  __oom_kill_process,
  badness_in,
  ineligible,
  selection_cost,
  selection_inflight,
} from '../mm/oom_kill.js';
import { wake_oom_reaper } from '../mm/oom_reaper.js';
import { dump_header, report_cost_ns } from '../mm/oom_report.js';
import { trace_select } from '../mm/oom_trace.js';
import { mark_oom_victim, task_will_free_mem } from '../mm/oom_victim.js';
import { spend } from '../sched/core.js';
import { OOM_SCORE_ADJ_MIN, type Task } from '../sched/task.js';
import type {
  OomDecision,
  OomHandler,
  OomView,
  PolicyContext,
  PolicyRandom,
} from './custom_api.js';
import { context_of, type PolicyPicture, picture_of, why_unkillable } from './custom_view.js';
import type { OomPolicy } from './policy.js';

/** The name under which the handler of the whole system is listed. */
export const SYSTEM_HANDLER = 'default';

/** A policy file that was loaded: its handlers, and how to call one. */
export interface PolicyProgram {
  readonly name: string;
  readonly doc: string;
  readonly handlers: ReadonlyMap<string, OomHandler>;
  /**
   * Calls a handler and reads its answer with no more than a certain number of steps.
   * @throws whatever the handler throws
   */
  ask<T>(handler: OomHandler, oc: OomView, ctx: PolicyContext, read: (answer: unknown) => T): T;
  /**
   * What it threw, in one line, with its place in the policy file.
   * @throws the error itself, if the run must not go on
   */
  describe(error: unknown): string;
}

/** Whom a handler wants dead, checked. */
interface Victims {
  readonly tasks: readonly Task[];
  /** null: they were named one by one. */
  readonly cgroup: MemCgroup | null;
  readonly reason: string;
  /** Victims that are dying already. */
  readonly waiting: number;
}

/** The policy for one run. @param random its own stream */
export function custom_policy(program: PolicyProgram, random: PolicyRandom): OomPolicy {
  return {
    name: program.name,
    doc: program.doc,
    mem_cgroup_select_oom_victim: () => true, // all is done in the next step
    oom_kill_memcg_victim: (k, t, oc) => handle_out_of_memory(k, t, oc, program, random),
    delay_inflight: true,
    falls_back: true,
    alloc_pages_before_oomkill: false,
    brings_oom_group: true, // views show it, whatever the kernel
    out_of_memory_result: (oc) => oc.chosen_task !== null,
  };
}

/** Asks one handler after the other until one frees memory; false: the kernel is to kill. */
function* handle_out_of_memory(
  k: Kernel,
  t: Task,
  oc: OomControl,
  program: PolicyProgram,
  random: PolicyRandom,
): Flow<boolean> {
  for (const at of handlers_of(k, oc, program)) {
    // Each looks at a state of its own: asking costs time, in which the last may have changed.
    const picture = picture_of(k, t, oc);
    oc.visited += picture.context.processes.length;
    const victims = ask(k, oc, program, at, picture, random);
    yield selection_cost(k, t, oc);
    if (victims === null) continue;
    if (victims.tasks.length === 0) {
      oc.chosen_task = INFLIGHT_VICTIM;
      oc.chosen_memcg = INFLIGHT_VICTIM;
      return true;
    }
    yield* kill(k, t, oc, program, at, victims);
    return true;
  }
  return false;
}

/** Where handlers are attached, in the order in which they are asked. */
function handlers_of(k: Kernel, oc: OomControl, { handlers }: PolicyProgram): string[] {
  const paths: string[] = [];
  for (let m: MemCgroup | null = oc.memcg ?? k.root_mem_cgroup; m !== null; m = m.parent) {
    if (m.online) paths.push(m.path);
  }
  return [...paths, SYSTEM_HANDLER].filter((at) => handlers.has(at));
}

/** One handler's answer, checked; null if it declined or went wrong. */
function ask(
  k: Kernel,
  oc: OomControl,
  program: PolicyProgram,
  at: string,
  picture: PolicyPicture,
  random: PolicyRandom,
): Victims | null {
  let lines = 0;
  const log = (text: string): void => {
    if (++lines > LOG_LINES_MAX) throw new Error(`wrote more than ${LOG_LINES_MAX} lines`);
    k.printk(`oom: ${program.name}: ${one_line(text)}`);
  };
  const ctx = context_of(picture, at, random, log);
  const problems: string[] = [];
  let victims: Victims | null = null;
  try {
    victims = program.ask(program.handlers.get(at)!, picture.oc, ctx, (answer) =>
      answer === 'decline' ? null : victims_of(k, oc, picture, answer as OomDecision, problems),
    );
  } catch (error) {
    problems.push(program.describe(error));
  }
  const problem = problems.length === 0 ? '' : one_line(problems.join('; '));
  if (problem !== '') {
    k.printk(`oom: ${program.name}: handler ${at} went wrong: ${problem}`);
  }
  k.trace.on['oomsim:oom_policy']?.({
    policy: program.name,
    handler: at,
    memcg: oc.memcg?.path ?? '',
    answer: victims === null ? 'decline' : victims.tasks.length === 0 ? 'wait' : 'kill',
    problem,
  });
  return victims;
}

/** Checks what a handler returned. Those that can be killed will be, even if others cannot. */
function victims_of(
  k: Kernel,
  oc: OomControl,
  picture: PolicyPicture,
  answer: OomDecision,
  problems: string[],
): Victims | null {
  if (typeof answer !== 'object' || answer === null) {
    problems.push(`returned ${shown(answer)}: neither 'decline' nor { kill } nor { killCgroup }`);
    return null;
  }
  const { kill, killCgroup, reason } = answer as Record<string, unknown>;
  const named: Task[] = [];
  let cgroup: MemCgroup | null = null;
  if (kill !== undefined) named.push(...named_tasks(kill, picture, problems));
  if (killCgroup !== undefined) {
    cgroup = named_cgroup(k, killCgroup, problems);
    if (cgroup !== null) named.push(...tasks_of(k, oc, cgroup, problems));
  }
  if (named.length === 0 && problems.length === 0) problems.push('named nobody to kill');
  const tasks = new Set<Task>();
  let waiting = 0;
  for (const task of named) {
    const why = why_unkillable(k, task, oc);
    if (why !== null) problems.push(`process ${task.pid} (${task.comm}) ${why}`);
    else if (selection_inflight(task)) waiting++;
    else tasks.add(task);
  }
  if (tasks.size === 0 && waiting === 0) return null;
  const text = typeof reason === 'string' ? one_line(reason) : '';
  return { tasks: [...tasks], cgroup, reason: text, waiting };
}

function named_tasks(kill: unknown, picture: PolicyPicture, problems: string[]): Task[] {
  if (!Array.isArray(kill)) {
    problems.push(`kill is ${shown(kill)}, not a list of processes or pids`);
    return [];
  }
  const tasks: Task[] = [];
  for (const item of kill.slice(0, picture.leaders.size + 1)) {
    const pid = typeof item === 'object' && item !== null ? (item as { pid?: unknown }).pid : item;
    const task = typeof pid === 'number' ? picture.leaders.get(pid) : undefined;
    if (task !== undefined) tasks.push(task);
    else if (typeof pid === 'number') problems.push(`there is no process ${pid}`);
    else problems.push(`kill has ${shown(item)} in it, neither a process nor a pid`);
    if (problems.length > PROBLEMS_MAX) break;
  }
  return tasks;
}

/** More than this in one answer say no more than these. */
const PROBLEMS_MAX = 5;

function named_cgroup(k: Kernel, named: unknown, problems: string[]): MemCgroup | null {
  const path =
    typeof named === 'object' && named !== null ? (named as { path?: unknown }).path : named;
  if (typeof path !== 'string') {
    problems.push(`killCgroup is ${shown(named)}, neither a cgroup nor a path`);
    return null;
  }
  const cgroup = k.cgroups.get(path);
  if (cgroup === undefined) problems.push(`there is no cgroup ${shown(path)}`);
  return cgroup?.memcg ?? null;
}

/** Everybody in a cgroup and below who can be killed; one problem if that is nobody. */
function tasks_of(k: Kernel, oc: OomControl, root: MemCgroup, problems: string[]): Task[] {
  const members: Task[] = [];
  for (const memcg of for_each_mem_cgroup_tree(root)) {
    for (const task of css_tasks(memcg)) {
      if (task.is_leader && !task.kthread && task.signal !== k.init.signal) members.push(task);
    }
  }
  const tasks = members.filter((task) => why_unkillable(k, task, oc) === null);
  if (tasks.length > 0) return tasks;
  const first = members[0];
  const why = first === undefined ? '' : `: process ${first.pid} ${why_unkillable(k, first, oc)}`;
  problems.push(`nobody in ${root.path} can be killed${why}`);
  return [];
}

/** Kills them in the order in which they were named; memory.oom.group is respected (4.19). */
function* kill(
  k: Kernel,
  t: Task,
  oc: OomControl,
  program: PolicyProgram,
  at: string,
  { tasks, cgroup, reason }: Victims,
): Flow {
  const first = tasks[0]!;
  oc.chosen_task = first;
  oc.chosen_memcg = cgroup;
  oc.chosen_points = points_of(k, first, oc);
  trace_select(k, oc);
  if (k.oom_ratelimit.allow(k.sim.nowNs)) {
    yield spend(t, report_cost_ns(k));
    dump_header(k, t, oc, first);
  }
  const why = reason === '' ? `chosen by ${program.name}` : reason;
  k.printk(`oom_policy=${program.name}`); // as BPF OOM prints it
  k.printk(`oom: ${program.name}: handler ${at} kills ${tasks.length}: ${why}`);
  const message = is_memcg_oom(oc) ? 'Memory cgroup out of memory' : 'Out of memory';
  for (const task of tasks) {
    if (task_will_free_mem(task)) {
      mark_oom_victim(k, task);
      wake_oom_reaper(k, task);
      continue;
    }
    if (task.signal.oom_score_adj === OOM_SCORE_ADJ_MIN || selection_inflight(task)) continue;
    oc.chosen_points = points_of(k, task, oc);
    const group = cgroup === null ? mem_cgroup_get_oom_group(k, task, oc.memcg) : null;
    yield* __oom_kill_process(k, t, task, oc, { message, reason: why, group: cgroup !== null });
    if (group !== null) yield* kill_oom_group(k, t, group, oc, message);
  }
}

function points_of(k: Kernel, task: Task, oc: OomControl): number {
  const points = badness_in(k, task, oc, oc.memcg);
  return points === ineligible(k) ? 0 : points;
}

const TEXT_MAX = 300;
/** Of one answer, in kernel.log. */
const LOG_LINES_MAX = 100;

/** Text of the policy's as one line of a log or a cell of a table. */
function one_line(text: unknown): string {
  const line = String(text).replace(/\s+/g, ' ').replace(/\p{C}/gu, '·').trim();
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX)}…` : line;
}

/** A value in a message: short, and without calling any code of the policy's. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
