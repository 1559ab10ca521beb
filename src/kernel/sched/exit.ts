/** The end of a task (kernel/exit.c) and of an address space (mm/mmap.c: exit_mmap). */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { free_kmem } from '../mm/memcontrol.js';
import { type Mm, sync_mm_rss, type Vma } from '../mm/mm_types.js';
import { MmuGather } from '../mm/mmu_gather.js';
import { rescore_memcg, rescore_mm, rescore_signal } from '../mm/oom_index.js';
import { mark_mmf_oom_skip, oom_reap_vmas } from '../mm/oom_reaper.js';
import { exit_oom_victim } from '../mm/oom_victim.js';
import { drop_mapping } from '../mm/rmap.js';
import { EMPTY } from '../short_list.js';
import { spend } from './core.js';
import { EXIT_ZOMBIE, type Task } from './task.js';

/** The task's last kernel code: exit_mm, files, cgroup, notify; it never returns to user mode. */
export function* do_exit(k: Kernel, t: Task): Flow {
  t.exiting = true;
  if (!any_live(t)) forget_dying_leader(t);
  yield spend(t, k.costs.syscallNs);
  yield* exit_mm(k, t);
  k.trace.on['sched:sched_process_exit']?.({
    pid: t.pid,
    comm: t.comm,
    code: t.signal.exit_code,
  });
  if (last_thread(t)) yield* exit_files(k, t);
  cgroup_exit(k, t);
  exit_notify(k, t);
}

/** do_group_exit(): the other threads are told to die, then this one does. */
export function* do_group_exit(k: Kernel, t: Task, code: number): Flow {
  if (!t.signal.group_exit) {
    t.signal.group_exit = true;
    t.signal.exit_code = code;
    for (const thread of t.signal.threads) {
      if (thread === t) continue;
      thread.sigkill_pending = true;
      k.sched.signal_wake_up(thread);
    }
  }
  yield* do_exit(k, t);
}

/** Some thread of the process has not begun to exit (signal->live). */
function any_live(t: Task): boolean {
  return t.signal.threads.some((thread) => !thread.exiting);
}

function last_thread(t: Task): boolean {
  return t.signal.threads.every((thread) => thread === t || thread.state >= EXIT_ZOMBIE);
}

function* exit_mm(k: Kernel, t: Task): Flow {
  const mm = t.mm;
  complete_vfork_done(k, t);
  if (mm === null) return;
  t.wchan = 'exit_mm';
  // Not with mmap_sem held: whoever shares the mm may map and unmap meanwhile.
  yield* k.wait_for_core_dump(t);
  yield* mm.mmap_sem.downRead(t);
  t.wchan = '';
  sync_mm_rss(mm, t);
  t.mm = null;
  rescore_signal(k, t.signal);
  mm.remove_user(t);
  mm.mmap_sem.upRead();
  mm_update_next_owner(mm, t);
  yield* mmput(k, t, mm);
  if (t.memdie) exit_oom_victim(k, t);
}

/** The parent that waits in vfork() may go on: the child has left its address space. */
export function complete_vfork_done(k: Kernel, t: Task): void {
  if (t.vfork_done) return;
  t.vfork_done = true;
  rescore_signal(k, t.signal);
  t.vfork_parent?.wake();
}

/**
 * The owner leaves: another user of the mm takes over; its memcg gets the charges from now on. Children
 * are asked first, then siblings, and threads of the same process not before all others.
 */
function mm_update_next_owner(mm: Mm, t: Task): void {
  if (mm.owner !== t) return;
  const { tasks } = mm;
  const { parent } = t.signal;
  mm.owner =
    tasks.find((user) => user.is_leader && user.signal.parent === t) ??
    tasks.find((user) => user.is_leader && user.signal.parent === parent) ??
    tasks[0] ??
    null;
}

/** Drops a reference; the last one takes the address space down, in the caller's time. */
export function* mmput(k: Kernel, t: Task, mm: Mm): Flow {
  mm.mm_users--;
  if (mm.mm_users === 0) yield* exit_mmap(k, t, mm);
}

function* exit_mmap(k: Kernel, t: Task, mm: Mm): Flow {
  let freed = 0;
  if (mm.oom_victim && k.profile.exit_mmap_reaps) {
    // CVE-2018-1000200: reap before munlock, so that the reaper never meets a half-munlocked VMA.
    freed += yield* oom_reap_vmas(k, t, mm);
    mark_mmf_oom_skip(k, mm, t.pid, 'exit_mmap');
  }
  const had_vmas = mm.mmap !== null;
  const tlb = new MmuGather(k, t, k.costs.freePageNs);
  for (let vma = mm.mmap; vma !== null; vma = vma.vm_next) yield* unmap_vma(vma, tlb);
  if (had_vmas && mm.oom_victim) mark_mmf_oom_skip(k, mm, t.pid, 'exit_mmap');
  if (had_vmas && (mm.oom_victim || k.profile.process_mrelease)) {
    // Wait for a reaper that is at work on this mm, or somebody in process_mrelease().
    yield* mm.mmap_sem.downWrite(t);
    mm.mmap_sem.upWrite(t);
  }
  // From here on there is no preemption point either, before what was gathered is free.
  t.no_resched = !k.profile.mmu_gather_resched;
  freed += yield* free_pgtables(k, t, mm);
  yield* tlb.flush();
  for (let vma = mm.mmap; vma !== null; vma = vma.vm_next) drop_vma(k, mm, vma);
  freed += tlb.cleared;
  mm.file_pages -= mm.text_file_pages;
  mm.shmem_pages -= mm.text_shmem_pages;
  k.mms.delete(mm);
  k.trace.on['oomsim:exit_mmap']?.({ pid: t.tgid, freed, victim: mm.oom_victim });
}

function* unmap_vma(vma: Vma, tlb: MmuGather): Flow {
  for (const mapping of [...vma.mappings]) yield* tlb.unmap(mapping);
}

/** The area is gone; shared memory that nobody maps any more goes with it. */
function drop_vma(k: Kernel, mm: Mm, vma: Vma): void {
  for (const mapping of [...vma.mappings]) drop_mapping(k, mapping);
  mm.remove_vma(vma);
  vma.unmapped = true;
}

function* free_pgtables(k: Kernel, t: Task, mm: Mm): Flow<number> {
  let freed = 0;
  for (let charge = mm.pgtables_charges; charge !== null; charge = charge.next) {
    free_kmem(k, charge.memcg, 'pgtables', charge.pages);
    freed += charge.pages;
    yield spend(t, charge.pages * k.costs.freePageNs);
  }
  mm.pgtables_charges = null;
  mm.pgtables_pages = 0;
  rescore_mm(mm);
  return freed;
}

/**
 * munmap(2): takes areas apart, with nobody faulting in them meanwhile.
 * @param page_ns CPU time to unmap and free one page
 */
export function* munmap(k: Kernel, t: Task, mm: Mm, vmas: readonly Vma[], page_ns: number): Flow {
  yield* mm.mmap_sem.downWrite(t);
  const tlb = new MmuGather(k, t, page_ns);
  for (const vma of vmas) yield* unmap_vma(vma, tlb);
  yield* tlb.flush();
  for (const vma of vmas) {
    if (vma.unmapped) continue; // somebody else was faster
    drop_vma(k, mm, vma);
    mm.total_vm -= vma.length_pages;
    mm.mapped_span -= vma.touched_pages;
  }
  mm.mmap_sem.upWrite(t);
}

/** Closes what the process has open: pipes and sockets go with their buffers. */
function* exit_files(k: Kernel, t: Task): Flow {
  for (const held of t.signal.files) {
    free_kmem(k, held.memcg, held.kind, held.pages);
    yield spend(t, held.pages * k.costs.freePageNs);
  }
  t.signal.files = EMPTY;
}

/** The task is no longer listed in its cgroup; from 5.2 its group is while other threads live. */
function cgroup_exit(k: Kernel, t: Task): void {
  t.cgroup.remove_task(t);
  if (t.is_leader && any_live(t) && k.profile.scan_tasks === 'processes') t.cgroup.add_dying(t);
  rescore_memcg(t.cgroup.memcg);
}

/** The last thread is on its way out: scans do not see a leader that went before it any longer. */
function forget_dying_leader(t: Task): void {
  const { leader } = t.signal;
  leader.cgroup.remove_dying(leader);
  rescore_memcg(leader.cgroup.memcg);
}

/** The thread becomes a zombie; the process is reaped once its last thread is one. */
function exit_notify(k: Kernel, t: Task): void {
  t.state = EXIT_ZOMBIE;
  k.free_task_struct(t);
  const { leader, threads } = t.signal;
  if (threads.some((thread) => thread.state < EXIT_ZOMBIE)) return;
  reparent_children(k, leader);
  for (const thread of threads) k.sched.release(thread);
  k.release_process(leader);
}

function reparent_children(k: Kernel, leader: Task): void {
  for (const child of leader.signal.children) {
    child.signal.parent = k.init;
    k.init.signal.add_child(child);
    leader.signal.remove_child(child);
  }
}
