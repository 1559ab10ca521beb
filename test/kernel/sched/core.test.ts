import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK, type Flow } from '../../../src/engine/coroutine.js';
import { call, schedule_timeout, spend } from '../../../src/kernel/sched/core.js';
import { RunQueue } from '../../../src/kernel/sched/run_queue.js';
import {
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
  Task,
} from '../../../src/kernel/sched/task.js';
import { MS, type World, world } from '../fixture.js';

/** Uses the CPU for `ms`, in bursts of `burst_us`. */
function* compute(t: Task, ms: number, burst_us = 100): Flow {
  for (let left = ms * MS; left > 0; left -= burst_us * 1000) {
    yield spend(t, Math.min(left, burst_us * 1000));
  }
}

/** Sleeps, and says how long it took, in ms. */
function* sleep(w: World<string>, t: Task, jiffies: number, state: number): Flow<number> {
  const { sched, sim } = w.k;
  const from_ns = sim.nowNs;
  yield schedule_timeout(sched, sim.nowNs, t, jiffies, state);
  return (sim.nowNs - from_ns) / MS;
}

describe('schedule_timeout (KERNEL.md 0)', () => {
  it.each([
    [250, 0, 1, 8],
    [250, 1, 1, 7],
    [250, 3.9, 1, 4.1],
    [250, 4, 1, 8],
    [1000, 0, 1, 2],
    [100, 0, 1, 20],
    [250, 0, 25, 104],
  ])('at %d Hz, called at %d ms: %d jiffies last %d ms', (hz, at, jiffies, expected) => {
    const w = world({ hz, tasks: { t: {} } });
    w.advance(at);
    expect(w.run(w.tasks.t, sleep(w, w.tasks.t, jiffies, TASK_UNINTERRUPTIBLE))).toBeCloseTo(
      expected,
      6,
    );
  });

  it.each([
    ['interruptible', TASK_INTERRUPTIBLE, 3],
    ['killable', TASK_KILLABLE, 3],
    ['uninterruptible', TASK_UNINTERRUPTIBLE, 104],
  ])('SIGKILL after 3 ms and a sleep that is %s', (_name, state, ms) => {
    const w = world({ tasks: { t: {} } });
    const call = w.start(w.tasks.t, sleep(w, w.tasks.t, 25, state));
    w.advance(3);
    w.kill('t');
    w.advance(200);
    expect(call.value).toBe(ms);
  });

  it('a killable sleep does not even begin with a fatal signal pending', () => {
    const w = world({ tasks: { t: {} } });
    w.tasks.t.sigkill_pending = true;
    expect(w.run(w.tasks.t, sleep(w, w.tasks.t, 25, TASK_KILLABLE))).toBe(0);
  });

  it('a wake-up ends any sleep, and takes its timer back', () => {
    const w = world({ tasks: { t: {} } });
    const call = w.start(w.tasks.t, sleep(w, w.tasks.t, 25, TASK_UNINTERRUPTIBLE));
    w.advance(3);
    w.tasks.t.wake();
    w.advance(0);
    expect([call.value, w.tasks.t.timer]).toEqual([3, -1]);
    w.tasks.t.wake(); // it is not asleep any more, or sleeps for another reason
    w.advance(200);
    expect(call.ns).toBe(3 * MS);
  });
});

describe('CPUs', () => {
  const finish = (cpus: number, ...ms: number[]) => {
    const names = ms.map((_, i) => `t${i}`);
    const w = world<string>({ cpus, tasks: Object.fromEntries(names.map((name) => [name, {}])) });
    const calls = ms.map((n, i) => w.start(w.tasks[`t${i}`]!, compute(w.tasks[`t${i}`]!, n)));
    w.advance(1000);
    return calls.map((call) => Math.round(call.ns / MS));
  };

  it('are not shared where there are enough', () => {
    expect(finish(2, 50, 80)).toEqual([50, 80]);
  });

  it('are shared evenly where there are not', () => {
    const [first, last] = finish(1, 50, 50).sort((a, b) => a - b);
    expect([last, first! >= 94]).toEqual([100, true]);
  });

  it('take who has had less first', () => {
    const [short, long] = finish(1, 10, 100);
    expect(short).toBeLessThanOrEqual(26);
    expect(long).toBe(110);
  });

  it('give a sleeper its turn soon after it wakes', () => {
    const w = world({ tasks: { hog: {}, t: {} } });
    w.start(w.tasks.hog, compute(w.tasks.hog, 500));
    const call = w.start(w.tasks.t, sleep(w, w.tasks.t, 25, TASK_UNINTERRUPTIBLE));
    w.advance(500);
    expect(call.value).toBeGreaterThanOrEqual(104);
    expect(call.value).toBeLessThan(104.2);
  });

  // Two tasks of 6 and 3 ms on one CPU: a slice is 3 ms, but only a tick finds out that it is over.
  it.each([
    [250, [9, 7]],
    [200, [9, 8]],
    [100, [6, 9]],
  ])('are taken away by the tick, at %d Hz (check_preempt_tick): %j', (hz, expected) => {
    const w = world({ hz, tasks: { a: {}, b: {} } });
    const a = w.start(w.tasks.a, compute(w.tasks.a, 6));
    const b = w.start(w.tasks.b, compute(w.tasks.b, 3));
    w.advance(50);
    expect([a.ns / MS, b.ns / MS]).toEqual(expected);
  });

  /** When a task that slept until `wake_ms` runs again, beside a hog. */
  const woken = (cpus: number, wake_ms: number): number => {
    const hogs = Array.from({ length: cpus }, (_, i) => `hog${i}`);
    const w = world<string>({
      cpus,
      tasks: { t: {}, ...Object.fromEntries(hogs.map((name) => [name, {}])) },
    });
    const t = w.tasks.t!;
    const nap = function* (): Flow {
      yield w.k.sched.sleep_until(t, wake_ms * MS, TASK_UNINTERRUPTIBLE);
    };
    const call = w.start(t, nap());
    w.advance(0);
    for (const hog of hogs) w.start(w.tasks[hog]!, compute(w.tasks[hog]!, 100));
    w.advance(200);
    return call.ns / MS;
  };

  // Who has had little less waits for the tick: up to the granularity of wake-ups, 1 ms on one CPU, 2 ms
  // on two.
  it.each([
    [1, 0.5, 4],
    [1, 2.5, 2.5],
    [1, 30.5, 30.5],
    [2, 3.5, 8],
    [2, 5.5, 5.5],
  ])(
    'are taken away by a wake-up: %d CPUs, after %d ms (check_preempt_wakeup)',
    (cpus, ms, ran) => {
      expect(woken(cpus, ms)).toBeCloseTo(ran, 6);
    },
  );

  it('a new task waits for a slice first (START_DEBIT)', () => {
    const w = world({ tasks: { hog: {} } });
    const hog = w.start(w.tasks.hog, compute(w.tasks.hog, 30));
    w.advance(10);
    let ran_ms = 0;
    w.k.kthread_run('new', function* (): Flow {
      ran_ms = w.ms;
      yield BLOCK;
    });
    w.advance(40);
    expect([hog.done, ran_ms]).toEqual([true, 16]);
  });

  it('do not let a new task catch up on all the time before it was born', () => {
    const w = world<string>({ tasks: { old: {}, late: {} } });
    w.start(w.tasks.old!, compute(w.tasks.old!, 500));
    w.advance(300);
    const born = w.k.sim.nowNs;
    const late = w.start(w.tasks.late!, compute(w.tasks.late!, 50));
    w.advance(500);
    expect((late.ns - born) / MS).toBeGreaterThan(90); // half of the CPU, not all of it
  });

  it('a task keeps its CPU where it must not lose it', () => {
    const w = world({ tasks: { greedy: {}, t: {} } });
    w.tasks.greedy.no_resched = true;
    const greedy = w.start(w.tasks.greedy, compute(w.tasks.greedy, 100));
    const t = w.start(w.tasks.t, compute(w.tasks.t, 1));
    w.advance(500);
    expect([greedy.ns / MS, t.ns / MS]).toEqual([100, 101]);
  });

  it('lose no time and gain none', () => {
    const work = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(
        fc.array(work, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (ms, cpus) => {
          const ends = finish(cpus, ...ms);
          const total = ms.reduce((sum, n) => sum + n, 0);
          const last = Math.max(...ends);
          expect(last).toBeGreaterThanOrEqual(Math.max(...ms, Math.ceil(total / cpus)) - 1);
          if (cpus === 1) expect(last).toBe(total);
          for (const [i, n] of ms.entries()) expect(ends[i]).toBeGreaterThanOrEqual(n);
        },
      ),
    );
  });

  it('pay for context switches', () => {
    const w = world({ costs: { contextSwitchNs: 2000 }, tasks: { t: {} } });
    w.advance(1);
    const call = w.start(w.tasks.t, compute(w.tasks.t, 1, 1000));
    w.advance(5);
    expect(call.ns - MS).toBe(1_002_000);
  });
});

describe('call()', () => {
  /** Calls itself to the given depth, and spends a millisecond before and after. */
  function* dive(w: World<string>, t: Task, depth: number, log: string[]): Flow {
    log.push(`${depth} begins at ${w.k.sim.nowNs / MS} ms`);
    yield spend(t, MS);
    if (depth > 1) yield call(t, dive(w, t, depth - 1, log));
    yield spend(t, MS);
    log.push(`${depth} ends at ${w.k.sim.nowNs / MS} ms`);
  }

  it('waits until the callee is done, which may call, too', () => {
    const w = world({ tasks: { t: {} } });
    const log: string[] = [];
    w.run(w.tasks.t, dive(w, w.tasks.t, 3, log));
    expect(log).toEqual([
      '3 begins at 0 ms',
      '2 begins at 1 ms',
      '1 begins at 2 ms',
      '1 ends at 4 ms',
      '2 ends at 5 ms',
      '3 ends at 6 ms',
    ]);
  });

  it('may be of a flow that does not wait at all', () => {
    const w = world({ tasks: { t: {} } });
    function* caller(t: Task): Flow<string> {
      yield call(t, compute(t, 0));
      return `back at ${w.k.sim.nowNs} ns`;
    }
    expect(w.run(w.tasks.t, caller(w.tasks.t))).toBe('back at 0 ns');
  });
});

describe('the way back to user mode', () => {
  it('deals with a stop first, and goes on after SIGCONT', () => {
    const w = world({ tasks: { t: {} } });
    w.stop('t');
    w.advance(1);
    expect([w.tasks.t.state, w.tasks.t.wchan]).toEqual([4, 'do_signal_stop']);
    w.cont('t');
    w.advance(1);
    expect(w.tasks.t.wchan).toBe('hold');
  });

  it('a stopped task can be killed', () => {
    const w = world({ tasks: { t: { anon: 5 } } });
    w.stop('t');
    w.advance(1);
    w.kill('t');
    w.advance(1);
    expect(w.k.processes.has(w.tasks.t)).toBe(false);
  });
});

describe('RunQueue', () => {
  const task = (vruntime_ns: number): Task => {
    const t = new Task(1, 't', null, () => {});
    t.vruntime_ns = vruntime_ns;
    return t;
  };

  it('is empty at first', () => {
    expect([new RunQueue().peek(), new RunQueue().pop()]).toEqual([null, null]);
  });

  it('gives out by virtual run time, equals as they came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 })), (times) => {
        const queue = new RunQueue();
        const tasks = times.map(task);
        for (const t of tasks) queue.push(t);
        const sorted = [...tasks].sort((a, b) => a.vruntime_ns - b.vruntime_ns); // stable
        const out: (Task | null)[] = [];
        for (let i = 0; i < tasks.length; i++) {
          expect(queue.peek()).toBe(sorted[i]);
          out.push(queue.pop());
        }
        expect(out.every((t, i) => t === sorted[i])).toBe(true);
        expect(queue.size).toBe(0);
      }),
    );
  });
});
