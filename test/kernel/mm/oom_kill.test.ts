import { describe, expect, it } from 'vitest';
import { cgroup_attach_process } from '../../../src/kernel/cgroup/cgroupfs.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { mm_alloc } from '../../../src/kernel/sched/fork.js';
import { type WorldSpec, world } from '../fixture.js';

/** Processes killed by one global OOM of a task outside, in order. */
function killed(spec: WorldSpec<string>): string[] {
  const w = world({ ...spec, tasks: { ...spec.tasks, me: { adj: -1000 } } });
  w.run(w.tasks.me, w.oom(w.tasks.me));
  return w.kills;
}

describe('child sacrifice (KERNEL.md 3.1, up to 5.0)', () => {
  const family = {
    parent: { anon: 900 },
    small: { anon: 10, parent: 'parent' },
    worst: { anon: 30, parent: 'parent' },
    equal: { anon: 30, parent: 'parent' },
  };

  it.each([
    ['4.15', 'worst'],
    ['5.0', 'worst'],
    ['5.2', 'parent'],
    ['6.1', 'parent'],
  ])('%s kills %s', (kernel, victim) => {
    expect(killed({ kernel, tasks: family })).toEqual([victim]);
  });

  it('does not compare: any child that can be killed dies before a parent of any size', () => {
    expect(killed({ tasks: { parent: { anon: 900 }, child: { parent: 'parent' } } })).toEqual([
      'child',
    ]);
  });

  it('passes over children that share the memory or cannot be killed', () => {
    const tasks = {
      parent: { anon: 900 },
      sharer: { parent: 'parent', shares: 'parent' },
      saved: { parent: 'parent', anon: 50, adj: -1000 },
    };
    expect(killed({ tasks })).toEqual(['parent']);
  });

  it('goes one generation down', () => {
    const tasks = {
      parent: { anon: 900 },
      child: { parent: 'parent', anon: 10 },
      grandchild: { parent: 'child', anon: 500 },
    };
    expect(killed({ tasks })).toEqual(['child']);
  });

  it('stays inside the memcg at its limit', () => {
    const w = world({
      cgroups: { '/a': { max: 2000 }, '/b': {} },
      tasks: {
        me: { cgroup: '/a' },
        parent: { cgroup: '/a', anon: 900 },
        outside: { cgroup: '/b', anon: 50, parent: 'parent' },
        inside: { cgroup: '/a', anon: 10, parent: 'parent' },
      },
    });
    w.run(w.tasks.me, w.oom(w.tasks.me, { memcg: w.memcg('/a') }));
    expect(w.kills).toEqual(['inside']);
  });

  it('is not what the seed does with the task of the chosen memcg', () => {
    expect(killed({ policy: 'cgroup', tasks: family })).toEqual(['parent']);
  });
});

describe('__oom_kill_process (KERNEL.md 3.2)', () => {
  it('signals, marks, logs, counts and wakes the reaper, in this order', () => {
    const w = world({
      cgroups: { '/a': {}, '/a/b': {} },
      tasks: { me: {}, victim: { cgroup: '/a/b', anon: 9, state: 'D' } },
    });
    const log = w.watch(
      'oomsim:oom_kill',
      'oomsim:memcg_event',
      'signal:signal_generate',
      'oom:mark_victim',
      'oomsim:printk',
      'oom:wake_reaper',
    );
    w.k.sysctl.oom_dump_tasks = false;
    w.run(w.tasks.me, w.oom(w.tasks.me));
    const pid = w.tasks.victim.pid;
    expect(log.slice(log.findIndex((line) => line.startsWith('oom_kill')) + 1)).toEqual([
      'memcg_event /a/b oom_kill',
      'signal_generate 9 victim victim',
      'mark_victim victim',
      `printk Killed process ${pid} (victim) total-vm:36kB, anon-rss:36kB, file-rss:0kB, shmem-rss:0kB`,
      'wake_reaper victim',
    ]);
  });

  it('kills all threads, and wakes those that a fatal signal can wake', () => {
    const w = world({ tasks: { me: {}, victim: { anon: 9, threads: 2, state: 'D' } } });
    const [, killable] = w.tasks.victim.signal.threads;
    killable!.state = 3; // TASK_KILLABLE
    w.run(w.tasks.me, w.oom(w.tasks.me));
    const threads = w.tasks.victim.signal.threads;
    expect(threads.map((t) => t.sigkill_pending)).toEqual([true, true, true]);
    expect(threads.map((t) => t.mm === null)).toEqual([false, true, false]);
  });

  it('counts the kill at the memcg of the owner of the mm', () => {
    const w = world({
      cgroups: { '/a': {}, '/b': {} },
      tasks: {
        me: {},
        owner: { cgroup: '/a', anon: 9, adj: -1 },
        victim: { cgroup: '/b', shares: 'owner', adj: 10 },
      },
    });
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.kills).toEqual(['victim']);
    const count = (path: string) => w.memcg(path).events_local.oom_kill;
    expect([count('/a'), count('/b')]).toEqual([1, 0]);
  });

  it('kills all who share the memory, but marks the victim only', () => {
    const w = world({
      tasks: {
        me: {},
        victim: { anon: 9, state: 'D' },
        sharer: { shares: 'victim', state: 'D', threads: 1 },
        protected: { shares: 'victim', state: 'D', adj: -1000 },
        kworker: { shares: 'victim', state: 'D', kthread: true },
      },
    });
    const signals = w.watch('signal:signal_generate');
    w.run(w.tasks.me, w.oom(w.tasks.me));
    const { me, victim, sharer, protected: saved, kworker } = w.tasks;
    expect(signals.map((line) => line.split(' ')[2])).toEqual(['victim', 'sharer', 'protected']);
    const tasks = [me, victim, sharer, saved, kworker];
    expect(w.kills).toEqual(['victim']);
    expect(tasks.map((t) => t.sigkill_pending)).toEqual([false, true, true, true, false]);
    expect(tasks.map((t) => t.memdie)).toEqual([false, true, false, false, false]);
    expect(tasks.map((t) => t.signal.oom_mm !== null)).toEqual([false, true, false, false, false]);
    expect(sharer.signal.threads.every((t) => t.sigkill_pending)).toBe(true);
    w.advance(1);
    expect(w.dmesg.at(-1)).toMatch(/^oom_reaper: reaped process/); // none of them kept it away
  });

  it('does not wait for memory that init uses as well', () => {
    const w = world({ tasks: { me: { anon: 1 }, victim: { anon: 9, state: 'D' } } });
    const { k } = w;
    const mm = w.tasks.victim.mm!;
    k.init.mm = mm;
    mm.add_user(k.init);
    mm.mm_users++;
    const log = w.watch('oom:wake_reaper', 'oomsim:mmf_oom_skip');
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(log).toEqual(['mmf_oom_skip victim init_shares_mm']);
    expect(k.init.sigkill_pending).toBe(false);
    expect(w.dmesg.at(-1)).toBe(
      `oom killer ${w.tasks.victim.pid} (victim) has mm pinned by 1 (init)`,
    );
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.kills).toEqual(['victim', 'me']);
  });

  it('gives a victim one mark, however often it is chosen', () => {
    const w = world({ tasks: { victim: { anon: 9, threads: 1 } } });
    const [leader, thread] = w.tasks.victim.signal.threads;
    mark_oom_victim(w.k, leader!);
    mark_oom_victim(w.k, leader!);
    expect(w.k.oom_victims).toBe(1);
    mark_oom_victim(w.k, thread!);
    expect([w.k.oom_victims, thread!.memdie]).toEqual([2, true]);
  });

  it('a victim stops being one of many when its marked thread has let go of the mm', () => {
    const w = world({ tasks: { me: {}, victim: { anon: 9 } } });
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect(w.k.oom_victims).toBe(0);
    expect(w.tasks.victim.memdie).toBe(false);
    expect(w.tasks.victim.signal.oom_mm).not.toBe(null); // this is for good
  });
});

describe('memory.oom.group (KERNEL.md 4.9, from 4.19)', () => {
  const group = (kernel: string, groups: string[], domain?: string) => {
    const w = world({
      kernel,
      cgroups: Object.fromEntries(
        ['/top', '/top/mid', '/top/mid/leaf'].map((path) => [
          path,
          { max: 5000, group: groups.includes(path) },
        ]),
      ),
      tasks: {
        me: {},
        top: { cgroup: '/top', anon: 1 },
        mid: { cgroup: '/top/mid', anon: 1 },
        victim: { cgroup: '/top/mid/leaf', anon: 900 },
        other: { cgroup: '/top/mid/leaf', anon: 1, threads: 1 },
        saved: { cgroup: '/top/mid/leaf', anon: 1, adj: -1000 },
      },
    });
    const memcg = domain === undefined ? null : w.memcg(domain);
    w.run(w.tasks.me, w.oom(w.tasks.me, { memcg }));
    const line = w.dmesg.find((text) => text.startsWith('Tasks in'));
    return [w.kills.join(' '), line?.replace(/^Tasks in (\S+) are .*/, '$1')];
  };

  it('does not exist in 4.15', () => {
    expect(group('4.15', ['/top/mid/leaf'])).toEqual(['victim', undefined]);
  });

  it('takes the rest of the cgroup with the victim, but for oom_score_adj -1000', () => {
    expect(group('5.4', ['/top/mid/leaf'])).toEqual(['victim victim other', '/top/mid/leaf']);
  });

  it('visits threads up to 5.2, and kills their process again for each', () => {
    const kills = 'victim victim other other';
    expect(group('4.19', ['/top/mid/leaf'])).toEqual([kills, '/top/mid/leaf']);
    expect(group('5.2', ['/top/mid/leaf'])).toEqual([kills, '/top/mid/leaf']);
  });

  it('reaches up to the highest group, even past one that is not', () => {
    const kills = 'victim top mid victim other';
    expect(group('6.1', ['/top', '/top/mid/leaf'])).toEqual([kills, '/top']);
  });

  it('does not reach above the cgroup at its limit', () => {
    expect(group('6.1', ['/top'], '/top/mid')).toEqual(['victim', undefined]);
    expect(group('6.1', ['/top', '/top/mid'], '/top/mid')).toEqual([
      'victim mid victim other',
      '/top/mid',
    ]);
  });

  it('counts the group once, its members each, and the victim twice', () => {
    const w = world({
      kernel: '6.1',
      cgroups: { '/g': { group: true } },
      tasks: { me: {}, a: { cgroup: '/g', anon: 9, state: 'D' }, b: { cgroup: '/g', anon: 1 } },
    });
    w.run(w.tasks.me, w.oom(w.tasks.me));
    const { oom_kill, oom_group_kill } = w.memcg('/g').events;
    expect({ oom_kill, oom_group_kill }).toEqual({ oom_kill: 3, oom_group_kill: 1 });
  });

  it('spares init', () => {
    const w = world({
      kernel: '6.1',
      cgroups: { '/g': { group: true } },
      tasks: { me: {}, a: { cgroup: '/g', anon: 9 } },
    });
    const { init } = w.k;
    cgroup_attach_process(w.k, init, w.k.cgroups.get('/g')!);
    mm_alloc(w.k, init);
    w.run(w.tasks.me, w.oom(w.tasks.me));
    expect([w.kills, init.sigkill_pending]).toEqual([['a', 'a'], false]);
  });

  it('does not apply to tasks of the root cgroup', () => {
    expect(killed({ kernel: '6.1', tasks: { a: { anon: 9 }, b: { anon: 1 } } })).toEqual(['a']);
  });
});
