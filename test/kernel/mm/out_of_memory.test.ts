import { describe, expect, it } from 'vitest';
import { GFP_NOFS, GFP_NONE } from '../../../src/kernel/mm/gfp.js';
import type { OomRequest } from '../../../src/kernel/mm/oom_control.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import type { Task } from '../../../src/kernel/sched/task.js';
import { type World, type WorldSpec, world } from '../fixture.js';

/** Somebody asks; a big and a small process, of which the big one would be killed. */
const SCENE = {
  cgroups: { '/a': { max: 1000 } },
  tasks: {
    me: { adj: -500 },
    big: { cgroup: '/a', anon: 500 },
    small: { cgroup: '/a', anon: 100 },
  },
} satisfies WorldSpec<string>;

type Scene = World<'me' | 'big' | 'small'>;

const scene = (over: Partial<WorldSpec<string>> = {}): Scene =>
  world({ ...SCENE, ...over }) as Scene;

/** What out_of_memory() does, as one literal. */
function ask(w: World<string>, t: Task, request: Partial<OomRequest> = {}): string {
  const ret = w.run(t, w.oom(t, request));
  return `${ret} after ${Math.floor(w.ms)}ms, killed: ${w.kills.join(' ') || 'none'}`;
}

const NOTHING = (ret: boolean) => `${ret} after 0ms, killed: none`;

describe('early returns of out_of_memory, in order (KERNEL.md 1.2)', () => {
  it('1. disabled: false, before notifiers are asked', () => {
    const w = scene();
    let asked = 0;
    w.k.oom_notify_list.push(() => ++asked);
    w.k.oom_killer_disabled = true;
    expect(ask(w, w.tasks.me)).toBe(NOTHING(false));
    expect(asked).toBe(0);
  });

  it('2. notifiers freed something: true, before it is seen that current is dying', () => {
    const w = scene();
    w.k.oom_notify_list.push(
      () => 0,
      () => 7,
    );
    w.tasks.me.signal.group_exit = true;
    expect(ask(w, w.tasks.me)).toBe(NOTHING(true));
    expect(w.tasks.me.memdie).toBe(false);
  });

  it('2. notifiers freed nothing: goes on', () => {
    const w = scene();
    w.k.oom_notify_list.push(() => 0);
    expect(ask(w, w.tasks.me)).toBe('true after 8ms, killed: big');
  });

  it('2. notifiers are not asked when a memcg is at its limit', () => {
    const w = scene();
    w.k.oom_notify_list.push(() => 7);
    expect(ask(w, w.tasks.me, { memcg: w.memcg('/a') })).toBe('true after 8ms, killed: big');
  });

  it.each([
    ['4.15', NOTHING(true)],
    ['5.9', NOTHING(true)],
    ['6.1', 'true after 0ms, killed: big'],
  ])('2. what notifiers free for sysrq: %s', (kernel, expected) => {
    const w = scene({ kernel });
    w.k.oom_notify_list.push(() => 7);
    expect(ask(w, w.tasks.me, { order: -1, trigger: 'sysrq' })).toBe(expected);
  });

  it('3. current is dying: it becomes a victim without a word, even in a NOFS allocation', () => {
    const w = scene({ tasks: { ...SCENE.tasks, me: { state: 'D', anon: 1 } } });
    w.tasks.me.signal.group_exit = true;
    const log = w.watch('oom:mark_victim', 'oom:wake_reaper', 'oomsim:memcg_event');
    expect(ask(w, w.tasks.me, { gfp: GFP_NOFS })).toBe(NOTHING(true));
    expect(log).toEqual(['mark_victim me', 'wake_reaper me']);
    expect(w.dmesg).toEqual([]);
  });

  it('4. an allocation that may not use file systems kills nobody', () => {
    const w = scene({ sysctl: { panic_on_oom: 2 } });
    expect(ask(w, w.tasks.me, { gfp: GFP_NOFS })).toBe(NOTHING(true));
  });

  it('4. a page fault comes without a mask and is not stopped', () => {
    const w = scene();
    const request = { gfp: GFP_NONE, trigger: 'pagefault' } as const;
    expect(ask(w, w.tasks.me, request)).toBe('true after 8ms, killed: big');
  });

  it.each([
    ['4.15', NOTHING(true)],
    ['5.2', NOTHING(true)],
    ['5.4', 'true after 0ms, killed: big'],
  ])('4. a memcg OOM that may not use file systems: %s', (kernel, expected) => {
    const w = scene({ kernel });
    expect(ask(w, w.tasks.me, { gfp: GFP_NOFS, memcg: w.memcg('/a') })).toBe(expected);
  });

  it.each([
    ['system-wide', 1],
    ['compulsory', 2],
  ])('6. %s panic', (what, panic_on_oom) => {
    const w = scene({ sysctl: { panic_on_oom, oom_kill_allocating_task: true } });
    expect(() => ask(w, w.tasks.me)).toThrow(
      `panic: Out of memory: ${what} panic_on_oom is enabled`,
    );
    expect(w.dmesg[0]).toMatch(/^me invoked oom-killer: /);
    expect(w.dmesg.at(-1)).toMatch(/^Kernel panic - not syncing: Out of memory: /);
    expect(w.kills).toEqual([]);
  });

  it('6. panic_on_oom 1 is for the whole system only, 2 for a memcg too, neither for sysrq', () => {
    const with_sysctl = (panic_on_oom: number) => scene({ sysctl: { panic_on_oom } });
    const one = with_sysctl(1);
    expect(ask(one, one.tasks.me, { memcg: one.memcg('/a') })).toMatch(/killed: big$/);
    const two = with_sysctl(2);
    expect(() => ask(two, two.tasks.me, { memcg: two.memcg('/a') })).toThrow('compulsory');
    const sysrq = with_sysctl(2);
    expect(ask(sysrq, sysrq.tasks.me, { order: -1 })).toMatch(/killed: big$/);
  });

  it('7. vm.oom_kill_allocating_task: current dies, without delay', () => {
    const w = scene({ policy: 'cgroup', sysctl: { oom_kill_allocating_task: true } });
    expect(ask(w, w.tasks.small)).toBe('true after 0ms, killed: small');
    expect(w.dmesg.at(-2)).toMatch(
      /^Out of memory \(oom_kill_allocating_task\): Kill process \d+ \(small\) score 0 or sacrifice child$/,
    );
  });

  it.each<[string, 'me' | 'small', Partial<WorldSpec<string>['tasks']>, boolean]>([
    ['in a memcg OOM', 'small', {}, true],
    ['when current has oom_score_adj -1000', 'me', { me: { adj: -1000 } }, false],
    ['when current has no mm', 'me', { me: { mm: false } }, false],
  ])('7. ... but not %s', (_when, name, tasks, memcg) => {
    const sysctl = { oom_kill_allocating_task: true };
    const w = scene({ sysctl, tasks: { ...SCENE.tasks, ...tasks } });
    const request = { memcg: memcg ? w.memcg('/a') : null };
    expect(ask(w, w.tasks[name], request)).toBe('true after 8ms, killed: big');
  });
});

describe('task_will_free_mem (KERNEL.md 1.2)', () => {
  type Pair = World<'me' | 'sharer' | 'other'>;
  const pair = (): Pair =>
    world({
      tasks: { me: { state: 'D' }, sharer: { shares: 'me', state: 'D' }, other: { anon: 9 } },
    });
  const excused = (prepare: (w: Pair) => void) => {
    const w = pair();
    prepare(w);
    ask(w, w.tasks.me);
    return w.kills.length === 0;
  };

  it.each<[string, boolean, (w: Pair) => void]>([
    ['it lives', false, () => {}],
    [
      'it alone is dying',
      false,
      ({ tasks: { me } }) => {
        me.signal.group_exit = true;
      },
    ],
    [
      'everybody who shares its mm is dying',
      true,
      ({ tasks: { me, sharer } }) => {
        me.signal.group_exit = true;
        sharer.signal.group_exit = true;
      },
    ],
    [
      'its only thread is exiting',
      true,
      ({ tasks: { me, sharer } }) => {
        me.exiting = true;
        sharer.exiting = true;
      },
    ],
    [
      'it dumps core',
      false,
      ({ tasks: { me, sharer } }) => {
        me.signal.group_exit = true;
        me.signal.coredump = true;
        sharer.signal.group_exit = true;
      },
    ],
    [
      'its mm has been given up',
      false,
      ({ tasks: { me, sharer } }) => {
        me.signal.group_exit = true;
        sharer.signal.group_exit = true;
        me.mm!.oom_skip = true;
      },
    ],
  ])('current is left to die by itself if %s: %s', (_what, expected, prepare) => {
    expect(excused(prepare)).toBe(expected);
  });

  it('a thread that exits while others live does not count', () => {
    const w = world({ tasks: { me: { threads: 1 }, other: { anon: 9 } } });
    w.tasks.me.exiting = true;
    expect(ask(w, w.tasks.me)).toMatch(/killed: other$/);
  });
});

describe('what was chosen, and what comes of it (KERNEL.md 1.3)', () => {
  const t = (adj = 0) => ({ t: { cgroup: '/a', anon: 9, adj } });
  const victim = { victim: { cgroup: '/a', anon: 9 } };
  const leaf = { '/a': {} };
  const inner = { '/a': {}, '/a/leaf': {} }; // what is in /a itself is not seen by memcg scans
  const tmpfs = { '/a': {}, '/a/leaf': { tmpfs: 50 } };
  const reaped = { reaped: { cgroup: '/a/leaf' } };
  const group = { '/a': { group: true } };

  type Row = [string, string, WorldSpec<string>, string];
  it.each<Row>([
    ['process', 'nobody', { cgroups: leaf, tasks: t(-1000) }, NOTHING(false)],
    ['process', 'a victim in flight', { cgroups: leaf, tasks: victim }, NOTHING(true)],
    ['process', 'a task', { cgroups: leaf, tasks: t() }, 'true after 8ms, killed: t'],
    ['cgroup', 'A1: nobody', { cgroups: leaf, tasks: t(-1000) }, NOTHING(false)],
    ['cgroup', 'A2: a victim in flight', { cgroups: inner, tasks: victim }, NOTHING(true)],
    ['cgroup', 'A3: a task', { cgroups: inner, tasks: t() }, 'true after 8ms, killed: t'],
    [
      'cgroup',
      'a memcg with a victim in flight (D1)',
      { cgroups: leaf, tasks: victim },
      'false after 8ms, killed: none',
    ],
    [
      'cgroup',
      'a memcg with nobody to kill, then a task (D6)',
      { cgroups: tmpfs, tasks: { ...reaped, ...t() } },
      'true after 8ms, killed: t',
    ],
    [
      'cgroup',
      'a memcg with nobody to kill, then nobody',
      { cgroups: tmpfs, tasks: reaped },
      NOTHING(false),
    ],
    ['cgroup', 'a memcg and its task', { cgroups: leaf, tasks: t() }, 'true after 8ms, killed: t'],
    [
      'v9',
      'a memcg with a victim in flight',
      { cgroups: leaf, tasks: victim },
      NOTHING(true), // and no sleep
    ],
    ['v9', 'a memcg and its task', { cgroups: leaf, tasks: t() }, 'true after 8ms, killed: t'],
    [
      'v10',
      'a memcg with a victim in flight (D1 begins)',
      { cgroups: leaf, tasks: victim },
      'false after 8ms, killed: none',
    ],
    [
      'v12',
      'a memcg with nobody to kill: no fallback',
      { cgroups: tmpfs, tasks: { ...reaped, ...t() } },
      NOTHING(false),
    ],
    [
      'v13',
      'a memcg with nobody to kill, then a task',
      { cgroups: tmpfs, tasks: { ...reaped, ...t() } },
      'true after 8ms, killed: t',
    ],
    [
      'cgroup-fixed',
      'a memcg with a victim in flight',
      { cgroups: leaf, tasks: victim },
      'true after 8ms, killed: none',
    ],
    [
      'series',
      'a memcg with a victim in flight (D1)',
      { cgroups: leaf, tasks: victim },
      'false after 8ms, killed: none',
    ],
    [
      'series',
      'a group with nobody to kill',
      { cgroups: group, tasks: t(-1000) },
      'true after 8ms, killed: none',
    ],
  ])('policy %s: %s', (policy, _chosen, spec, expected) => {
    const w = world<string>({ ...spec, policy, tasks: { ...spec.tasks, me: {} } });
    for (const [name, task] of Object.entries(w.tasks)) {
      if (name === 'victim' || name === 'reaped') mark_oom_victim(w.k, task);
      if (name === 'reaped') task.mm!.oom_skip = true;
    }
    expect(ask(w, w.tasks.me!, { memcg: w.memcg('/a') })).toBe(expected);
  });

  it.each([
    ['v13, a memcg chosen', 'v13', { '/a': {} }, {}, NOTHING(true)],
    ['v13, nothing but the process scan', 'v13', inner, {}, NOTHING(true)],
    ['v13, for a memcg', 'v13', { '/a': {} }, { memcg: '/a' }, 'true after 8ms, killed: t'],
    ['v13, for sysrq', 'v13', { '/a': {} }, { order: -1 }, 'true after 8ms, killed: t'],
    ['the patch', 'cgroup', { '/a': {} }, {}, 'true after 8ms, killed: t'],
    ['an unpatched kernel', 'process', { '/a': {} }, {}, 'true after 8ms, killed: t'],
  ])('memory has become free meanwhile: %s', (_who, policy, cgroups, request, expected) => {
    const w = world<string>({ policy, cgroups, tasks: { ...t(), me: { adj: -1000 } } });
    const { order = 0, memcg } = request as { order?: number; memcg?: string };
    const domain = memcg === undefined ? null : w.memcg(memcg);
    expect(ask(w, w.tasks.me!, { order, memcg: domain })).toBe(expected);
  });

  it('nobody at all: a global OOM panics, up to 4.17 and later', () => {
    const panic = (kernel: string) => {
      const w = world({ kernel, tasks: { me: { adj: -1000 } } });
      expect(() => ask(w, w.tasks.me)).toThrow('panic');
      return [w.k.panicked, w.dmesg.filter((line) => line.startsWith('Out of memory'))];
    };
    const text = 'Out of memory and no killable processes...';
    expect(panic('4.15')).toEqual([text, []]);
    expect(panic('4.19')).toEqual(['System is deadlocked on memory', [text]]);
  });

  it('nobody at all: from 4.19 a memcg OOM and sysrq are reported, every time', () => {
    const reports = (kernel: string, order: number) => {
      const w = world({
        kernel,
        cgroups: { '/a': { max: 1000 } },
        tasks: { me: { cgroup: '/a', adj: -1000 } },
      });
      const memcg = order === 0 ? w.memcg('/a') : null;
      for (let i = 0; i < 12; i++) ask(w, w.tasks.me, { memcg, order });
      return w.dmesg.filter((line) => /invoked oom-killer|no killable/.test(line)).length;
    };
    expect([reports('4.15', 0), reports('4.15', -1)]).toEqual([0, 0]);
    expect([reports('6.1', 0), reports('6.1', -1)]).toEqual([24, 24]);
  });

  it('a chosen process that is dying anyway is not killed, but waited for', () => {
    const w = scene({ tasks: { ...SCENE.tasks, big: { cgroup: '/a', anon: 500, state: 'D' } } });
    w.tasks.big.signal.group_exit = true;
    expect(ask(w, w.tasks.me)).toBe('true after 8ms, killed: none');
    expect(w.tasks.big.memdie).toBe(true);
    expect(w.dmesg).toEqual([]);
  });
});

describe('the delay after a kill (KERNEL.md 1.2, 1.7)', () => {
  it.each([
    ['4.15', 250, 8],
    ['4.15', 1000, 2],
    ['4.15', 100, 20],
    ['4.17', 250, 8],
    ['4.19', 250, 0],
    ['6.1', 250, 0],
  ])('%s at %d Hz: %d ms', (kernel, hz, expected) => {
    const w = scene({ kernel, hz });
    expect(ask(w, w.tasks.me)).toBe(`true after ${expected}ms, killed: big`);
  });

  it('is spent with oom_lock held', () => {
    const w = scene();
    w.start(w.tasks.me, w.oom(w.tasks.me));
    w.advance(7.9);
    expect(w.k.oom_lock_try(w.tasks.small)).toBe(false);
    w.advance(0.2);
    expect(w.k.oom_lock_try(w.tasks.small)).toBe(true);
  });

  it('is over at once for a caller that is the victim', () => {
    const w = scene();
    expect(ask(w, w.tasks.big)).toBe('true after 0ms, killed: big');
  });

  it('ends when the caller is killed meanwhile', () => {
    const w = scene();
    const call = w.start(w.tasks.me, w.oom(w.tasks.me));
    w.advance(3);
    w.kill('me');
    w.advance(1);
    expect(call.value).toBe(true);
    expect(call.ns / 1e6).toBe(3);
  });
});
