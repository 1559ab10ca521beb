/** Steps that go through the page cache: files on disk, mapped files, tmpfs. */
import type { Flow } from '../engine/coroutine.js';
import { policy_nodemask } from '../kernel/cgroup/cpuset.js';
import { back_to_user_mode } from '../kernel/entry.js';
import type { Kernel } from '../kernel/kernel.js';
import { GFP_HIGHUSER, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, type Gfp } from '../kernel/mm/gfp.js';
import type { MemCgroup } from '../kernel/mm/mem_cgroup.js';
import {
  charge_room,
  get_mem_cgroup_from_mm,
  stocked_pages,
  try_charge,
  try_charge_fast,
} from '../kernel/mm/memcontrol.js';
import { pagefault_out_of_memory } from '../kernel/mm/memory.js';
import {
  add_mm_counter,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  Mapping,
  type PageSet,
  Vma,
} from '../kernel/mm/mm_types.js';
import { alloc_pages, pages_above, put_pages, take_pages } from '../kernel/mm/page_alloc.js';
import { add_pages, move_pages } from '../kernel/mm/rmap.js';
import type { AddressSpace } from '../kernel/mm/writeback.js';
import { spend } from '../kernel/sched/core.js';
import { psi_memstall_enter, psi_memstall_leave } from '../kernel/sched/psi.js';
import { force_sigkill, SIGSEGV } from '../kernel/sched/signal.js';
import { TASK_UNINTERRUPTIBLE, type Task } from '../kernel/sched/task.js';
import { pages_for } from '../kernel/units.js';
import type { StepOf } from '../workload/types.js';
import { fail } from './processes.js';
import type { Program } from './program.js';
import { nanosleep } from './sleep.js';

/** Readahead and write chunks: 64 KiB. */
const CHUNK_PAGES = 16;
const MIB_PAGES = 256;

/**
 * Puts up to `n` new pages of a file into the page cache. Returns how many; 0 means −ENOMEM. A page
 * cache allocation reclaims and may call the global OOM killer, but up to 4.18 not a memcg's.
 */
function* add_to_page_cache(
  k: Kernel,
  t: Task,
  file: AddressSpace,
  n: number,
  gfp: Gfp,
): Flow<{ set: PageSet; n: number } | null> {
  let memcg = get_mem_cgroup_from_mm(k, t.mm);
  const lru = file.kind === 'file' ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
  const node = k.numa_node(t);
  const fast = Math.min(n, fast_room(k, memcg, node));
  if (fast > 0 && try_charge_fast(k, memcg, fast)) {
    take_pages(k, node, fast, 'low');
    const set = file.set_for(memcg, node);
    add_pages(k, set, lru, fast);
    return { set, n: fast };
  }
  const got = yield* alloc_pages(k, t, { gfp, order: 0, node, nodemask: policy_nodemask(t) });
  if (got < 0) return null;
  memcg = get_mem_cgroup_from_mm(k, t.mm);
  if (!try_charge_fast(k, memcg, 1) && !(yield* try_charge(k, t, memcg, GFP_KERNEL, 1))) {
    put_pages(k, got, 1);
    return null;
  }
  const set = file.set_for(memcg, got);
  add_pages(k, set, lru, 1);
  return { set, n: 1 };
}

/** Pages that are to be had at once: above the low watermark and below every limit. */
function fast_room(k: Kernel, memcg: MemCgroup, node: number): number {
  const above = pages_above(k, node, 'low');
  if (memcg.is_root) return above;
  return Math.min(above, Math.max(stocked_pages(k, memcg), charge_room(memcg)));
}

/** write(2) to a new tmpfs file: its pages stay until the end of the run, whoever wrote them. */
export function* write_tmpfs(program: Program, t: Task, step: StepOf<'tmpfs'>): Flow {
  const { k } = program.host;
  const file = k.flusher.file(`/tmp/w${t.pid}`, 'shmem');
  const pages = pages_for(program.draw(step.size));
  const step_pages = step.step === null ? pages : Math.max(1, pages_for(program.draw(step.step)));
  for (let done = 0; done < pages && !t.sigkill_pending; ) {
    const want = Math.min(CHUNK_PAGES, pages - done, step_pages - (done % step_pages));
    if (!k.flusher.reserve_tmpfs(want)) {
      fail(program, 'write', 'ENOSPC');
      return;
    }
    const added = yield* add_to_page_cache(k, t, file, want, GFP_HIGHUSER);
    k.flusher.tmpfs_used -= want - (added?.n ?? 0);
    if (added === null) {
      fail(program, 'write', 'ENOMEM');
      return;
    }
    done += added.n;
    yield spend(t, added.n * k.costs.touchPageNs);
    yield* back_to_user_mode(k, t);
    if (step.every !== null && done % step_pages === 0) {
      yield* nanosleep(k, t, program.draw(step.every));
    }
  }
}

/**
 * Of `n` pages about to be read, those that are in the page cache: the share of the region that is.
 * Which pages these are is not tracked.
 */
function cached(file: AddressSpace, region_pages: number, n: number): number {
  return Math.min(n, Math.floor((n * Math.min(file.resident, region_pages)) / region_pages));
}

/** Pages found in the cache were used a second time: mark_page_accessed() makes them active. */
function activate(k: Kernel, file: AddressSpace, n: number): void {
  let left = n;
  for (const set of file.sets) {
    const now = Math.min(left, set.lru[LRU_INACTIVE_FILE]!);
    move_pages(k, set, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, now);
    left -= now;
    if (left === 0) return;
  }
}

/**
 * Waits until `n` new pages of a set have come from the disk; a page that was evicted not long ago makes
 * it a memory stall. The pages are locked and referred to by the reader until it has the CPU again.
 */
function* read_from_disk(k: Kernel, t: Task, set: PageSet, n: number, refault: boolean): Flow {
  const done_ns = k.flusher.disk.submit(k.sim.nowNs, n);
  set.reading += n;
  if (refault) psi_memstall_enter(k, t);
  t.wchan = 'io_schedule';
  yield k.sched.sleep_until(t, done_ns, TASK_UNINTERRUPTIBLE);
  t.wchan = '';
  set.reading -= n;
  if (refault) psi_memstall_leave(k, t);
}

/** Pages that come back after they were evicted go to the active list (workingset_refault). */
function note_refaults(k: Kernel, set: PageSet, n: number): boolean {
  const refaults = Math.min(n, set.evicted, set.lru[LRU_INACTIVE_FILE]!);
  if (refaults === 0) return false;
  set.evicted -= refaults;
  const lruvec = set.memcg.lruvecs[set.node]!;
  if (set.evicted + lruvec.size[LRU_INACTIVE_FILE]! <= lruvec.file_pages) {
    move_pages(k, set, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, refaults);
    lruvec.activations += refaults;
  }
  return true;
}

/** A chunk of a file: from the cache or from the disk. Returns the pages got; 0 on ENOMEM. */
function* read_chunk(
  program: Program,
  t: Task,
  file: AddressSpace,
  region: number,
  want: number,
  gfp: Gfp,
): Flow<number> {
  const { k } = program.host;
  const hits = cached(file, region, want);
  activate(k, file, hits);
  let got = hits;
  while (got < want && !t.sigkill_pending) {
    const added = yield* add_to_page_cache(k, t, file, want - got, gfp);
    if (added === null) break;
    got += added.n;
    const refault = note_refaults(k, added.set, added.n);
    yield* read_from_disk(k, t, added.set, added.n, refault);
  }
  // At least a nanosecond: who reads again after an error comes to an end when time has passed.
  yield spend(t, Math.max(1, k.costs.syscallNs + got * k.costs.readPageNs));
  return got;
}

/** read(2) of a file from `skip` on, `times` times; an error ends one time, not those after it. */
export function* read_file(program: Program, t: Task, step: StepOf<'read'>): Flow {
  const { k } = program.host;
  const pages = pages_for(program.draw(step.size));
  const file = k.flusher.file(`${step.file}@${step.skip}`);
  for (let pass = 0; pass < step.times; pass++) {
    for (let done = 0; done < pages && !t.sigkill_pending; ) {
      const want = Math.min(CHUNK_PAGES, pages - done);
      const got = yield* read_chunk(program, t, file, pages, want, GFP_HIGHUSER);
      yield* back_to_user_mode(k, t);
      if (got === 0) {
        fail(program, 'read', 'ENOMEM');
        break;
      }
      done += got;
      if (step.every !== null && done % MIB_PAGES < got) {
        yield* nanosleep(k, t, program.draw(step.every));
      }
    }
  }
}

/** Touches a file through a shared mapping, `times` times. */
export function* map_file(program: Program, t: Task, step: StepOf<'map'>): Flow {
  const { k } = program.host;
  const mm = t.mm!;
  const pages = pages_for(program.draw(step.size));
  const file = k.flusher.file(`${step.file}@${step.skip}`);
  const vma = new Vma(mm, 'file', true, pages);
  mm.insert_vma(vma);
  mm.total_vm += pages;
  for (let pass = 0; pass < step.times; pass++) {
    for (let done = 0; done < pages && !t.sigkill_pending; ) {
      const want = Math.min(CHUNK_PAGES, pages - done);
      t.memcg_may_oom = true;
      const got = yield* read_chunk(program, t, file, pages, want, GFP_HIGHUSER_MOVABLE);
      t.memcg_may_oom = false;
      if (got === 0) yield* pagefault_out_of_memory(k, t);
      if (!(yield* map_chunk(k, t, vma, file, done + got))) return;
      done += got;
      yield* back_to_user_mode(k, t);
    }
  }
}

/** The end of a fault: the pages are mapped, unless the area is gone. Returns false then. */
function* map_chunk(
  k: Kernel,
  t: Task,
  vma: Vma,
  file: AddressSpace,
  pages: number,
): Flow<boolean> {
  const { mmap_sem } = vma.mm;
  yield* mmap_sem.downRead(t);
  if (vma.unmapped) force_sigkill(k, t, SIGSEGV);
  else map_resident(k, vma, file, pages);
  mmap_sem.upRead();
  return !vma.unmapped;
}

/** The mapping now covers what is resident of the first `pages` pages of the file. */
function map_resident(k: Kernel, vma: Vma, file: AddressSpace, pages: number): void {
  let left = pages;
  for (const set of file.sets) {
    const mapping = vma.mappings.find((m) => m.set === set) ?? new Mapping(vma, set);
    const present = Math.min(left, set.resident);
    add_mm_counter(vma.mm, 'file', present - mapping.present);
    mapping.present = present;
    set.touched_ns = k.sim.nowNs;
    left -= present;
  }
}

/** write(2) to a file on disk: dirty pages, throttled when there are too many. */
export function* write_file(program: Program, t: Task, step: StepOf<'write'>): Flow {
  const { k } = program.host;
  const pages = pages_for(program.draw(step.size));
  const file = k.flusher.file(step.file);
  for (let done = 0; done < pages && !t.sigkill_pending; ) {
    const added = yield* add_to_page_cache(
      k,
      t,
      file,
      Math.min(CHUNK_PAGES, pages - done),
      GFP_HIGHUSER,
    );
    if (added === null) {
      fail(program, 'write', 'ENOMEM');
      return;
    }
    added.set.dirty += added.n;
    k.flusher.note_dirtied();
    done += added.n;
    yield spend(t, k.costs.syscallNs + added.n * k.costs.readPageNs);
    while (k.flusher.over_limit(k, added.set.memcg) && !t.sigkill_pending) {
      k.flusher.wake();
      yield* k.congestion_wait(t, Math.ceil(k.jiffies.hz / 10));
    }
    yield* back_to_user_mode(k, t);
    if (step.every !== null && done % MIB_PAGES < added.n) {
      yield* nanosleep(k, t, program.draw(step.every));
    }
  }
}
