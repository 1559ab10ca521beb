/** What user space does to cgroups: mkdir, rmdir, moving processes, writing files (cgroup v2). */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { GFP_KERNEL } from '../mm/gfp.js';
import { MemCgroup } from '../mm/mem_cgroup.js';
import { mem_cgroup_out_of_memory } from '../mm/memcg_oom.js';
import { count_memcg_event, drain_all_stock } from '../mm/memcontrol.js';
import { memory_high_write } from '../mm/memory_high.js';
import { rescore_memcg } from '../mm/oom_index.js';
import { SWAP_CLUSTER_MAX, try_to_free_mem_cgroup_pages } from '../mm/vmscan.js';
import { spend } from '../sched/core.js';
import { send_sigkill } from '../sched/signal.js';
import type { Task } from '../sched/task.js';
import { Cgroup, cgroup_tree } from './cgroup.js';

const MAX_RECLAIM_RETRIES = 16;

/** Makes a cgroup; it gets a memory controller of its own if its parent enables it. */
export function cgroup_mkdir(k: Kernel, path: string): Cgroup {
  const parent = k.cgroups.get(path.slice(0, path.lastIndexOf('/')) || '/');
  if (parent === undefined) throw new Error(`mkdir ${path}: no such parent`);
  const cgroup = new Cgroup(path, parent);
  cgroup.mems_allowed = parent.mems_allowed;
  k.cgroups.set(path, cgroup);
  if (parent.memory_in_subtree) css_create(k, cgroup);
  else cgroup.memcg = parent.memcg;
  return cgroup;
}

function css_create(k: Kernel, cgroup: Cgroup): void {
  const parent = cgroup.parent!.memcg;
  cgroup.memcg = new MemCgroup(cgroup.path, parent, cgroup, k.nodes.length);
  cgroup.memcg.oom_policy = parent.oom_policy;
  k.forget_preorder();
}

/** The controller goes away; what is charged stays charged until it is freed. */
function css_offline(k: Kernel, memcg: MemCgroup): void {
  memcg.online = false;
  drain_all_stock(k, memcg);
  k.css_put_if_dead(memcg);
}

/** Removes an empty cgroup. Returns an error name, or null. */
export function cgroup_rmdir(k: Kernel, path: string): 'ENOENT' | 'EBUSY' | null {
  const cgroup = k.cgroups.get(path);
  if (cgroup === undefined || cgroup.parent === null) return 'ENOENT';
  if (cgroup.tasks.size > 0 || cgroup.children.length > 0) return 'EBUSY';
  k.cgroups.delete(path);
  cgroup.parent.children.splice(cgroup.parent.children.indexOf(cgroup), 1);
  k.psi?.forget(cgroup);
  rescore_memcg(cgroup.memcg);
  if (cgroup.memcg.cgroup === cgroup) css_offline(k, cgroup.memcg);
  return null;
}

/**
 * Moves a whole process, but for threads that are exiting. Charges stay where they were made. That inner
 * cgroups have no processes (cgroup_migrate_vet_dst: EBUSY) is not enforced: trees of v1 are played too,
 * in which they may.
 */
export function cgroup_attach_process(k: Kernel, t: Task, to: Cgroup): void {
  for (const thread of t.signal.threads) {
    if (thread.exiting) continue; // it stays where it was
    thread.cgroup.remove_task(thread);
    k.psi?.move_task(thread, to);
    rescore_memcg(thread.cgroup.memcg);
    rescore_memcg(to.memcg);
    thread.cgroup = to;
    thread.mems_allowed = to.mems_allowed;
    to.add_task(thread);
  }
}

/** `+memory` or `-memory` in cgroup.subtree_control. */
function write_subtree_control(k: Kernel, cgroup: Cgroup, enable: boolean): void {
  if (cgroup.memory_in_subtree === enable) return;
  cgroup.memory_in_subtree = enable;
  for (const child of cgroup.children) {
    const own = child.memcg.cgroup === child ? child.memcg : null;
    if (enable && own === null) {
      css_create(k, child);
      take_over(child, cgroup.memcg, child.memcg);
    }
    if (!enable && own !== null) {
      take_over(child, own, cgroup.memcg);
      css_offline(k, own);
    }
  }
}

/** Cgroups from `top` on whose effective memcg was `from` now have `to` (cgroup_update_dfl_csses). */
function take_over(top: Cgroup, from: MemCgroup, to: MemCgroup): void {
  for (const below of cgroup_tree(top)) if (below.memcg === from) below.memcg = to;
  rescore_memcg(from);
  rescore_memcg(to);
}

/** Bytes as the memory files take them: a number, K/M/G/T, or max. Pages; NaN if malformed. */
export function memparse_pages(value: string): number {
  if (value === 'max') return Number.POSITIVE_INFINITY;
  const match = /^(\d+)\s*([KMGT]?)(?:i?B)?$/i.exec(value.trim());
  if (match === null) return Number.NaN;
  const power = ['', 'K', 'M', 'G', 'T'].indexOf((match[2] ?? '').toUpperCase());
  return Math.floor((Number(match[1]) * 1024 ** power) / 4096);
}

/** write(2) to a file of a cgroup, by task `t`. Returns an error name, or null. */
export function* cgroup_file_write(
  k: Kernel,
  t: Task,
  path: string,
  file: string,
  value: string,
): Flow<'ENOENT' | 'EINVAL' | 'EAGAIN' | 'ENOTSUPP' | null> {
  const cgroup = k.cgroups.get(path);
  if (cgroup === undefined) return 'ENOENT';
  if (file === 'cgroup.subtree_control') {
    if (/^[+-]memory$/.test(value)) write_subtree_control(k, cgroup, value.startsWith('+'));
    return null;
  }
  if (file === 'cgroup.kill') {
    if (!k.profile.cgroup_kill) return 'ENOENT';
    cgroup_kill(k, cgroup);
    return null;
  }
  const { memcg } = cgroup;
  if (memcg.cgroup !== cgroup) return 'ENOENT';
  // The series takes any number, but where it was not mounted with groupoom.
  if (file === 'memory.oom_group' && !k.groupoom) return 'ENOTSUPP';
  if (file === 'memory.oom.group' && !/^[01]$/.test(value)) return 'EINVAL';
  if (file === 'memory.oom.group' || file === 'memory.oom_group') {
    memcg.oom_group = Number(value) !== 0;
    return null;
  }
  if (file === 'memory.oom_policy') {
    memcg.oom_policy = value as MemCgroup['oom_policy'];
    return null;
  }
  const pages = memparse_pages(value);
  if (Number.isNaN(pages)) return 'EINVAL';
  return yield* write_memory_file(k, t, memcg, file, pages);
}

function* write_memory_file(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  file: string,
  pages: number,
): Flow<'ENOENT' | 'EAGAIN' | null> {
  switch (file) {
    case 'memory.max':
      yield* memory_max_write(k, t, memcg, pages);
      return null;
    case 'memory.high':
      yield* memory_high_write(k, t, memcg, pages);
      return null;
    case 'memory.low':
      memcg.low = pages;
      return null;
    case 'memory.min':
      if (!k.profile.memory_min) return 'ENOENT';
      memcg.min = pages;
      return null;
    case 'memory.swap.max':
      memcg.swap.max = pages;
      return null;
    case 'memory.reclaim':
      if (!k.profile.memory_reclaim) return 'ENOENT';
      return yield* memory_reclaim(k, t, memcg, pages);
    default:
      return 'ENOENT';
  }
}

/** A round never takes nothing, even where costs are zero: it waits for a victim by trying again. */
const OOM_ROUND_NS_MIN = 100;

/**
 * Sets the limit first, then makes usage fit: reclaim, and when that brings nothing, OOM kills until
 * it fits or the OOM killer has nothing to offer. The write succeeds either way.
 */
function* memory_max_write(k: Kernel, t: Task, memcg: MemCgroup, max: number): Flow {
  memcg.memory.max = max;
  let nr_reclaims = k.profile.memcg_reclaim_retries;
  let drained = false;
  while (memcg.memory.usage > max && !t.sigkill_pending) {
    if (!drained) {
      drain_all_stock(k, memcg);
      drained = true;
      continue;
    }
    if (nr_reclaims > 0) {
      const excess = memcg.memory.usage - max;
      if ((yield* try_to_free_mem_cgroup_pages(k, t, memcg, excess, GFP_KERNEL, true)) === 0) {
        nr_reclaims--;
      }
      continue;
    }
    count_memcg_event(k, memcg, 'oom');
    if (!(yield* mem_cgroup_out_of_memory(k, t, memcg, GFP_KERNEL))) break;
    // A preemption point (oom_lock is a mutex): the loop must not keep the victim from the only CPU.
    yield spend(t, Math.max(OOM_ROUND_NS_MIN, k.costs.syscallNs));
  }
}

/** memory.reclaim (5.19): so many pages, in small portions, until reclaim finds nothing any more. */
function* memory_reclaim(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  nr_to_reclaim: number,
): Flow<'EAGAIN' | null> {
  let nr_retries = MAX_RECLAIM_RETRIES;
  for (let left = nr_to_reclaim; left > 0 && !t.sigkill_pending; ) {
    const portion = Math.min(left, SWAP_CLUSTER_MAX);
    const got = yield* try_to_free_mem_cgroup_pages(k, t, memcg, portion, GFP_KERNEL, true);
    if (got === 0 && nr_retries-- === 0) return 'EAGAIN';
    left -= got;
  }
  return null;
}

/** cgroup.kill (5.14): SIGKILL for every process in the cgroup and below. */
function cgroup_kill(k: Kernel, root: Cgroup): void {
  for (const cgroup of cgroup_tree(root)) {
    for (const task of [...cgroup.tasks]) if (!task.kthread) send_sigkill(k, task);
  }
}
