import { expect, test } from 'vitest';
import type { Candidate } from '../../src/kernel/trace.js';
import { KillStories, type KillStory } from '../../src/record/kill_stories.js';
import { FakeTrace, oomKill } from './fake_trace.js';
import { machineSnapshot } from './snapshots.js';

function listen(): { fake: FakeTrace; stories: KillStory[] } {
  const fake = new FakeTrace();
  const stories: KillStory[] = [];
  new KillStories(() => machineSnapshot({ kills: stories.length }), {
    killed: (story) => stories.push(story),
    changed: () => {},
  }).attach(fake.trace);
  return { fake, stories };
}

function task(some: Partial<Candidate>): Candidate {
  const base = { kind: 'task' as const, pid: 0, comm: 'small', cgroup: '/many', rssPages: 0 };
  const zero = { swapPages: 0, pgtablesPages: 0, adj: 0, adjPages: 0, bonusPages: 0 };
  return { ...base, ...zero, points: 0, why: '', ...some };
}

function select(candidates: Candidate[], chosen: string) {
  return {
    policy: 'process',
    constraint: 'CONSTRAINT_NONE',
    memcg: '',
    totalpages: 100_000,
    chosen,
    chosen_memcg: '',
    candidates: () => candidates,
    memcg_candidates: () => [],
  };
}

test('a story is told from the selection to the freed memory', () => {
  const { fake, stories } = listen();
  const tasks = [task({ pid: 7, points: 90 }), task({ pid: 8, points: 10 })];
  fake.at(1000).hit('oomsim:oom_select', select(tasks, '7:small'));
  fake.at(1000).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
  fake.at(1000).hit('signal:signal_generate', { sig: 9, pid: 7, comm: 'small' });
  fake.at(1500).hit('oom:start_task_reaping', { pid: 7 });
  fake.at(1800).hit('oom:finish_task_reaping', { pid: 7 });
  fake.at(1800).hit('oomsim:mmf_oom_skip', { pid: 7, cause: 'reaped' });
  fake.at(2000).hit('sched:sched_process_exit', { pid: 7, comm: 'small', code: 9 });
  fake.at(2100).hit('oomsim:exit_mmap', { pid: 7, freed: 88, victim: true });
  expect(stories).toMatchObject([
    {
      index: 0,
      timeNs: 1000,
      byKernel: true,
      selection: { tasksTotal: 2, tasks },
      sigkillNs: 1000,
      reapingNs: 1500,
      reapedNs: 1800,
      skipCause: 'reaped',
      exitedNs: 2000,
      freedNs: 2100,
      freedPages: 88,
    },
  ]);
});

test('only what was chosen by that call is its selection', () => {
  const { fake, stories } = listen();
  fake.at(1).hit('oomsim:oom_select', select([task({ pid: 7, points: 9 })], '7:small'));
  fake.at(1).hit('oomsim:oom_kill', oomKill({ pid: 7 }));
  fake.at(1).hit('oomsim:oom_kill', oomKill({ pid: 8, group: true }));
  fake.at(2).hit('oomsim:out_of_memory', { memcg: '', order: 0, ret: true, why: 'killed' });
  fake.at(3).hit('oomsim:oom_kill', oomKill({ pid: 9 })); // oom_kill_allocating_task asks nobody
  fake.at(4).hit('oomsim:oom_select', select([], 'inflight'));
  fake.at(4).hit('oomsim:oom_kill', oomKill({ pid: 10 }));
  expect(stories.map(({ kill, selection }) => [kill.pid, selection !== null])).toEqual([
    [7, true],
    [8, true],
    [9, false],
    [10, false],
  ]);
  expect(stories[0]!.selection).toBe(stories[1]!.selection);
});

test('of many candidates the best are kept, and with them the victim and the biggest', () => {
  const { fake, stories } = listen();
  const tasks = Array.from({ length: 500 }, (_, i) => task({ pid: 100 + i, points: 500 - i }));
  tasks[400] = { ...tasks[400]!, rssPages: 9000, adj: -900 };
  tasks.push(task({ pid: 1, comm: 'init', why: 'init' }));
  fake.at(1).hit('oomsim:oom_select', select(tasks, '450:small'));
  fake.at(1).hit('oomsim:oom_kill', oomKill({ pid: 450 }));
  const selection = stories[0]!.selection!;
  expect(selection.tasksTotal).toBe(500);
  expect(selection.tasks).toHaveLength(42);
  expect(selection.tasks.map(({ pid }) => pid)).toEqual(
    expect.arrayContaining([100, 139, 450, 500]),
  );
});

test('a userspace killer has chosen by itself', () => {
  const { fake, stories } = listen();
  const {
    policy: _policy,
    constraint: _c,
    repeat,
    trigger_pid,
    trigger_comm: _t,
    ...kill
  } = oomKill({ pid: 7, reason: 'mem avail 9 %' });
  fake.at(5).hit('oomsim:userspace_kill', {
    ...kill,
    killer: 'earlyoom',
    killer_pid: trigger_pid,
    signal: 'SIGTERM',
    repeat,
    ignored: false,
  });
  expect(stories).toMatchObject([
    { byKernel: false, selection: null, kill: { policy: 'earlyoom' } },
  ]);
});
