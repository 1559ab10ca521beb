import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/engine/coroutine.js';
import { check_invariants } from '../../../src/kernel/check.js';
import { wake_oom_reaper } from '../../../src/kernel/mm/oom_reaper.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import type { Task } from '../../../src/kernel/sched/task.js';
import { MS, type World, world } from '../fixture.js';

/** Makes tasks victims that cannot die by themselves, and hands them to the reaper in this order. */
function doom<N extends string>(w: World<N>, ...names: N[]): void {
  for (const name of names) {
    mark_oom_victim(w.k, w.tasks[name]);
    wake_oom_reaper(w.k, w.tasks[name]);
  }
}

/** Holds a task's mmap_sem for write for `ms`. */
function hold_mmap_sem(w: World<string>, t: Task, ms: number): void {
  const mm = t.mm!;
  const { sched, sim } = w.k;
  w.start(
    t,
    (function* (): Flow {
      yield* mm.mmap_sem.downWrite(t);
      yield sched.sleep_until(t, sim.nowNs + ms * MS, 2);
      mm.mmap_sem.upWrite(t);
    })(),
  );
  w.advance(0);
}

const REAPER = [
  'oom:wake_reaper',
  'oom:start_task_reaping',
  'oom:finish_task_reaping',
  'oom:skip_task_reaping',
  'oomsim:mmf_oom_skip',
] as const;

describe('oom_reaper (KERNEL.md 3.4)', () => {
  it('takes the last one first', () => {
    const w = world({
      costs: { reapPageNs: 10_000 },
      tasks: { a: { anon: 100 }, b: { anon: 100 }, c: { anon: 100 } },
    });
    const log = w.timeline('oom:wake_reaper', 'oom:finish_task_reaping');
    doom(w, 'a');
    w.advance(0.5); // it is at work on a when the others come
    doom(w, 'b', 'c');
    w.advance(10);
    expect(log).toEqual([
      '0ms wake_reaper a',
      '0ms wake_reaper b',
      '0ms wake_reaper c',
      '1ms finish_task_reaping a',
      '2ms finish_task_reaping c',
      '3ms finish_task_reaping b',
    ]);
  });

  it('is told of a task once', () => {
    const w = world({ tasks: { a: { anon: 100 } } });
    const log = w.watch(...REAPER);
    doom(w, 'a', 'a');
    w.advance(10);
    expect(log.filter((line) => line.startsWith('wake_reaper'))).toEqual(['wake_reaper a']);
  });

  it('frees private memory, swap entries too; not locked, shared, or kernel memory', () => {
    const w = world({
      swap: 100,
      cgroups: { '/a': {} },
      tasks: {
        a: {
          cgroup: '/a',
          anon: 600,
          mlocked: 50,
          shmem: 40,
          swap: 30,
          file: 20,
          pgtables: 5,
          stack: 4,
        },
      },
    });
    doom(w, 'a');
    w.advance(10);
    const { anon_pages, shmem_pages, swapents, pgtables_pages } = w.tasks.a.mm!;
    expect({ anon_pages, shmem_pages, swapents, pgtables_pages }).toEqual({
      anon_pages: 50,
      shmem_pages: 40,
      swapents: 0,
      pgtables_pages: 5,
    });
    expect(w.memcg('/a').memory.usage).toBe(50 + 40 + 5 + 4);
    expect(w.k.swap.used).toBe(0);
    expect(w.dmesg).toEqual([
      `oom_reaper: reaped process ${w.tasks.a.pid} (a), now anon-rss:200kB, file-rss:80kB, shmem-rss:160kB`,
    ]);
    check_invariants(w.k);
  });

  it.each([
    ['4.15', 50],
    ['5.9', 50],
    ['5.19', 0],
    ['6.1', 0],
  ])('%s leaves %d of 50 locked pages', (kernel, left) => {
    const w = world({ kernel, tasks: { a: { mlocked: 50 } } });
    doom(w, 'a');
    w.advance(3000);
    expect(w.tasks.a.mm!.anon_pages).toBe(left);
  });

  it('what the reaper has been at is unstable: it must not come back as zeroes', () => {
    const w = world({ tasks: { a: { anon: 9 } } });
    doom(w, 'a');
    w.advance(1);
    expect([w.tasks.a.mm!.unstable, w.tasks.a.mm!.oom_skip]).toEqual([true, true]);
  });

  it('tries again every 100 ms as long as mmap_sem is held', () => {
    const w = world({ tasks: { a: { anon: 9, state: 'D' } } });
    hold_mmap_sem(w, w.tasks.a, 250);
    const log = w.timeline(...REAPER);
    doom(w, 'a');
    w.advance(1000);
    // 25 jiffies are 26 ticks at most, and each sleep begins right on a tick.
    expect(log).toEqual([
      '0ms wake_reaper a',
      '0ms skip_task_reaping a',
      '104ms skip_task_reaping a',
      '208ms skip_task_reaping a',
      '312ms start_task_reaping a',
      '312ms finish_task_reaping a',
      '312ms mmf_oom_skip a reaped',
    ]);
  });

  it('gives up after ten attempts and ten pauses, about a second', () => {
    const w = world({ tasks: { a: { anon: 9, state: 'D' } } });
    hold_mmap_sem(w, w.tasks.a, 5000);
    const log = w.timeline(...REAPER);
    doom(w, 'a');
    w.advance(4000);
    expect(log.filter((line) => line.includes('skip_task_reaping')).length).toBe(10);
    expect(log.at(-1)).toBe('1040ms mmf_oom_skip a gave_up');
    expect(w.dmesg).toEqual([`oom_reaper: unable to reap pid:${w.tasks.a.pid} (a)`]);
    expect(w.tasks.a.mm!.anon_pages).toBe(9);
  });

  it('a writer that waits keeps the reaper out like one that has the semaphore', () => {
    const w = world({ tasks: { a: { anon: 9 }, reader: {}, writer: {} } });
    const sem = w.tasks.a.mm!.mmap_sem;
    sem.tryDownRead();
    w.start(w.tasks.writer, sem.downWrite(w.tasks.writer));
    w.advance(0);
    const log = w.watch(...REAPER);
    doom(w, 'a');
    w.advance(0);
    expect(log).toEqual(['wake_reaper a', 'skip_task_reaping a']);
  });

  it('a reader does not', () => {
    const w = world({ tasks: { a: { anon: 9 } } });
    w.tasks.a.mm!.mmap_sem.tryDownRead();
    doom(w, 'a');
    w.advance(0);
    expect(w.tasks.a.mm!.anon_pages).toBe(0);
  });

  it('leaves an mm with notifiers alone: one second under oom_lock, and it is given up', () => {
    const w = world({ tasks: { a: { anon: 9 }, me: {} } });
    w.tasks.a.mm!.notifiers = 'nonblocking';
    const log = w.timeline(...REAPER);
    doom(w, 'a');
    w.advance(999);
    expect(w.k.oom_lock.owner?.comm).toBe('oom_reaper');
    w.advance(100);
    expect(w.k.oom_lock.owner).toBe(null);
    // 250 jiffies are kept in buckets of 8.
    expect(log).toEqual(['0ms wake_reaper a', '1024ms mmf_oom_skip a reaped']);
    expect([w.tasks.a.mm!.anon_pages, w.dmesg]).toEqual([9, []]);
  });

  it('has nothing to do where exit_mmap() has been already', () => {
    const w = world({ tasks: { a: { anon: 9 } } });
    w.tasks.a.mm!.oom_skip = true;
    const log = w.watch(...REAPER);
    doom(w, 'a');
    w.advance(10);
    expect(log).toEqual(['wake_reaper a', 'skip_task_reaping a']);
    expect(w.tasks.a.mm!.anon_pages).toBe(9);
  });
});

describe('oom_lock and the reaper (KERNEL.md 3.4, 4.10)', () => {
  it.each([
    ['4.15', 8],
    ['4.17', 8],
    ['4.19', 0],
  ])('%s: a victim that cannot die is reaped %d ms after the kill', (kernel, ms) => {
    const w = world({ kernel, tasks: { me: {}, a: { anon: 9, state: 'D' } } });
    const log = w.timeline('oom:mark_victim', 'oom:start_task_reaping');
    w.start(w.tasks.me, w.oom(w.tasks.me));
    w.advance(100);
    expect(log).toEqual(['0ms mark_victim a', `${ms}ms start_task_reaping a`]);
  });

  it('keeps oom_lock while it reaps', () => {
    const w = world({ costs: { reapPageNs: 10_000 }, tasks: { a: { anon: 1000 }, me: {} } });
    doom(w, 'a');
    w.advance(5);
    expect(w.k.oom_lock_try(w.tasks.me)).toBe(false);
    w.advance(6);
    expect(w.k.oom_lock_try(w.tasks.me)).toBe(true);
  });
});

describe('the delay of 5.18 (OOM_REAPER_DELAY, KERNEL.md 4.10)', () => {
  it('does not exist before, not even until the next tick', () => {
    const w = world({ tasks: { a: { anon: 9 } } });
    w.advance(1.5);
    const log = w.timeline('oom:wake_reaper');
    doom(w, 'a');
    w.advance(0);
    expect(log).toEqual(['1ms wake_reaper a']);
  });

  it('is two seconds', () => {
    const w = world({ kernel: '6.1', tasks: { a: { anon: 9 } } });
    const log = w.timeline(...REAPER);
    doom(w, 'a');
    w.advance(4000);
    // 500 jiffies from tick 0 end in the bucket of tick 504: 2.016 s.
    expect(log).toEqual([
      '2016ms wake_reaper a',
      '2016ms start_task_reaping a',
      '2016ms finish_task_reaping a',
      '2016ms mmf_oom_skip a reaped',
    ]);
  });

  it('spares the reaper a victim that went by itself meanwhile', () => {
    const w = world({ kernel: '6.1', tasks: { me: {}, a: { anon: 9 } } });
    const log = w.timeline(...REAPER);
    w.run(w.tasks.me, w.oom(w.tasks.me));
    w.advance(4000);
    expect(log).toEqual(['0ms mmf_oom_skip a exit_mmap']);
  });
});

describe('ends of "in flight" (KERNEL.md 3.5)', () => {
  const skips = (kernel: string, anon: number) => {
    const w = world({ kernel, tasks: { me: {}, a: anon === 0 ? {} : { anon } } });
    const log = w.watch('oomsim:mmf_oom_skip');
    mark_oom_victim(w.k, w.tasks.a);
    w.kill('a');
    w.advance(10);
    return log;
  };

  it.each(['4.15', '4.17', '5.9', '6.1'])('%s: exit_mmap() sets MMF_OOM_SKIP', (kernel) => {
    expect(skips(kernel, 9)).toEqual(['mmf_oom_skip a exit_mmap']);
  });

  it('not of an mm without areas, up to 4.16', () => {
    expect(skips('4.15', 0)).toEqual([]);
    expect(skips('4.17', 0)).toEqual(['mmf_oom_skip a exit_mmap']);
  });

  it('exit_mmap() waits for a reaper that is at work', () => {
    const w = world({
      cpus: 2,
      costs: { reapPageNs: 20_000, freePageNs: 1000 },
      tasks: { a: { anon: 1000 }, me: {} },
    });
    const log = w.timeline('oom:finish_task_reaping', 'sched:sched_process_exit');
    doom(w, 'a');
    w.advance(1);
    w.kill('a');
    w.advance(50);
    expect(log.map((line) => line.split(' ')[1])).toEqual([
      'finish_task_reaping',
      'sched_process_exit',
    ]);
    check_invariants(w.k);
  });

  it('a victim that shares its mm stays in flight when it exits, until the mm goes', () => {
    const w = world({
      tasks: { me: {}, a: { anon: 9, adj: 1 }, sharer: { shares: 'a', state: 'D' } },
    });
    const log = w.timeline('oomsim:mmf_oom_skip', 'sched:sched_process_exit');
    const sem = w.tasks.a.mm!.mmap_sem;
    w.run(w.tasks.sharer, sem.downWrite(w.tasks.sharer)); // keeps the reaper out
    const oom = w.start(w.tasks.me, w.oom(w.tasks.me));
    w.advance(20);
    expect([oom.value, w.kills]).toEqual([true, ['a']]);
    expect(log).toEqual([]); // exit_mm() itself needs mmap_sem
    sem.upWrite(w.tasks.sharer);
    w.advance(1000);
    // By then the process is gone and its pid, in the kernel log, all that is left of it.
    const { pid } = w.tasks.a;
    expect(log).toEqual(['20ms sched_process_exit a a 9', `112ms mmf_oom_skip ${pid} reaped`]);
  });
});
