import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/engine/coroutine.js';
import { check_invariants } from '../../../src/kernel/check.js';
import { GFP_KERNEL_ACCOUNT } from '../../../src/kernel/mm/gfp.js';
import { alloc_kmem } from '../../../src/kernel/mm/memcontrol.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { do_exit, do_group_exit } from '../../../src/kernel/sched/exit.js';
import { copy_process } from '../../../src/kernel/sched/fork.js';
import { EXIT_DEAD, EXIT_ZOMBIE, type Task } from '../../../src/kernel/sched/task.js';
import { MS, type TaskSpec, type World, world } from '../fixture.js';

const alive = (w: World<string>, name: string) => w.k.processes.has(w.tasks[name]!);

describe('the order of an exit (KERNEL.md 8)', () => {
  it('memory goes first, then files, then the task is no longer listed', () => {
    const w = world<string>({
      costs: { freePageNs: 10_000 },
      cgroups: { '/a': { pipe: 100 } },
      tasks: { t: { cgroup: '/a', anon: 100, pgtables: 10, stack: 4 } },
    });
    const { t } = w.tasks;
    t!.signal.open_file({ memcg: w.memcg('/a'), kind: 'pipe', pages: 100 });
    w.kill('t');
    const seen: string[] = [];
    let before = '';
    while (alive(w, 't')) {
      w.k.sim.run(Infinity, 1);
      const { kmem, resident } = w.memcg('/a');
      const listed = t!.cgroup.tasks.has(t!);
      const now = [
        `${resident.anon} anon`,
        `${kmem.pgtables} page tables`,
        `${kmem.pipe} pipe`,
        `${kmem.kernel_stack} stack`,
        listed ? 'listed' : 'gone',
      ].join(', ');
      if (now !== before) seen.push(now);
      before = now;
    }
    expect(seen).toEqual([
      '100 anon, 10 page tables, 100 pipe, 4 stack, listed',
      '100 anon, 0 page tables, 100 pipe, 4 stack, listed',
      '0 anon, 0 page tables, 0 pipe, 4 stack, listed',
      '0 anon, 0 page tables, 0 pipe, 0 stack, gone',
    ]);
    expect(w.memcg('/a').memory.usage).toBe(0);
    check_invariants(w.k);
  });

  it('a D-state task does not begin to die before its wait is over', () => {
    const w = world<string>({ tasks: { t: { anon: 9, state: 'D' } } });
    w.kill('t');
    w.advance(100);
    expect([w.tasks.t!.exiting, alive(w, 't')]).toEqual([false, true]);
    w.tasks.t!.wake();
    w.advance(1);
    expect(alive(w, 't')).toBe(false);
  });

  it('exit_mm() waits behind a writer of mmap_sem', () => {
    const w = world<string>({ tasks: { t: { anon: 9 }, sharer: { shares: 't', state: 'D' } } });
    const sem = w.tasks.t!.mm!.mmap_sem;
    w.run(w.tasks.sharer!, sem.downWrite(w.tasks.sharer!));
    w.kill('t');
    w.advance(50);
    expect([w.tasks.t!.exiting, w.tasks.t!.wchan]).toEqual([true, 'exit_mm']);
    sem.upWrite(w.tasks.sharer!);
    w.advance(1);
    expect(alive(w, 't')).toBe(false);
  });
});

describe('who takes the address space down (KERNEL.md 8)', () => {
  it('the last thread does', () => {
    const w = world<string>({ tasks: { t: { anon: 9, threads: 2 } } });
    const [leader, second, third] = w.tasks.t!.signal.threads;
    third!.state = 2; // it sleeps uninterruptibly
    const mm = leader!.mm!;
    w.kill('t');
    w.advance(1);
    expect([leader!.state, second!.state]).toEqual([EXIT_ZOMBIE, EXIT_ZOMBIE]);
    expect([mm.anon_pages, alive(w, 't')]).toEqual([9, true]);
    third!.wake();
    w.advance(1);
    expect([mm.anon_pages, alive(w, 't'), third!.state]).toEqual([0, false, EXIT_DEAD]);
  });

  it('the last sharer does', () => {
    const w = world<string>({ tasks: { t: { anon: 9 }, sharer: { shares: 't' } } });
    const mm = w.tasks.t!.mm!;
    w.kill('t');
    w.advance(1);
    expect([mm.anon_pages, mm.mm_users, mm.owner]).toEqual([9, 1, w.tasks.sharer]);
    w.kill('sharer');
    w.advance(1);
    expect([mm.anon_pages, mm.mm_users, mm.owner]).toEqual([0, 0, null]);
  });

  it('the next owner is a child rather than a sibling, and that rather than a thread', () => {
    const owner = (relatives: Record<string, TaskSpec>) => {
      const t = { parent: 'p', threads: 1 };
      const w = world<string>({ tasks: { p: {}, t, ...relatives } });
      const { mm } = w.tasks.t!;
      w.start(w.tasks.t!, do_exit(w.k, w.tasks.t!));
      w.advance(1);
      return Object.keys(w.tasks).find((name) => w.tasks[name] === mm!.owner) ?? 'thread';
    };
    const sibling = { shares: 't', parent: 'p' };
    const child = { shares: 't', parent: 't' };
    expect(owner({ other: { shares: 't' }, sibling, child })).toBe('child');
    expect(owner({ other: { shares: 't' }, sibling })).toBe('sibling');
    expect(owner({})).toBe('thread');
  });

  it('charges follow the owner: after its death those of whoever is next', () => {
    const w = world<string>({
      cgroups: { '/a': {}, '/b': {} },
      tasks: { t: { cgroup: '/a', anon: 9 }, sharer: { cgroup: '/b', shares: 't' } },
    });
    const { sharer } = w.tasks;
    const touch = () => w.run(sharer!, w.touch(sharer!, sharer!.mm!.mmap!, 1));
    touch();
    const usages = () => ['/a', '/b'].map((path) => w.memcg(path).resident.anon);
    expect(usages()).toEqual([10, 0]);
    w.kill('t');
    w.advance(1);
    touch();
    expect(usages()).toEqual([10, 1]);
  });

  it('shared memory goes with its last mapping', () => {
    const w = world<string>({ cgroups: { '/a': {} }, tasks: { t: { cgroup: '/a', shmem: 9 } } });
    w.kill('t');
    w.advance(1);
    expect(w.memcg('/a').memory.usage).toBe(0);
  });

  it('nobody frees memory that a core dump still reads', () => {
    const w = world<string>({ tasks: { t: { anon: 9, threads: 1 } } });
    const { signal } = w.tasks.t!;
    const [leader, other] = signal.threads;
    signal.coredump = true;
    signal.core_dumper = leader!;
    other!.sigkill_pending = true;
    other!.wake();
    w.advance(10);
    expect([other!.mm === null, other!.exiting]).toEqual([false, true]);
    w.now(leader!, leader!.mm!.mmap_sem.downWrite(leader!)); // it does not hold mmap_sem meanwhile
    leader!.mm!.mmap_sem.upWrite(leader!);
    signal.coredump = false;
    signal.core_done?.wakeAll();
    w.advance(1);
    expect(other!.mm).toBe(null);
  });
});

describe('what is left of a process', () => {
  it('a dead leader is listed in its cgroup while its threads live, from 5.2', () => {
    const listed = (kernel: string) => {
      const w = world<string>({
        kernel,
        cgroups: { '/a': {} },
        tasks: { t: { cgroup: '/a', threads: 1 } },
      });
      const { t } = w.tasks;
      t!.sigkill_pending = true;
      t!.wake();
      w.advance(1);
      const { tasks, dying } = t!.cgroup;
      return [tasks.has(t!), dying.includes(t!)];
    };
    expect([listed('4.15'), listed('6.1')]).toEqual([
      [false, false],
      [false, true],
    ]);
  });

  it('and no longer when the last of them begins to exit, however long that takes', () => {
    const w = world({
      kernel: '6.1',
      cgroups: { '/a': {} },
      tasks: {
        me: { cgroup: '/a', anon: 1 },
        victim: { cgroup: '/a', anon: 9, threads: 1, state: 'D' },
        next: { cgroup: '/a', anon: 2 },
      },
    });
    const { me, victim } = w.tasks;
    const [, thread] = victim.signal.threads;
    const { mmap_sem } = victim.mm!;
    const oom = () => w.run(me, w.oom(me, { memcg: w.memcg('/a') }));
    w.start(victim, do_exit(w.k, victim)); // the leader alone
    w.advance(1);
    w.now(me, mmap_sem.downWrite(me));
    oom();
    oom();
    expect(w.kills).toEqual(['victim']); // in flight
    thread!.wake();
    w.advance(1); // it waits in exit_mm()
    oom();
    expect(w.kills).toEqual(['victim', 'next']);
  });

  it('init inherits the children', () => {
    const w = world<string>({ tasks: { parent: {}, child: { parent: 'parent' } } });
    w.kill('parent');
    w.advance(1);
    expect(w.tasks.child!.signal.parent).toBe(w.k.init);
    expect(w.k.init.signal.children).toContain(w.tasks.child);
  });

  it('the exit code is that of the first reason to die', () => {
    const w = world<string>({ tasks: { t: {} } });
    const codes = w.watch('sched:sched_process_exit');
    w.start(w.tasks.t!, do_group_exit(w.k, w.tasks.t!, 3));
    w.advance(1);
    expect(codes[0]).toMatch(/ 3$/);
  });

  it('a victim is none any more when its memory has gone, but its process remains one', () => {
    const w = world<string>({ tasks: { t: { anon: 9 } } });
    const { t } = w.tasks;
    mark_oom_victim(w.k, t!);
    w.kill('t');
    w.advance(1);
    expect([w.k.oom_victims, t!.memdie, t!.signal.oom_mm !== null]).toEqual([0, false, true]);
  });
});

describe('fork', () => {
  const clone = (
    w: World<string>,
    mm: 'copy' | 'share' | 'thread' | 'new',
    vfork = false,
  ): Flow<Task | null> => {
    const { t } = w.tasks;
    return copy_process(w.k, t!, { comm: 'child', spec_name: '', user: t!.user!, mm, vfork });
  };
  const machine = () =>
    world<string>({
      cgroups: { '/a': { max: 500 } },
      tasks: { t: { cgroup: '/a', anon: 100, adj: 7 } },
    });

  it('charges the stack, and copies the page tables, not the pages', () => {
    const w = machine();
    const child = w.run(w.tasks.t!, clone(w, 'copy'))!;
    w.advance(1);
    expect(w.memcg('/a').kmem.kernel_stack).toBe(4);
    expect(w.memcg('/a').resident.anon).toBe(100);
    expect([child.mm!.anon_pages, child.signal.oom_score_adj]).toEqual([100, 7]);
    // One of them goes: the pages stay with the other.
    w.kill('t');
    w.advance(1);
    expect(w.memcg('/a').resident.anon).toBe(100);
    check_invariants(w.k);
  });

  it('counts in both what both map', () => {
    const w = world<string>({
      swap: 50,
      tasks: { t: { anon: 10, shmem: 20, swap: 30, file: 40 } },
    });
    const { mm } = w.run(w.tasks.t!, clone(w, 'copy'))!;
    const { anon_pages, shmem_pages, swapents, file_pages } = mm!;
    expect([anon_pages, shmem_pages, swapents, file_pages]).toEqual([10, 20, 30, 40]);
    check_invariants(w.k);
  });

  it('fails at the limit, and gives back what it had', () => {
    const w = machine();
    w.memcg('/a').memory.max = 103;
    expect(w.run(w.tasks.t!, clone(w, 'copy'))).toBe(null);
    expect(w.memcg('/a').kmem.kernel_stack).toBe(0);
  });

  it('a vfork() parent waits, killably, until the child lets go of the memory', () => {
    const w = machine();
    const call = w.start(w.tasks.t!, clone(w, 'share', true));
    w.advance(10);
    expect([call.done, w.tasks.t!.wchan]).toEqual([false, 'wait_for_vfork_done']);
    const child = [...w.k.processes].at(-1)!;
    expect([child.comm, child.vfork_done]).toEqual(['child', false]);
    child.sigkill_pending = true;
    child.wake();
    w.advance(1);
    expect(call.value).toBe(child);
  });

  it('whoever is killed in it leaves no child behind', () => {
    for (const mm of ['thread', 'copy'] as const) {
      const w = machine();
      w.tasks.t!.sigkill_pending = true;
      expect(w.run(w.tasks.t!, clone(w, mm))).toBe(null);
      expect([w.tasks.t!.signal.threads.length, w.memcg('/a').kmem.kernel_stack]).toEqual([1, 0]);
    }
  });
});

it('kernel memory in files is freed with the last thread only', () => {
  const w = world<string>({ cgroups: { '/a': {} }, tasks: { t: { cgroup: '/a', threads: 1 } } });
  const { t } = w.tasks;
  const memcg = w.memcg('/a');
  w.run(t!, alloc_kmem(w.k, t!, memcg, 'pipe', GFP_KERNEL_ACCOUNT, 16));
  t!.signal.open_file({ memcg, kind: 'pipe', pages: 16 });
  const [leader, other] = t!.signal.threads;
  other!.state = 2;
  w.kill('t');
  w.advance(1);
  expect([leader!.state, memcg.kmem.pipe]).toEqual([EXIT_ZOMBIE, 16]);
  w.k.defer(w.k.sim.nowNs + MS, () => other!.wake());
  w.advance(2);
  expect(memcg.kmem.pipe).toBe(0);
});
