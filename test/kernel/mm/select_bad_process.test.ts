import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { GFP_HIGHUSER_MOVABLE, GFP_KERNEL } from '../../../src/kernel/mm/gfp.js';
import { INFLIGHT_VICTIM, type OomControl } from '../../../src/kernel/mm/oom_control.js';
import { rescore_signal } from '../../../src/kernel/mm/oom_index.js';
import {
  mem_cgroup_get_limit,
  mem_cgroup_scan_tasks,
  select_bad_process,
} from '../../../src/kernel/mm/oom_kill.js';
import { task_candidates } from '../../../src/kernel/mm/oom_trace.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import type { Task } from '../../../src/kernel/sched/task.js';
import { type CgroupSpec, type TaskSpec, type World, world } from '../fixture.js';

/** Whom the process scan chooses. */
function choice<N extends string>(w: World<N>, over: Partial<OomControl> = {}): string | null {
  const oc = w.control(over);
  select_bad_process(w.k, oc);
  const { chosen_task } = oc;
  return chosen_task === null || chosen_task === INFLIGHT_VICTIM ? chosen_task : chosen_task.comm;
}

/** set_current_oom_origin() */
function declare_origin(k: Kernel, { signal }: Task): void {
  signal.oom_flag_origin = true;
  rescore_signal(k, signal);
}

function choiceOf(kernel: string, tasks: Record<string, TaskSpec>): string | null {
  return choice(world({ kernel, tasks }));
}

describe('oom_evaluate_task (KERNEL.md 2.4)', () => {
  it('takes the highest badness', () => {
    expect(choiceOf('4.15', { a: { anon: 5 }, b: { anon: 9 }, c: { anon: 7 } })).toBe('b');
  });

  it('takes among equals the one that a report then names first', () => {
    for (const kernel of ['4.15', '5.4']) {
      const w = world({ kernel, tasks: { a: { anon: 5 }, b: { anon: 5 }, c: { anon: 4 } } });
      const named = task_candidates(w.k, w.control()).map(({ comm }) => comm);
      expect(named[0]).toBe(choice(w));
      expect(named[2]).toBe('c');
    }
  });

  it('finds nobody where nobody may be killed', () => {
    expect(choiceOf('4.15', { a: { anon: 5, adj: -1000 }, kworker: { kthread: true } })).toBe(null);
    expect(choiceOf('6.1', { a: { anon: 5, adj: -1000 }, kworker: { kthread: true } })).toBe(null);
  });

  it('chooses among negative scores from 5.9, and finds all equal before', () => {
    const tasks = { a: { anon: 5, adj: -500 }, b: { anon: 5, adj: -400 }, c: { adj: -600 } };
    expect(choiceOf('4.15', tasks)).toBe('a');
    expect(choiceOf('5.9', tasks)).toBe('b');
  });

  it('stops at a victim in flight, whoever was better', () => {
    const w = world({ tasks: { big: { anon: 900 }, victim: { anon: 5 }, last: { anon: 999 } } });
    mark_oom_victim(w.k, w.tasks.victim);
    expect(choice(w)).toBe(INFLIGHT_VICTIM);
  });

  it('passes over a victim that has been given up (MMF_OOM_SKIP)', () => {
    const w = world({ tasks: { victim: { anon: 900 }, next: { anon: 5 } } });
    mark_oom_victim(w.k, w.tasks.victim);
    w.tasks.victim.mm!.oom_skip = true;
    expect(choice(w)).toBe('next');
  });

  it('still waits for a victim whose leader has lost its mm: oom_mm belongs to the process', () => {
    const w = world({ tasks: { victim: { anon: 900, threads: 1 }, next: { anon: 5 } } });
    mark_oom_victim(w.k, w.tasks.victim);
    w.tasks.victim.mm = null;
    expect(choice(w)).toBe(INFLIGHT_VICTIM);
  });

  it('does not mind victims when sysrq asks: the same one again', () => {
    const w = world({ tasks: { victim: { anon: 900 }, next: { anon: 5 } } });
    mark_oom_victim(w.k, w.tasks.victim);
    expect(choice(w, { order: -1, trigger: 'sysrq' })).toBe('victim');
  });

  it('prefers whoever has declared itself the origin, the last of several', () => {
    const w = world({ tasks: { a: {}, swapoff: { anon: 1 }, b: { anon: 900 }, ksm: {}, c: {} } });
    declare_origin(w.k, w.tasks.swapoff);
    expect(choice(w)).toBe('swapoff');
    declare_origin(w.k, w.tasks.ksm);
    expect(choice(w)).toBe('ksm');
  });
});

describe('ties (KERNEL.md 2.4, 4.10)', () => {
  const equal = { a: { anon: 5 }, b: { anon: 5 }, c: { anon: 5 } };

  it.each([
    ['4.15', 'a'],
    ['5.2', 'a'],
    ['5.4', 'c'],
    ['6.1', 'c'],
  ])('%s takes %s of three equals', (kernel, victim) => {
    expect(choiceOf(kernel, equal)).toBe(victim);
  });

  it('a thread that is not leader gives way to the next equal, even of another process', () => {
    const w = world({
      cgroups: { '/a': {} },
      tasks: {
        headless: { cgroup: '/a', anon: 5, threads: 1 },
        b: { cgroup: '/a', anon: 5 },
        c: { cgroup: '/a', anon: 5 },
      },
    });
    w.tasks.headless.cgroup.remove_task(w.tasks.headless); // the leader has exited
    expect(choice(w, { memcg: w.memcg('/a') })).toBe('b');
  });
});

describe('scan order (KERNEL.md 2.6, 2.7)', () => {
  const visits = (w: World<string>, path: string): string[] => {
    const seen: string[] = [];
    mem_cgroup_scan_tasks(w.k, w.memcg(path), (t) => {
      seen.push(`${t.comm}${t.is_leader ? '' : '+'}`);
      return false;
    });
    return seen;
  };
  const tree = (kernel: string) =>
    world<string>({
      kernel,
      cgroups: { '/a': {}, '/b': {}, '/a/x': {}, '/a/y': {}, '/a/x/z': {} },
      tasks: {
        y: { cgroup: '/a/y' },
        x1: { cgroup: '/a/x', threads: 1 },
        b: { cgroup: '/b' },
        z: { cgroup: '/a/x/z' },
        a: { cgroup: '/a' },
        x2: { cgroup: '/a/x' },
        r: {},
      },
    });

  it('the system is visited in the order of creation, whatever the pids', () => {
    const w = world({
      tasks: { old: { pid: 900, anon: 5 }, young: { pid: 100, anon: 5 } },
    });
    expect(choice(w)).toBe('old');
  });

  it('a memcg before its children, these as they were made, tasks as they came', () => {
    expect(visits(tree('4.15'), '/a')).toEqual(['a', 'x1', 'x1+', 'x2', 'z', 'y']);
  });

  it('processes only, from 5.3', () => {
    expect(visits(tree('5.4'), '/a')).toEqual(['a', 'x1', 'x2', 'z', 'y']);
  });

  it('of the root memcg only its own tasks', () => {
    const seen = visits(tree('4.15'), '/').filter((comm) => 'abrxyz'.includes(comm[0]!));
    expect(seen).toEqual(['r']);
  });

  it('cgroups without a memory controller belong to the one above', () => {
    const w = tree('4.15');
    w.write(w.tasks.r!, '/a/x', 'cgroup.subtree_control', '-memory');
    expect(visits(w, '/a/x')).toEqual(['x1', 'x1+', 'x2', 'z']);
    expect(w.memcg('/a/x/z')).toBe(w.memcg('/a/x'));
  });

  it('a task that has moved comes last', () => {
    const w = tree('4.15');
    w.move('y', '/a/x');
    expect(visits(w, '/a')).toEqual(['a', 'x1', 'x1+', 'x2', 'y', 'z']);
  });

  it('ends when the callback says so', () => {
    const w = tree('4.15');
    let seen = 0;
    mem_cgroup_scan_tasks(w.k, w.memcg('/a'), () => ++seen === 3);
    expect(seen).toBe(3);
  });
});

describe('totalpages (KERNEL.md 2.5)', () => {
  it.each<[string, CgroupSpec, { swap: number; swappiness: number }, number]>([
    ['the limit', { max: 1000 }, { swap: 0, swappiness: 60 }, 1000],
    ['and the swap there is', { max: 1000 }, { swap: 500, swappiness: 60 }, 1500],
    ['or may be used', { max: 1000, swap_max: 30 }, { swap: 500, swappiness: 60 }, 1030],
    ['none with vm.swappiness 0', { max: 1000 }, { swap: 500, swappiness: 0 }, 1000],
    ['at least one page', { max: 0 }, { swap: 0, swappiness: 60 }, 1],
  ])('of a memcg: %s', (_what, knobs, { swap, swappiness }, expected) => {
    // The limits above it do not matter.
    const w = world({ swap, sysctl: { swappiness }, cgroups: { '/a': { max: 1 }, '/a/b': knobs } });
    expect(mem_cgroup_get_limit(w.k, w.memcg('/a/b'))).toBe(expected);
  });

  /** totalpages and constraint of a global OOM of one task on two nodes of 1000 and 3000 pages. */
  const constrained = (
    spec: TaskSpec,
    mems: number[] | undefined,
    trigger: 'alloc' | 'pagefault',
    gfp = GFP_HIGHUSER_MOVABLE,
  ) => {
    const w = world({
      zones: [
        { node: 0, managedPages: 1000, presentPages: 1100 },
        { node: 1, managedPages: 3000, presentPages: 3100 },
      ],
      swap: 50,
      cgroups: { '/c': mems === undefined ? {} : { mems } },
      tasks: { me: { cgroup: '/c', ...spec }, other: { anon: 100 } },
    });
    let seen = '';
    w.k.trace.subscribe(['oomsim:oom_select'], (_name, _context, { totalpages, constraint }) => {
      seen = `${constraint} ${totalpages}`;
    });
    w.run(w.tasks.me, w.oom(w.tasks.me, { nodemask: spec.nodemask ?? null, trigger, gfp }));
    return seen;
  };

  it.each<[string, TaskSpec, number[] | undefined, 'alloc' | 'pagefault', string]>([
    ['memory and swap', {}, undefined, 'alloc', 'CONSTRAINT_NONE 4050'],
    [
      'a mempolicy for all nodes is none',
      { nodemask: [0, 1] },
      undefined,
      'alloc',
      'CONSTRAINT_NONE 4050',
    ],
    [
      'a mempolicy: swap and its nodes with their holes',
      { nodemask: [1] },
      undefined,
      'alloc',
      'CONSTRAINT_MEMORY_POLICY 3150',
    ],
    ['a cpuset: swap and its nodes with their holes', {}, [0], 'alloc', 'CONSTRAINT_CPUSET 1150'],
    [
      'a failed page fault knows of no constraint',
      { nodemask: [1] },
      [1],
      'pagefault',
      'CONSTRAINT_NONE 4050',
    ],
  ])('of the machine: %s', (_what, spec, mems, trigger, expected) => {
    expect(constrained(spec, mems, trigger)).toBe(expected);
  });

  it('kernel memory is not bound to a cpuset', () => {
    expect(constrained({}, [0], 'alloc', GFP_KERNEL)).toBe('CONSTRAINT_NONE 4050');
  });
});

it('the choice has the highest score, and no other order of processes finds a higher one', () => {
  const tasks = fc.array(
    fc.record({ anon: fc.nat({ max: 50 }), adj: fc.integer({ min: -1000, max: 3 }) }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(tasks, fc.constantFrom('4.15', '5.2', '5.4', '6.1'), (specs, kernel) => {
      const named = specs.map((spec, i) => [`t${i}`, spec] as const);
      const scoreOf = (comm: string | null) => {
        if (comm === null) return null;
        const { anon, adj } = specs[Number(comm.slice(1))]!;
        const points = anon + adj * 100;
        return kernel === '6.1' ? points : Math.max(1, points);
      };
      const best = scoreOf(choiceOf(kernel, Object.fromEntries(named)));
      expect(scoreOf(choiceOf(kernel, Object.fromEntries([...named].reverse())))).toBe(best);
      const eligible = named.filter(([, { adj }]) => adj !== -1000).map(([comm]) => scoreOf(comm)!);
      expect(best).toBe(eligible.length === 0 ? null : Math.max(...eligible));
    }),
  );
});
