/** The oom_reaper kernel thread (mm/oom_kill.c). */
import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { schedule_timeout } from '../sched/core.js';
import { TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE, type Task } from '../sched/task.js';
import { K } from '../units.js';
import type { Mm } from './mm_types.js';
import { MmuGather } from './mmu_gather.js';
import { rescore_mm } from './oom_index.js';

const MAX_OOM_REAP_RETRIES = 10;

/** Victims that wait for the reaper: last in, first out. */
export class OomReaper {
  readonly list: Task[] = [];
  thread: Task | null = null;
  /** What it is reaping now. */
  reaping: Task | null = null;
}

/** Hands a victim to the reaper, at once or after OOM_REAPER_DELAY (5.18). */
export function wake_oom_reaper(k: Kernel, t: Task): void {
  if (t.reaper_queued) return;
  t.reaper_queued = true;
  const delay = k.profile.reaper_delay_hz * k.jiffies.hz;
  if (delay === 0) {
    queue_for_reaping(k, t);
    return;
  }
  k.defer(k.jiffies.timeoutExpiryNs(k.sim.nowNs, delay), () => {
    // The victim went by itself in the meantime: nothing to reap.
    if (t.signal.oom_mm?.oom_skip === false) queue_for_reaping(k, t);
  });
}

function queue_for_reaping(k: Kernel, t: Task): void {
  k.reaper.list.push(t);
  k.trace.on['oom:wake_reaper']?.({ pid: t.pid });
  k.reaper.thread?.wake();
}

/** The thread. */
export function* oom_reaper(k: Kernel, self: Task): Flow {
  for (;;) {
    const victim = k.reaper.list.pop();
    if (victim === undefined) {
      self.sleep_state = TASK_INTERRUPTIBLE;
      self.wchan = 'oom_reaper';
      yield BLOCK;
      self.sleep_state = TASK_UNINTERRUPTIBLE;
      self.wchan = '';
      continue;
    }
    k.reaper.reaping = victim;
    yield* oom_reap_task(k, self, victim);
    k.reaper.reaping = null;
    victim.reaper_queued = false;
  }
}

function* oom_reap_task(k: Kernel, self: Task, victim: Task): Flow {
  const mm = victim.signal.oom_mm;
  if (mm === null) return;
  let done = false;
  for (let attempt = 0; attempt < MAX_OOM_REAP_RETRIES; attempt++) {
    done = yield* oom_reap_task_mm(k, self, victim, mm);
    if (done) break;
    // After the last failure too: the victim has a second in all.
    const hz_10 = Math.floor(k.jiffies.hz / 10);
    yield schedule_timeout(k.sched, k.sim.nowNs, self, hz_10, TASK_INTERRUPTIBLE);
  }
  if (!done) k.printk(`oom_reaper: unable to reap pid:${victim.pid} (${victim.comm})`);
  // Whatever happened, nobody waits for this victim any longer.
  mark_mmf_oom_skip(k, mm, victim.pid, done ? 'reaped' : 'gave_up');
}

/** One attempt. Returns false if mmap_sem could not be had. */
function* oom_reap_task_mm(k: Kernel, self: Task, victim: Task, mm: Mm): Flow<boolean> {
  const locks = k.profile.reaper_takes_oom_lock;
  if (locks) yield* k.oom_lock_take(self, false);
  const done = yield* try_oom_reap(k, self, victim, mm);
  if (locks) k.oom_lock_release(self);
  return done;
}

function* try_oom_reap(k: Kernel, self: Task, victim: Task, mm: Mm): Flow<boolean> {
  if (!mm.mmap_sem.tryDownRead()) {
    k.trace.on['oom:skip_task_reaping']?.({ pid: victim.pid });
    return false;
  }
  if (must_not_notify(k, mm)) {
    // The reaper must not wait for a notifier: the victim gets a second, and no more.
    mm.mmap_sem.upRead();
    yield schedule_timeout(k.sched, k.sim.nowNs, self, k.jiffies.hz, TASK_INTERRUPTIBLE);
    return true;
  }
  if (mm.oom_skip) {
    // exit_mmap() has unmapped everything already.
    mm.mmap_sem.upRead();
    k.trace.on['oom:skip_task_reaping']?.({ pid: victim.pid });
    return true;
  }
  k.trace.on['oom:start_task_reaping']?.({ pid: victim.pid });
  if (!(yield* __oom_reap_task_mm(k, self, mm))) {
    mm.mmap_sem.upRead();
    return false;
  }
  k.printk(
    `oom_reaper: reaped process ${victim.pid} (${victim.comm}), now anon-rss:${K(mm.anon_pages)}kB, ` +
      `file-rss:${K(mm.file_pages)}kB, shmem-rss:${K(mm.shmem_pages)}kB`,
  );
  mm.mmap_sem.upRead();
  k.trace.on['oom:finish_task_reaping']?.({ pid: victim.pid });
  return true;
}

/** Up to 4.15 any notifier may block, for all that is known; up to 4.18 those that say so (4.16). */
function must_not_notify(k: Kernel, mm: Mm): boolean {
  const { reaper_notifiers } = k.profile;
  if (reaper_notifiers === 'any') return mm.notifiers !== 'none';
  return reaper_notifiers === 'blockable' && mm.notifiers === 'blocking';
}

/**
 * Returns false if a notifier would have had to wait (4.19: it is asked not to). One that can block
 * always has to, in this model.
 */
export function* __oom_reap_task_mm(k: Kernel, t: Task, mm: Mm): Flow<boolean> {
  mm.unstable = true;
  if (mm.notifiers === 'blocking') return false;
  yield* oom_reap_vmas(k, t, mm);
  return true;
}

/**
 * Unmaps what the victim can lose without cooperating: private areas that are not locked. Page
 * tables, shared memory and kernel memory stay. Returns the pages unmapped.
 */
export function* oom_reap_vmas(k: Kernel, t: Task, mm: Mm): Flow<number> {
  mm.unstable = true;
  let reaped = 0;
  for (const vma of [...mm.vmas()]) {
    if (vma.shared || (vma.locked && k.profile.reaper_skips_mlocked)) continue;
    const tlb = new MmuGather(k, t, k.costs.reapPageNs);
    for (const mapping of [...vma.mappings]) yield* tlb.unmap(mapping);
    yield* tlb.flush();
    reaped += tlb.cleared;
  }
  return reaped;
}

/** Sets MMF_OOM_SKIP: from now on the OOM killer may choose somebody else. */
export function mark_mmf_oom_skip(
  k: Kernel,
  mm: Mm,
  pid: number,
  cause: 'reaped' | 'gave_up' | 'exit_mmap' | 'init_shares_mm',
): void {
  if (mm.oom_skip) return;
  mm.oom_skip = true;
  rescore_mm(mm);
  k.trace.on['oomsim:mmf_oom_skip']?.({ pid, cause });
}
