/** Steps that fill kernel memory: pipes, sockets, open files, plain allocations. */
import type { Flow } from '../engine/coroutine.js';
import { policy_nodemask } from '../kernel/cgroup/cpuset.js';
import { back_to_user_mode } from '../kernel/entry.js';
import type { Kernel } from '../kernel/kernel.js';
import {
  GFP_ATOMIC,
  GFP_KERNEL,
  GFP_KERNEL_ACCOUNT,
  GFP_NOFAIL,
  GFP_NOFS,
  type Gfp,
} from '../kernel/mm/gfp.js';
import type { KmemKind, MemCgroup } from '../kernel/mm/mem_cgroup.js';
import { alloc_kmem, free_kmem } from '../kernel/mm/memcontrol.js';
import { alloc_pages, put_pages } from '../kernel/mm/page_alloc.js';
import { spend } from '../kernel/sched/core.js';
import type { Task } from '../kernel/sched/task.js';
import { pages_for } from '../kernel/units.js';
import type { AllocationClass, StepOf, Variate } from '../workload/types.js';
import { fail } from './processes.js';
import type { Program } from './program.js';
import { nanosleep } from './sleep.js';

/**
 * A pipe holds 16 pages (PIPE_DEF_BUFFERS), 1.7 kB of unreclaimable slab (ring, pipe_inode_info, two
 * files) and 0.8 kB of inode and dentry, which count as reclaimable: pages a dozen pipes.
 */
const PIPE_PAGES = 16;
const SLAB_PER_DOZEN = { pipe: [5, 2], socket: [7, 6] } as const;
/** A unix stream socket takes 212992 bytes (net.core.wmem_default) before it says EAGAIN. */
const SOCKET_PAGES = 52;
/** Opening a /proc file costs about 1.3 kB of slab: filp, inode, dentry, seq_file. */
const FDS_PER_PAGE = 3;
/** Programs that pause do so after every 16 calls. */
const CALLS_PER_PAUSE = 16;

/** Kernel memory that goes when the process closes its files, that is, when it exits. */
function hold(t: Task, memcg: MemCgroup, kind: KmemKind, pages: number): void {
  const same = t.signal.files.find((held) => held.memcg === memcg && held.kind === kind);
  if (same !== undefined) same.pages += pages;
  else t.signal.open_file({ memcg, kind, pages });
}

/** Between one call and the next. */
function* pause_sometimes(program: Program, t: Task, i: number, every: Variate | null): Flow {
  yield* back_to_user_mode(program.host.k, t);
  if (every !== null && i % CALLS_PER_PAUSE === 0) {
    yield* nanosleep(program.host.k, t, program.draw(every));
  }
}

/** Allocates and keeps `n` pages; returns whether it got them all. What it got, it keeps. */
function* keep_pages(k: Kernel, t: Task, kind: KmemKind, gfp: Gfp, n: number): Flow<boolean> {
  const memcg = gfp.account ? t.cgroup.memcg : k.root_mem_cgroup;
  const got = yield* alloc_kmem(k, t, memcg, kind, gfp, n);
  if (got > 0) hold(t, memcg, kind, got);
  yield spend(t, k.costs.syscallNs + got * k.costs.touchPageNs);
  return got === n;
}

/** Slab pages of the i-th object of a kind, spread so that a dozen of them add up. */
function* keep_slab(k: Kernel, t: Task, kind: 'pipe' | 'socket', i: number): Flow<boolean> {
  const [slab, reclaimable] = SLAB_PER_DOZEN[kind];
  const share = (pages: number): number =>
    Math.floor(((i + 1) * pages) / 12) - Math.floor((i * pages) / 12);
  const ok = yield* keep_pages(k, t, 'slab', GFP_KERNEL_ACCOUNT, share(slab));
  if (!ok) return false;
  return yield* keep_pages(k, t, 'slab_reclaimable', GFP_KERNEL_ACCOUNT, share(reclaimable));
}

export function* fill_pipes(program: Program, t: Task, step: StepOf<'pipes'>): Flow {
  const { k } = program.host;
  for (let i = 0; i < step.count && !t.sigkill_pending; i++) {
    if (!(yield* keep_slab(k, t, 'pipe', i))) {
      fail(program, 'pipe', 'ENOMEM');
      return;
    }
    if (!(yield* keep_pages(k, t, 'pipe', GFP_KERNEL_ACCOUNT, PIPE_PAGES))) {
      fail(program, 'write', 'ENOMEM');
    }
    yield* pause_sometimes(program, t, i, step.every);
  }
}

export function* fill_sockets(program: Program, t: Task, step: StepOf<'sockets'>): Flow {
  const { k } = program.host;
  for (let i = 0; i < step.count && !t.sigkill_pending; i++) {
    if (!(yield* keep_slab(k, t, 'socket', i))) {
      fail(program, 'socketpair', 'ENOMEM');
      return;
    }
    // unix_create1(): sk_allocation is GFP_KERNEL_ACCOUNT.
    if (!(yield* keep_pages(k, t, 'pipe', GFP_KERNEL_ACCOUNT, SOCKET_PAGES))) {
      fail(program, 'send', 'ENOBUFS');
    }
    yield* pause_sometimes(program, t, i, step.every);
  }
}

export function* open_files(program: Program, t: Task, step: StepOf<'fds'>): Flow {
  const { k } = program.host;
  for (let i = 0; i < step.count && !t.sigkill_pending; i++) {
    if (i % FDS_PER_PAGE === 0 && !(yield* keep_pages(k, t, 'slab', GFP_KERNEL_ACCOUNT, 1))) {
      fail(program, 'open', 'ENOMEM');
      return;
    }
    yield* pause_sometimes(program, t, i, step.every);
  }
}

const GFP_OF: Record<AllocationClass, Gfp> = {
  user: GFP_KERNEL,
  kernel: GFP_KERNEL,
  nofs: GFP_NOFS,
  nofail: GFP_NOFAIL,
  atomic: GFP_ATOMIC,
};

/** Allocations of the asked class and order; those that fail are counted, not retried. */
export function* fill_kernel_memory(program: Program, t: Task, step: StepOf<'kmem'>): Flow {
  const { k } = program.host;
  const gfp: Gfp = { ...GFP_OF[step.class], account: step.accounted };
  const block = 1 << step.order;
  const blocks = Math.ceil(pages_for(program.draw(step.size)) / block);
  for (let i = 0; i < blocks && !t.sigkill_pending; i++) {
    const ok =
      step.order === 0
        ? yield* keep_pages(k, t, 'slab', gfp, 1)
        : yield* keep_block(k, t, gfp, step.order);
    if (!ok) fail(program, 'kmalloc', 'ENOMEM');
    yield* back_to_user_mode(k, t);
    if (step.every !== null) yield* nanosleep(k, t, program.draw(step.every));
  }
}

/** One allocation of 2^order pages, not charged to a memcg. */
function* keep_block(k: Kernel, t: Task, gfp: Gfp, order: number): Flow<boolean> {
  const node = yield* alloc_pages(k, t, {
    gfp,
    order,
    node: k.numa_node(t),
    nodemask: policy_nodemask(t),
  });
  yield spend(t, k.costs.syscallNs);
  if (node < 0) return false;
  const pages = 1 << order;
  if (t.signal.group_exit) {
    put_pages(k, node, pages);
    return true;
  }
  k.count_kmem(k.root_mem_cgroup, 'slab', node, pages);
  hold(t, k.root_mem_cgroup, 'slab', pages);
  return true;
}

/** Kernel memory that a call takes and gives back at once. Returns whether it got it. */
export function* borrow_pages(
  k: Kernel,
  t: Task,
  kind: KmemKind,
  gfp: Gfp,
  n: number,
): Flow<boolean> {
  const memcg = gfp.account ? t.cgroup.memcg : k.root_mem_cgroup;
  const got = yield* alloc_kmem(k, t, memcg, kind, gfp, n);
  yield spend(t, k.costs.syscallNs + got * k.costs.touchPageNs);
  free_kmem(k, memcg, kind, got);
  return got === n;
}
