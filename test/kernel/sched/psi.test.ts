import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/engine/coroutine.js';
import { check_invariants } from '../../../src/kernel/check.js';
import { spend } from '../../../src/kernel/sched/core.js';
import { psi_memstall_enter, psi_memstall_leave } from '../../../src/kernel/sched/psi.js';
import { PsiGroup } from '../../../src/kernel/sched/psi_groups.js';
import { TASK_UNINTERRUPTIBLE, type Task } from '../../../src/kernel/sched/task.js';
import { MS, type World, world } from '../fixture.js';

const PERIOD_MS = 2004; // 2 × HZ + 1 jiffies at 250 Hz

/** Sleeps in a memory stall. */
function* stall(w: World<string>, t: Task, ms: number): Flow {
  psi_memstall_enter(w.k, t);
  yield w.k.sched.sleep_until(t, w.k.sim.nowNs + ms * MS, TASK_UNINTERRUPTIBLE);
  psi_memstall_leave(w.k, t);
}

function* compute(t: Task, ms: number, w?: World<string>): Flow {
  if (w !== undefined) psi_memstall_enter(w.k, t);
  for (let i = 0; i < ms; i++) yield spend(t, MS);
  if (w !== undefined) psi_memstall_leave(w.k, t);
}

/** Total stall time of a group by now, in ms: [some, full]. */
function totals(w: World<string>, path = '/'): number[] {
  const psi = w.k.psi!;
  const group = psi.group(w.k.cgroups.get(path)!);
  psi.refresh(group);
  return group.total_ns.map((ns) => Math.round(ns / MS));
}

describe('averages (KERNEL.md 10.1)', () => {
  /** avg10, avg60 and avg300 after each period, of which the given part was stalled. */
  const averages = (...percent: number[]) => {
    const group = new PsiGroup(null, 1, 0);
    return percent.map((part) => {
      group.total_ns[0]! += (PERIOD_MS * MS * part) / 100;
      group.update_averages(PERIOD_MS * MS);
      return group.averages('some').map((hundredths) => hundredths / 100);
    });
  };

  it('of 10 s climb to 18.11, 32.94, 45.09, 55.04, 63.18 and 69.85 % while all is stalled', () => {
    const avg10 = averages(100, 100, 100, 100, 100, 100).map(([avg]) => avg);
    expect(avg10).toEqual([18.11, 32.94, 45.09, 55.04, 63.18, 69.85]);
  });

  it('of 60 s and 300 s climb more slowly', () => {
    expect(averages(100)[0]!.slice(1)).toEqual([3.27, 0.68]);
  });

  it('decay when the stall is over', () => {
    const avg10 = averages(100, 0, 0).map(([avg]) => avg);
    expect(avg10).toEqual([18.11, 14.83, 12.14]);
  });

  it('count whole percents only, and carry what does not fit a period over', () => {
    expect(averages(0.9)[0]).toEqual([0, 0, 0]);
    const group = new PsiGroup(null, 1, 0);
    group.total_ns[0] = 2 * PERIOD_MS * MS; // a period too long
    group.update_averages(PERIOD_MS * MS);
    group.update_averages(PERIOD_MS * MS);
    expect(group.averages('some')[0]).toBe(3294);
  });

  it('stay between 0 and 100 %, and reach what stays', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100 }), (percent) => {
        const [avg10] = averages(...Array<number>(200).fill(percent)).at(-1)!;
        expect(avg10).toBeGreaterThanOrEqual(percent - 1);
        expect(avg10).toBeLessThanOrEqual(Math.min(100, percent + 1));
      }),
    );
  });
});

describe('pressure of a kernel (KERNEL.md 10.1)', () => {
  it('does not exist before 4.20', () => {
    expect(world({ kernel: '4.19' }).k.psi).toBe(null);
  });

  it.each(['5.0', '6.1'])('%s: averages every 2 × HZ + 1 jiffies', (kernel) => {
    const w = world({ kernel, tasks: { t: {} } });
    w.start(w.tasks.t, stall(w, w.tasks.t, 60_000));
    const avg10: number[] = [];
    for (let i = 0; i < 6; i++) {
      w.advance(PERIOD_MS);
      avg10.push(w.k.psi!.system.averages('full')[0]!);
    }
    expect(avg10).toEqual([1811, 3294, 4509, 5504, 6318, 6985]);
  });

  it('is some and full if the only task is stalled, some if another runs', () => {
    for (const kernel of ['5.0', '6.1']) {
      const w = world({ kernel, tasks: { t: {}, other: {} } });
      w.start(w.tasks.t, stall(w, w.tasks.t, 100));
      w.start(w.tasks.other, compute(w.tasks.other, 40));
      w.advance(200);
      expect(totals(w)).toEqual([100, 60]);
    }
  });

  it('a stalled task that runs: full in 6.1; in 5.0 by the ticks that hit it', () => {
    const busy = (kernel: string) => {
      const w = world({ kernel, tasks: { t: {} } });
      w.start(w.tasks.t, compute(w.tasks.t, 100, w));
      w.advance(100);
      return totals(w);
    };
    expect(busy('6.1')).toEqual([100, 100]);
    expect(busy('5.0')).toEqual([100, 100]); // 25 ticks of 4 ms
  });

  it('a stalled task that runs beside another: some only', () => {
    const w = world({ kernel: '6.1', tasks: { t: {}, other: {} } });
    w.start(w.tasks.t, compute(w.tasks.t, 50, w));
    w.start(w.tasks.other, compute(w.tasks.other, 500));
    w.advance(300);
    const [some, full] = totals(w);
    expect([some! > 90, full]).toEqual([true, 0]);
  });

  it('counts in the cgroup and all above it, and moves with the task', () => {
    const w = world({
      kernel: '6.1',
      cgroups: { '/a': {}, '/a/b': {}, '/c': {} },
      tasks: { t: { cgroup: '/a/b' } },
    });
    w.start(w.tasks.t, stall(w, w.tasks.t, 200));
    w.advance(100);
    w.move('t', '/c');
    w.advance(200);
    const some = ['/', '/a', '/a/b', '/c'].map((path) => totals(w, path)[0]);
    expect(some).toEqual([200, 100, 100, 100]);
    check_invariants(w.k);
  });

  it('weights CPUs by the time they were not idle', () => {
    const w = world({ kernel: '6.1', cpus: 2, tasks: { t: {}, busy: {} } });
    w.start(w.tasks.busy, compute(w.tasks.busy, 100));
    w.start(w.tasks.t, stall(w, w.tasks.t, 100));
    w.advance(100);
    // The second CPU has nothing but a stalled task, the first has work: half of the time of both.
    expect(totals(w)).toEqual([50, 50]);
  });

  it('nests', () => {
    const w = world({ kernel: '6.1', tasks: { t: {} } });
    const { t } = w.tasks;
    w.run(
      t,
      (function* (): Flow {
        psi_memstall_enter(w.k, t);
        yield* stall(w, t, 50);
        yield w.k.sched.sleep_until(t, w.k.sim.nowNs + 50 * MS, TASK_UNINTERRUPTIBLE);
        psi_memstall_leave(w.k, t);
      })(),
    );
    w.advance(100);
    expect(totals(w)[0]).toBe(100);
  });

  it('is not what a sleep in the OOM killer counts as', () => {
    const w = world({
      kernel: '5.0',
      switches: { oom_sleep_under_lock: true },
      tasks: { me: {}, hog: { anon: 9, state: 'D' } },
    });
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(Math.floor(w.ms)).toBe(8);
    expect(totals(w)).toEqual([0, 0]);
  });
});
