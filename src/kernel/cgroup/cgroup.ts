import type { MemCgroup } from '../mm/mem_cgroup.js';
import { OOM_SCORE_ADJ_MIN, type Signal, type Task } from '../sched/task.js';
import { append, EMPTY, remove, type ShortList } from '../short_list.js';

/**
 * A cgroup v2 directory. `memcg` is its *effective* memory css: its own, or the nearest ancestor's
 * where the memory controller is not enabled for it.
 */
export class Cgroup {
  readonly children: Cgroup[] = [];
  /** Threads attached here, in the order they came (css_set task lists); see add_task(). */
  readonly tasks = new Set<Task>();
  /** Group leaders that have exited while other threads of theirs have not begun to (5.2). */
  dying: ShortList<Task> = EMPTY;
  /** Of both: how many, how many of them have oom_score_adj −1000, how many are OOM victims (oom_mm). */
  nr_tasks = 0;
  nr_immune = 0;
  nr_victims = 0;
  /** cgroup.subtree_control contains `memory`. */
  memory_in_subtree = true;
  memcg!: MemCgroup;
  /** cpuset.mems.effective; null: all nodes. */
  mems_allowed: readonly number[] | null = null;

  constructor(
    readonly path: string,
    readonly parent: Cgroup | null,
  ) {
    parent?.children.push(this);
  }

  add_task(t: Task): void {
    this.tasks.add(t);
    this.count(t, 1);
  }

  remove_task(t: Task): void {
    if (this.tasks.delete(t)) this.count(t, -1);
  }

  add_dying(leader: Task): void {
    this.dying = append(this.dying, leader);
    this.count(leader, 1);
  }

  remove_dying(leader: Task): void {
    if (remove(this.dying, leader)) this.count(leader, -1);
  }

  /** A task that is listed came (1) or goes (−1). */
  count({ signal }: Task, n: 1 | -1): void {
    this.nr_tasks += n;
    if (signal.oom_score_adj === OOM_SCORE_ADJ_MIN) this.nr_immune += n;
    if (signal.oom_mm !== null) this.nr_victims += n;
  }
}

/** Changes a process's oom_score_adj or oom_mm, by which its cgroups count it. */
export function change_counted(signal: Signal, change: () => void): void {
  const listed = signal.threads.filter((t) => t.cgroup.tasks.has(t) || t.cgroup.dying.includes(t));
  for (const t of listed) t.cgroup.count(t, -1);
  change();
  for (const t of listed) t.cgroup.count(t, 1);
}

/** The cgroup and everything below, pre-order. */
export function* cgroup_tree(root: Cgroup): Generator<Cgroup> {
  const stack = [root];
  for (let cgroup = stack.pop(); cgroup !== undefined; cgroup = stack.pop()) {
    yield cgroup;
    for (let i = cgroup.children.length - 1; i >= 0; i--) stack.push(cgroup.children[i]!);
  }
}

/** The cgroup that lists all tasks of a memcg, nearly always; null if it takes css_tasks() to tell. */
export function css_cgroup(memcg: MemCgroup): Cgroup | null {
  const { cgroup } = memcg;
  return cgroup !== null && cgroup.memcg === memcg && cgroup.memory_in_subtree ? cgroup : null;
}

/**
 * Threads whose effective memory css is `memcg` (css_task_iter): those of its own cgroup and of the
 * cgroups below it that have no memory controller of their own.
 */
export function css_tasks(memcg: MemCgroup): Iterable<Task> {
  const { cgroup } = memcg;
  // A memcg whose controller was taken away keeps its charges only: its tasks count for the parent.
  if (cgroup === null || cgroup.memcg !== memcg) return [];
  // Nearly always they are all in one list, and there are thousands of them to go through.
  const more = cgroup.dying.length > 0 || !cgroup.memory_in_subtree;
  return more ? css_tasks_below(memcg, cgroup) : cgroup.tasks;
}

function* css_tasks_below(memcg: MemCgroup, root: Cgroup): Generator<Task> {
  const stack = [root];
  for (let cgroup = stack.pop(); cgroup !== undefined; cgroup = stack.pop()) {
    if (cgroup.memcg !== memcg) continue;
    yield* cgroup.tasks;
    yield* cgroup.dying;
    for (let i = cgroup.children.length - 1; i >= 0; i--) stack.push(cgroup.children[i]!);
  }
}
