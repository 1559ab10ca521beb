import type { MemCgroup } from '../mm/mem_cgroup.js';
import type { Task } from '../sched/task.js';
import { EMPTY, type ShortList } from '../short_list.js';

/**
 * A cgroup v2 directory. `memcg` is its *effective* memory css: its own, or the nearest ancestor's
 * where the memory controller is not enabled for it.
 */
export class Cgroup {
  readonly children: Cgroup[] = [];
  /** Threads attached here, in the order they came (css_set task lists). */
  readonly tasks = new Set<Task>();
  /** Group leaders that have exited while other threads of theirs live (css_set.dying_tasks). */
  dying: ShortList<Task> = EMPTY;
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
}

/** The cgroup and everything below, pre-order. */
export function* cgroup_tree(root: Cgroup): Generator<Cgroup> {
  const stack = [root];
  for (let cgroup = stack.pop(); cgroup !== undefined; cgroup = stack.pop()) {
    yield cgroup;
    for (let i = cgroup.children.length - 1; i >= 0; i--) stack.push(cgroup.children[i]!);
  }
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
