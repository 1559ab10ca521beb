/**
 * Liveness: when the pressure ends, the system comes to rest. Everybody is killed, all limits are
 * lifted, and then nobody may be left waiting, no page lost, no lock held.
 */
import { check_invariants } from '../../src/kernel/check.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { for_each_mem_cgroup_tree, type MemCgroup } from '../../src/kernel/mm/mem_cgroup.js';
import { drain_all_stock } from '../../src/kernel/mm/memcontrol.js';
import {
  fatal_signal_pending,
  TASK_INTERRUPTIBLE,
  TASK_UNINTERRUPTIBLE,
  type Task,
} from '../../src/kernel/sched/task.js';
import type { System } from '../../src/run/boot.js';

/** The longest wait is for a slow device with a long queue, or a long sleep in D state. */
const PATIENCE_NS = 1_000_000_000_000;
const EVENTS_MAX = 10_000_000;
const POLL_NS = 200_000_000;

/** MAX_ORDER − 1 is 10. */
const LARGEST_BLOCK = 1 << 10;

export type Drained = 'drained' | 'panic' | 'deadlock';

/** Slab that nobody frees: what cgroups hold from the start. To be taken before anything runs. */
export function boot_slab(k: Kernel): ReadonlyMap<MemCgroup, number> {
  const slab = new Map<MemCgroup, number>();
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) slab.set(memcg, memcg.kmem.slab);
  return slab;
}

/**
 * @returns `panic` if the kernel panicked, before or while it drained; `deadlock` if it came to the
 * one that a kernel has, too. @throws Error if it hangs otherwise
 */
export function drain(
  system: System,
  slab: ReadonlyMap<MemCgroup, number>,
  check_every: number,
): Drained {
  const k = system.kernel;
  if (k.panicked !== null) return 'panic';
  lift_limits(k);
  system.host.shut_down();
  const end_ns = k.sim.nowNs + PATIENCE_NS;
  const last_event = k.sim.seq + EVENTS_MAX;
  for (let why = restless(k); why !== null; why = restless(k)) {
    if (k.sim.nowNs >= end_ns || k.sim.seq >= last_event) {
      if (is_deadlock(k)) return 'deadlock';
      throw new Error(`does not drain: ${why}`);
    }
    run_checked(k, k.sim.nowNs + POLL_NS, check_every);
    if (k.panicked !== null) return 'panic';
  }
  demand_empty(k, slab);
  return 'drained';
}

/**
 * Everybody left is dying, has reserves, and waits all the same for more than there is: beyond
 * PAGE_ALLOC_COSTLY_ORDER, __GFP_NOFAIL tries for ever without calling the OOM killer.
 */
function is_deadlock(k: Kernel): boolean {
  const living = [...k.processes].filter((leader) => leader !== k.init && !leader.kthread);
  return (
    living.every((t) => fatal_signal_pending(t) && is_napping(t)) &&
    k.zonelists[0]!.every((zone) => zone.free < zone.min + LARGEST_BLOCK)
  );
}

/** Sleeps for a jiffy between two attempts: not a wake-up that was lost. */
function is_napping(t: Task): boolean {
  return t.state === TASK_UNINTERRUPTIBLE && t.timer !== -1;
}

function run_checked(k: Kernel, until_ns: number, check_every: number): void {
  let unchecked = 0;
  for (;;) {
    const why = k.sim.run(until_ns, check_every);
    unchecked += check_every;
    if (why !== 'budget' || unchecked >= 100 * check_every) check_invariants(k);
    if (why === 'until' || why === 'empty' || k.panicked !== null) return;
  }
}

function lift_limits(k: Kernel): void {
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
    memcg.memory.max = Number.POSITIVE_INFINITY;
    memcg.high = Number.POSITIVE_INFINITY;
    memcg.swap.max = Number.POSITIVE_INFINITY;
    memcg.low = 0;
    memcg.min = 0;
  }
}

/** What still goes on, or null. */
function restless(k: Kernel): string | null {
  for (const leader of k.processes) {
    if (leader === k.init) continue;
    if (!leader.kthread) return `${leader.comm} (${leader.pid}) lives: ${state_of(leader)}`;
    if (!is_idle(leader)) return `${leader.comm} is busy: ${state_of(leader)}`;
  }
  if (k.swap.writes.size > 0) return 'pages are on their way to swap';
  if (k.flusher.dirty_pages() > 0) return 'pages are dirty';
  return null;
}

function state_of(leader: Task): string {
  return leader.signal.threads.map(({ state, wchan }) => `${state} ${wchan || '-'}`).join(', ');
}

const IDLE = new Set(['oom_reaper', 'kswapd', 'flush']);

function is_idle(t: Task): boolean {
  return t.state === TASK_INTERRUPTIBLE && IDLE.has(t.wchan);
}

/** Nothing is left but what outlives processes: files, tmpfs, and what the machine began with. */
function demand_empty(k: Kernel, slab: ReadonlyMap<MemCgroup, number>): void {
  drain_all_stock(k, k.root_mem_cgroup);
  check_invariants(k);
  demand(k.mms.size, 'address spaces');
  demand(k.oom_lock.owner === null ? 0 : 1, 'holders of oom_lock');
  demand(k.reaper.list.length, 'victims that wait for the reaper');
  demand(k.oom_victims, 'OOM victims');
  for (const queue of k.wait_queues) {
    for (const t of queue) if (!t.kthread) throw new Error(`${t.comm} is still on a wait queue`);
  }
  for (const pages of k.pages_in_flight) demand(pages, 'pages in flight');
  const persistent = persistent_pages(k);
  let swapped = 0;
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
    demand(memcg.resident.anon, `anonymous pages of ${memcg.path}`);
    demand(memcg.under_oom, `waiters for an OOM in ${memcg.path}`);
    demand(memcg.oom_lock ? 1 : 0, `OOM locks of ${memcg.path}`);
    demand(memcg.in_flight, `charges in flight of ${memcg.path}`);
    demand(memcg.refs, `references to ${memcg.path}`);
    demand_kmem(memcg, slab.get(memcg) ?? 0);
    const expected = persistent.get(memcg)?.swapped ?? 0;
    demand(memcg.swap_pages - expected, `swap entries of ${memcg.path} beyond its files`);
    const files = persistent.get(memcg)?.resident ?? 0;
    const resident = memcg.resident.file + memcg.resident.shmem;
    demand(resident - files, `pages of ${memcg.path} beyond its files`);
    swapped += expected;
  }
  demand(k.swap.used - swapped, 'swap slots beyond the files');
}

function demand(left: number, what: string): void {
  if (left !== 0) throw new Error(`drained, but there are ${left} ${what}`);
}

function demand_kmem(memcg: MemCgroup, slab: number): void {
  for (const [kind, pages] of Object.entries(memcg.kmem)) {
    const expected = kind === 'slab' ? slab : kind === 'slab_reclaimable' ? memcg.slab_freeable : 0;
    demand(pages - expected, `pages of ${kind} of ${memcg.path}`);
  }
}

/** Pages and swap entries of files and tmpfs, by memcg. */
function persistent_pages(k: Kernel): Map<MemCgroup, { resident: number; swapped: number }> {
  const sums = new Map<MemCgroup, { resident: number; swapped: number }>();
  for (const file of k.flusher.files.values()) {
    for (const set of file.sets) {
      const sum = sums.get(set.memcg) ?? { resident: 0, swapped: 0 };
      sum.resident += set.resident;
      sum.swapped += set.swapped;
      sums.set(set.memcg, sum);
    }
  }
  return sums;
}
