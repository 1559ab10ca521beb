import type { Flow } from '../engine/coroutine.js';
import type { ExecConfig } from '../kernel/config.js';
import type { Kernel } from '../kernel/kernel.js';
import { GFP_KERNEL_ACCOUNT } from '../kernel/mm/gfp.js';
import { alloc_kmem } from '../kernel/mm/memcontrol.js';
import { fault_pages } from '../kernel/mm/memory.js';
import { add_mm_counter } from '../kernel/mm/mm_types.js';
import { spend } from '../kernel/sched/core.js';
import { mm_alloc, THREAD_STACK_PAGES } from '../kernel/sched/fork.js';
import { send_sigkill } from '../kernel/sched/signal.js';
import type { Task } from '../kernel/sched/task.js';
import type { ProcessSpec } from '../workload/types.js';
import { place_initial_memory } from './initial_memory.js';
import { map_area } from './program.js';

/** What fork() and exec() take for a process that init starts, charged to its own cgroup. */
export function* exec_process(k: Kernel, t: Task, spec: ProcessSpec): Flow {
  const memcg = t.cgroup.memcg;
  if (spec.memory !== null) {
    place_initial_memory(k, t, mm_alloc(k, t), spec.memory);
    trace_exec(k, t);
    return;
  }
  const stack = yield* alloc_kmem(
    k,
    t,
    memcg,
    'kernel_stack',
    GFP_KERNEL_ACCOUNT,
    THREAD_STACK_PAGES,
  );
  const wanted = stack < THREAD_STACK_PAGES ? 0 : k.exec.slabPages;
  const slab = yield* alloc_kmem(k, t, memcg, 'slab', GFP_KERNEL_ACCOUNT, wanted);
  t.hold_kmem(memcg, stack, slab);
  if (stack < THREAD_STACK_PAGES || slab < wanted) send_sigkill(k, t);
  else yield* exec_mm(k, t, k.exec);
}

/** A fresh address space with the program in it: replaces what fork() copied. */
export function* exec_mm(k: Kernel, t: Task, exec: ExecConfig): Flow {
  const mm = mm_alloc(k, t);
  yield spend(t, k.costs.forkNs);
  const memcg = t.cgroup.memcg;
  const got = yield* alloc_kmem(k, t, memcg, 'pgtables', GFP_KERNEL_ACCOUNT, exec.pgtablesPages);
  mm.add_pgtables(memcg, got);
  // The first page table is part of these; the stack and data pages of the program fit in it.
  mm.pte_pages = Math.min(1, got);
  mm.text_file_pages = exec.filePages;
  mm.text_shmem_pages = exec.shmemPages;
  add_mm_counter(mm, 'file', exec.filePages);
  add_mm_counter(mm, 'shmem', exec.shmemPages);
  mm.total_vm = exec.filePages + exec.shmemPages;
  if (got < exec.pgtablesPages) {
    send_sigkill(k, t);
    return;
  }
  const vma = map_area(t, 'anon', exec.anonPages);
  yield* fault_pages(k, t, vma, exec.anonPages);
  trace_exec(k, t);
}

function trace_exec(k: Kernel, t: Task): void {
  k.trace.on['sched:sched_process_exec']?.({ pid: t.pid, comm: t.comm });
}
