/** New tasks (kernel/fork.c, fs/exec.c) at the level of the memory they take. */
import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { GFP_KERNEL_ACCOUNT } from '../mm/gfp.js';
import type { MemCgroup } from '../mm/mem_cgroup.js';
import { alloc_kmem, free_kmem, get_mem_cgroup_from_mm } from '../mm/memcontrol.js';
import { Mapping, Mm, Vma } from '../mm/mm_types.js';
import { rescore_mm, rescore_signal } from '../mm/oom_index.js';
import { spend } from './core.js';
import { fatal_signal_pending, TASK_KILLABLE, type Task, type UserProgram } from './task.js';

/** Kernel stack of a thread: 16 KiB on x86-64. */
export const THREAD_STACK_PAGES = 4;

export interface CloneArgs {
  comm: string;
  spec_name: string;
  user: UserProgram;
  /** `copy`: fork(); `share`: CLONE_VM; `thread`: CLONE_VM|CLONE_THREAD; `new`: what exec() leaves. */
  mm: 'copy' | 'share' | 'thread' | 'new';
  vfork: boolean;
}

/**
 * clone(): allocates the child's kernel memory, copies or shares the mm, and lets the child run.
 * Returns it, or null for -ENOMEM or a fatal signal. A vfork() parent waits, killably, until the child lets the mm go.
 */
export function* copy_process(k: Kernel, parent: Task, args: CloneArgs): Flow<Task | null> {
  const memcg = get_mem_cgroup_from_mm(k, parent.mm);
  const slab = args.mm === 'thread' ? 1 : k.exec.slabPages;
  const stack = yield* alloc_all(k, parent, memcg, 'kernel_stack', THREAD_STACK_PAGES);
  if (!stack) return null;
  if (!(yield* alloc_all(k, parent, memcg, 'slab', slab))) {
    free_kmem(k, memcg, 'kernel_stack', THREAD_STACK_PAGES);
    return null;
  }
  yield spend(parent, clone_cost_ns(k, parent, args));
  if (fatal_signal_pending(parent)) {
    // -ERESTARTNOINTR: whoever is killed in fork() leaves no child behind.
    free_kmem(k, memcg, 'kernel_stack', THREAD_STACK_PAGES);
    free_kmem(k, memcg, 'slab', slab);
    return null;
  }
  const child = k.create_task(args.comm, args.mm === 'thread' ? parent : null);
  child.hold_kmem(memcg, THREAD_STACK_PAGES, slab);
  child.spec_name = args.spec_name;
  child.user = args.user;
  child.uid = parent.uid;
  child.cap_sys_admin = parent.cap_sys_admin;
  child.nodemask = parent.nodemask;
  if (args.vfork) {
    child.vfork_done = false;
    child.vfork_parent = parent;
  }
  give_mm(k, parent, child, args);
  if (args.mm !== 'thread') {
    child.signal.oom_score_adj = parent.signal.oom_score_adj;
    child.signal.parent = parent;
    parent.signal.add_child(child);
    k.add_process(child);
  }
  k.attach_task(child, parent.cgroup);
  k.trace.on['sched:sched_process_fork']?.({
    parent_pid: parent.pid,
    child_pid: child.pid,
    child_comm: child.comm,
  });
  k.sched.wake_up_new_task(child);
  if (args.vfork) yield* wait_for_vfork_done(parent, child);
  return child;
}

function* alloc_all(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  kind: 'kernel_stack' | 'slab',
  n: number,
): Flow<boolean> {
  const got = yield* alloc_kmem(k, t, memcg, kind, GFP_KERNEL_ACCOUNT, n);
  if (got === n) return true;
  free_kmem(k, memcg, kind, got);
  return false;
}

/** Page tables are copied: their pages are allocated as the child runs, their time is the parent's. */
function clone_cost_ns(k: Kernel, parent: Task, args: CloneArgs): number {
  if (args.mm === 'share' || args.mm === 'thread') return k.costs.syscallNs;
  const copied = args.mm === 'copy' ? (parent.mm?.mapped_span ?? 0) : 0;
  return k.costs.forkNs + copied * k.costs.scanPageNs;
}

function give_mm(k: Kernel, parent: Task, child: Task, args: CloneArgs): void {
  const shared = args.mm === 'share' || args.mm === 'thread' ? parent.mm : null;
  if (shared !== null) {
    shared.mm_users++;
    shared.add_user(child);
    child.mm = shared;
    return;
  }
  const mm = mm_alloc(k, child);
  if (args.mm === 'copy' && parent.mm !== null) dup_mmap(parent.mm, mm);
}

/** Gives a task an empty address space of its own. */
export function mm_alloc(k: Kernel, t: Task): Mm {
  const mm = new Mm(t, k.mms);
  t.mm = mm;
  rescore_signal(k, t.signal);
  return mm;
}

/** The child sees the parent's pages copy-on-write: RSS counts them in both. */
function dup_mmap(from: Mm, to: Mm): void {
  to.total_vm = from.total_vm;
  to.mapped_span = from.mapped_span;
  to.text_file_pages = from.text_file_pages;
  to.text_shmem_pages = from.text_shmem_pages;
  to.file_pages += from.text_file_pages;
  to.shmem_pages += from.text_shmem_pages;
  for (const vma of from.vmas()) {
    const copy = new Vma(to, vma.kind, vma.shared, vma.length_pages);
    to.insert_vma(copy);
    for (const mapping of vma.mappings) {
      // Later pages of either process are its own.
      if (!vma.shared) mapping.set.frozen = true;
      const twin = new Mapping(copy, mapping.set);
      twin.present = mapping.present;
      twin.swapped = mapping.swapped;
      if (vma.kind === 'anon') to.anon_pages += twin.present;
      else if (vma.kind === 'file') to.file_pages += twin.present;
      else to.shmem_pages += twin.present;
      to.swapents += twin.swapped;
    }
  }
  rescore_mm(to);
}

function* wait_for_vfork_done(parent: Task, child: Task): Flow {
  const before = parent.sleep_state;
  parent.sleep_state = TASK_KILLABLE;
  parent.wchan = 'wait_for_vfork_done';
  while (!child.vfork_done && !fatal_signal_pending(parent)) yield BLOCK;
  parent.wchan = '';
  parent.sleep_state = before;
}
