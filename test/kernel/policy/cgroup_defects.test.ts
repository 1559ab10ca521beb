/** Defects of the reworked out_of_memory(), by their numbers in KERNEL.md 1.5. All are modelled. */
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/engine/coroutine.js';
import { cgroup_rmdir } from '../../../src/kernel/cgroup/cgroupfs.js';
import { GFP_KERNEL, GFP_NOFS } from '../../../src/kernel/mm/gfp.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { alloc_pages } from '../../../src/kernel/mm/page_alloc.js';
import { sysrq_oom } from '../../../src/kernel/mm/sysrq.js';
import { TASK_UNINTERRUPTIBLE } from '../../../src/kernel/sched/task.js';
import { MS, type World, world } from '../fixture.js';

describe('D1: a victim in flight makes out_of_memory() return false', () => {
  /** The machine is full, and the victim holds its own mmap_sem for 300 ms. */
  const stuck = (policy: string) => {
    const w = world({
      policy,
      kswapd: false,
      free: 10,
      cgroups: { '/v': {} },
      tasks: { me: {}, other: {}, victim: { cgroup: '/v', anon: 500, state: 'D' } },
    });
    const { victim } = w.tasks;
    const { sched, sim } = w.k;
    w.start(
      victim,
      (function* (): Flow {
        yield* victim.mm!.mmap_sem.downWrite(victim);
        yield sched.sleep_until(victim, sim.nowNs + 300 * MS, TASK_UNINTERRUPTIBLE);
        victim.mm!.mmap_sem.upWrite(victim);
      })(),
    );
    w.advance(0);
    mark_oom_victim(w.k, victim);
    return w;
  };
  const allocate = (w: World<'me'>, gfp = GFP_KERNEL) =>
    alloc_pages(w.k, w.tasks.me, { gfp, order: 0, node: 0, nodemask: null });

  it('the allocation fails after a jiffy, while the unpatched kernel waits for the memory', () => {
    const seed = stuck('cgroup');
    expect(seed.run(seed.tasks.me, allocate(seed))).toBe(-1);
    expect(Math.floor(seed.ms)).toBe(8);
    const vanilla = stuck('process');
    const call = vanilla.start(vanilla.tasks.me, allocate(vanilla));
    vanilla.advance(250);
    expect(call.done).toBe(false);
    vanilla.kill('victim');
    vanilla.advance(250);
    expect(call.value).toBe(0);
  });

  it('GFP_NOFS allocations are immune: they never get so far', () => {
    const w = stuck('cgroup');
    const call = w.start(w.tasks.me, allocate(w, GFP_NOFS));
    w.advance(250);
    expect([call.done, w.k.alloc_failures]).toEqual([false, 0]);
  });
});

describe('D2: sysrq-f is blocked by a victim in flight', () => {
  const press_f_twice = (policy: string) => {
    const w = world({
      policy,
      tasks: { sh: { mm: false }, victim: { anon: 500, state: 'D' }, next: { anon: 5 } },
    });
    w.tasks.victim.mm!.mmap_sem.tryDownRead(); // pinned by a reader, so that it cannot be reaped
    mark_oom_victim(w.k, w.tasks.victim);
    w.run(w.tasks.sh, sysrq_oom(w.k, w.tasks.sh));
    return [w.kills, w.dmesg.at(-1)];
  };

  it('nobody dies, and the administrator reads that nobody was eligible', () => {
    expect(press_f_twice('cgroup')).toEqual([[], 'sysrq: OOM request ignored. No task eligible']);
  });

  it('the unpatched kernel does not mind victims here', () => {
    expect(press_f_twice('process')[0]).toEqual(['victim']);
  });
});

describe('D3: writing memory.max gives up early', () => {
  const shrink = (policy: string) => {
    const w = world({
      policy,
      cpus: 2, // the unpatched kernel spins
      costs: { oomTaskScanNs: 100_000 },
      cgroups: { '/a': { max: 1000 } },
      tasks: {
        sh: {},
        big: { cgroup: '/a', anon: 400, state: 'D' },
        small: { cgroup: '/a', anon: 300 },
      },
    });
    // Two processes have to die, and the first cannot be reaped before it is thawed.
    const { big } = w.tasks;
    w.run(w.tasks.small, big.mm!.mmap_sem.downWrite(w.tasks.small));
    w.k.defer(500 * MS, () => {
      big.mm!.mmap_sem.upWrite(w.tasks.small);
      big.wake();
    });
    const error = w.write(w.tasks.sh, '/a', 'memory.max', 100);
    return [error, w.kills, w.memcg('/a').memory.usage, w.ms < 500];
  };

  it('the write succeeds with usage above the limit', () => {
    expect(shrink('cgroup')).toEqual([null, ['big'], 700, true]);
  });

  it('the unpatched kernel goes on until usage fits', () => {
    expect(shrink('process')).toEqual([null, ['big', 'small'], 0, false]);
  });
});

describe('D4: no diagnostics', () => {
  const lines = (policy: string) => {
    const w = world({
      policy,
      cgroups: { '/a': { max: 1000 } },
      tasks: { victim: { cgroup: '/a', anon: 500, pid: 100 } },
    });
    w.run(w.tasks.victim, w.oom(w.tasks.victim, { memcg: w.memcg('/a') }));
    return w.dmesg;
  };

  it('one line is all that the kernel log has of a kill', () => {
    expect(lines('cgroup')).toEqual([
      'Killed process 100 (victim) total-vm:2000kB, anon-rss:2000kB, file-rss:0kB, shmem-rss:0kB',
    ]);
  });

  it('the unpatched kernel says why', () => {
    expect(lines('process')[0]).toMatch(/^victim invoked oom-killer: /);
    expect(lines('process').at(-2)).toMatch(/^Memory cgroup out of memory: Kill process 100 /);
  });
});

describe('D5: a dead child hides its parent', () => {
  const tree = (child: { tmpfs?: number }) => {
    const w = world({
      policy: 'cgroup',
      cgroups: { '/p': {}, '/p/child': child, '/q': {} },
      tasks: {
        me: {},
        hog: { cgroup: '/p', anon: 900 },
        bystander: { cgroup: '/q', anon: 10 },
      },
    });
    expect(cgroup_rmdir(w.k, '/p/child')).toBe(null);
    return w;
  };

  it('as long as one page is charged to the child', () => {
    const w = tree({ tmpfs: 1 });
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.kills).toEqual(['bystander']);
  });

  it('a victim in the parent is not seen to be in flight either', () => {
    const w = tree({ tmpfs: 1 });
    mark_oom_victim(w.k, w.tasks.hog);
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.kills).toEqual(['bystander']);
  });

  it('no longer, when the last page is gone', () => {
    const w = tree({});
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.kills).toEqual(['hog']);
  });
});

describe('D6: no second-best cgroup', () => {
  it('when the biggest leaf yields nobody, the biggest process anywhere dies', () => {
    const w = world({
      policy: 'cgroup',
      cgroups: { '/shm': { tmpfs: 900 }, '/second': {}, '/p': {}, '/p/empty': {} },
      tasks: {
        me: {},
        reaped: { cgroup: '/shm' },
        s1: { cgroup: '/second', anon: 40 },
        s2: { cgroup: '/second', anon: 40 },
        inner: { cgroup: '/p', anon: 50 },
      },
    });
    mark_oom_victim(w.k, w.tasks.reaped);
    w.tasks.reaped.mm!.oom_skip = true;
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.kills).toEqual(['inner']);
  });
});

describe('D8: victims vanish early from the memcg scan', () => {
  it('a dead victim is not waited for, though a sharer still pins its memory', () => {
    const w = world({
      policy: 'cgroup',
      cgroups: { '/a': {} },
      tasks: {
        me: {},
        victim: { cgroup: '/a', anon: 500, adj: 1 },
        sharer: { cgroup: '/a', shares: 'victim', state: 'D' },
      },
    });
    const { me, victim, sharer } = w.tasks;
    const mm = victim.mm!;
    w.start(me, w.oom(me));
    w.advance(4);
    expect(w.k.processes.has(victim)).toBe(false);
    w.run(sharer, mm.mmap_sem.downWrite(sharer)); // before the reaper can have it
    w.advance(10);
    expect([mm.anon_pages, mm.oom_skip, sharer.sigkill_pending]).toEqual([500, false, true]);
    w.run(me, w.oom(me));
    expect(w.kills).toEqual(['victim', 'sharer']);
  });
});
