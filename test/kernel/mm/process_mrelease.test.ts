import { expect, it } from 'vitest';
import { process_mrelease } from '../../../src/kernel/mm/process_mrelease.js';
import { mmput } from '../../../src/kernel/sched/exit.js';
import type { Task } from '../../../src/kernel/sched/task.js';
import { world } from '../fixture.js';

/** process_mrelease(2) of Linux 5.15, on the victim `a`. */
const scene = () => {
  const w = world({
    kernel: '6.1',
    tasks: {
      me: {},
      a: { anon: 9, mlocked: 5, shmem: 3, state: 'D' },
      b: { shares: 'a', state: 'D' },
    },
  });
  const release = (victim: Task = w.tasks.a) =>
    w.run(w.tasks.me, process_mrelease(w.k, w.tasks.me, victim));
  return { w, release, mm: w.tasks.a.mm! };
};

it('takes what the reaper would take, from a process that is dying with all who share its memory', () => {
  const { w, release, mm } = scene();
  w.kill('a');
  expect(release()).toBe('EINVAL'); // b lives
  w.kill('b');
  expect(release()).toBe(null);
  expect([mm.anon_pages, mm.shmem_pages, mm.oom_skip]).toEqual([0, 3, false]);
});

it('is refused for a process that lives, and for one that has no memory any more', () => {
  const { w, release } = scene();
  expect(release()).toBe('EINVAL');
  for (const t of [w.tasks.a, w.tasks.b]) t.mm = null;
  expect(release()).toBe('ESRCH');
});

it('has to be tried again where a notifier would have to wait', () => {
  const { w, release, mm } = scene();
  w.kill('a');
  w.kill('b');
  mm.notifiers = 'blocking';
  expect([release(), mm.anon_pages]).toEqual(['EAGAIN', 14]);
});

it('waits for mmap_sem', () => {
  const { w, mm } = scene();
  mm.remove_user(w.tasks.b);
  mm.mm_users--;
  w.tasks.b.mm = null;
  w.run(w.tasks.b, mm.mmap_sem.downWrite(w.tasks.b));
  w.kill('a');
  const call = w.start(w.tasks.me, process_mrelease(w.k, w.tasks.me, w.tasks.a));
  w.advance(10);
  expect(call.done).toBe(false);
  mm.mmap_sem.upWrite(w.tasks.b);
  w.advance(1);
  expect([call.value, mm.anon_pages]).toEqual([null, 0]);
});

it('is waited for by exit_mmap(), since any process may be its victim (5.15)', () => {
  const isGoneAlongside = (kernel: string): boolean => {
    const w = world({ kernel, tasks: { me: {}, a: { anon: 9 } } });
    const mm = w.tasks.a.mm!;
    w.run(w.tasks.me, mm.mmap_sem.downRead(w.tasks.me)); // as process_mrelease() has it
    const exit = w.start(w.tasks.a, mmput(w.k, w.tasks.a, mm));
    w.advance(10);
    const isGone = exit.done;
    mm.mmap_sem.upRead();
    w.advance(1);
    expect(exit.done).toBe(true);
    return isGone;
  };
  expect([isGoneAlongside('5.9'), isGoneAlongside('6.1')]).toEqual([true, false]);
});
