/** The kernel log of OOM kills, line for line: what parsers of real logs rely on. */
import { describe, expect, it } from 'vitest';
import { sysrq_oom } from '../../../src/kernel/mm/sysrq.js';
import { type World, world } from '../fixture.js';

/** nginx is killed on behalf of helper; sh may not be. */
function scene(kernel: string, group = false): World<'nginx' | 'sh' | 'helper'> {
  return world({
    kernel,
    pages: 50_000,
    swap: 1000,
    cgroups: { '/a': { max: 1000, file: 30, tmpfs: 20, slab: 7, group }, '/a/b': { sock: 3 } },
    tasks: {
      nginx: {
        cgroup: '/a/b',
        pid: 1201,
        uid: 33,
        adj: 200,
        root: true,
        anon: 500,
        file: 100,
        shmem: 10,
        swap: 25,
        pgtables: 12,
        stack: 4,
        state: 'D',
      },
      sh: { cgroup: '/a', pid: 1300, anon: 40, pgtables: 3, adj: -1000 },
      helper: { cgroup: '/a', pid: 1400, uid: 1000, anon: 10, adj: -17 },
    },
  });
}

/** All lines of a kill, with what the reaper says. */
function log(kernel: string, kind: 'memcg' | 'global', group = false): string[] {
  const w = scene(kernel, group);
  w.run(w.tasks.helper, w.oom(w.tasks.helper, { memcg: kind === 'memcg' ? w.memcg('/a') : null }));
  w.advance(3000);
  return w.dmesg.flatMap((text) => text.split('\n'));
}

const TASKS_4_15 = [
  '[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name',
  '[ 1201]    33  1201      635      610    49152       25           200 nginx',
  '[ 1300]     0  1300       40       40    12288        0         -1000 sh',
  '[ 1400]  1000  1400       10       10        0        0           -17 helper',
];

const TASKS_6_1 = [
  'Tasks state (memory values in pages):',
  '[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name',
  '[   1300]     0  1300       40       40    12288        0         -1000 sh',
  '[   1400]  1000  1400       10       10        0        0           -17 helper',
  '[   1201]    33  1201      635      610    49152       25           200 nginx',
];

const KILLED =
  'Killed process 1201 (nginx) total-vm:2540kB, anon-rss:2000kB, file-rss:400kB, shmem-rss:40kB';
const REAPED =
  'oom_reaper: reaped process 1201 (nginx), now anon-rss:0kB, file-rss:400kB, shmem-rss:40kB';

describe('4.15 (KERNEL.md 3.1 to 3.4)', () => {
  it('a memcg at its limit', () => {
    expect(log('4.15', 'memcg')).toEqual([
      'helper invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null), order=0, oom_score_adj=-17',
      'helper cpuset=/ mems_allowed=0',
      'CPU: 0 PID: 1400 Comm: helper Not tainted 4.15 #1',
      'Hardware name: oomsim',
      'Task in /a/b killed as a result of limit of /a',
      'memory: usage 2556kB, limit 4000kB, failcnt 0',
      'memory+swap: usage 0kB, limit 9007199254740988kB, failcnt 0',
      'kmem: usage 0kB, limit 9007199254740988kB, failcnt 0',
      'Memory cgroup stats for /a: cache:200KB rss:200KB rss_huge:0KB shmem:80KB mapped_file:0KB dirty:0KB writeback:0KB swap:0KB inactive_anon:80KB active_anon:200KB inactive_file:120KB active_file:0KB unevictable:0KB',
      'Memory cgroup stats for /a/b: cache:40KB rss:2000KB rss_huge:0KB shmem:40KB mapped_file:0KB dirty:0KB writeback:0KB swap:100KB inactive_anon:40KB active_anon:2000KB inactive_file:0KB active_file:0KB unevictable:0KB',
      ...TASKS_4_15,
      'Memory cgroup out of memory: Kill process 1201 (nginx) score 514 or sacrifice child',
      KILLED,
      REAPED,
    ]);
  });

  it('the whole machine', () => {
    expect(log('4.15', 'global')).toEqual([
      'helper invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null), order=0, oom_score_adj=-17',
      'helper cpuset=/ mems_allowed=0',
      'CPU: 0 PID: 1400 Comm: helper Not tainted 4.15 #1',
      'Hardware name: oomsim',
      'Mem-Info:',
      'active_anon:550 inactive_anon:30 isolated_anon:0',
      ' active_file:0 inactive_file:30 isolated_file:0',
      ' unevictable:0 dirty:0 writeback:0',
      ' slab_reclaimable:0 slab_unreclaimable:7',
      ' mapped:0 shmem:30 pagetables:15 bounce:0',
      ' free:49361 free_pcp:0 free_cma:0',
      'Node 0 Normal free:197444kB min:1788kB low:2232kB high:2676kB present:200000kB managed:200000kB',
      'lowmem_reserve[]: 0',
      '60 total pagecache pages',
      '0 pages in swap cache',
      'Free swap  = 3900kB',
      'Total swap = 4000kB',
      '50000 pages RAM',
      '0 pages HighMem/MovableOnly',
      '0 pages reserved',
      ...TASKS_4_15,
      'Out of memory: Kill process 1201 (nginx) score 212 or sacrifice child',
      KILLED,
      REAPED,
    ]);
  });

  it('without the table of tasks if vm.oom_dump_tasks is 0', () => {
    const w = scene('4.15');
    w.k.sysctl.oom_dump_tasks = false;
    w.run(w.tasks.helper, w.oom(w.tasks.helper));
    expect(w.dmesg.filter((line) => line.startsWith('['))).toEqual([]);
  });
});

it.each([
  ['4.15', 'owns inside visitor'],
  ['6.1', 'owns inside guest'],
])('whom the table of a memcg OOM names: by the owner of the mm up to 5.2: %s', (kernel, named) => {
  const w = world({
    kernel,
    cgroups: { '/a': { max: 1000 }, '/b': {} },
    tasks: {
      owns: { cgroup: '/a', anon: 9 },
      inside: { cgroup: '/a', anon: 9 },
      owner: { cgroup: '/b', anon: 9 },
      guest: { cgroup: '/a', shares: 'owner' },
      visitor: { cgroup: '/b', shares: 'owns' },
      bare: { cgroup: '/a', mm: false },
    },
  });
  w.run(w.tasks.inside, w.oom(w.tasks.inside, { memcg: w.memcg('/a') }));
  const rows = w.dmesg.filter((line) => /^\[ +\d/.test(line)).map((line) => line.split(' ').at(-1));
  expect(rows.join(' ')).toEqual(named);
});

describe('the table of tasks by version', () => {
  const table = (kernel: string) => {
    const lines = log(kernel, 'global');
    return lines.filter((line) => /^Tasks|^\[/.test(line)).slice(0, -2);
  };

  it('has a wide column for pids from 4.19', () => {
    expect(table('4.19')).toEqual([...TASKS_6_1.slice(0, 2), TASKS_6_1[4]]);
  });

  it('has the parts of the RSS from 6.8', () => {
    expect(table('6.14')).toEqual([
      'Tasks state (memory values in pages):',
      '[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name',
      '[   1201]    33  1201      635      610      500      100        10    49152       25           200 nginx',
    ]);
  });
});

it.each([
  ['4.15', 'memory+swap kmem'],
  ['5.2', 'memory+swap kmem'],
  ['5.4', 'swap anon'],
])('a memcg has the counters of v1 in its report up to 5.2: %s', (kernel, expected) => {
  const names = ['memory+swap:', 'kmem:', 'swap:', 'anon '];
  const lines = log(kernel, 'memcg');
  const seen = names.filter((name) => lines.some((line) => line.startsWith(name)));
  expect(seen.map((name) => name.slice(0, -1)).join(' ')).toBe(expected);
});

it.each([
  ['4.15', '0x14000c0'],
  ['4.19', '0x6000c0'],
  ['5.0', '0x6000c0'],
  ['5.2', '0xcc0'],
])('gfp_mask by version: %s: %s', (kernel, mask) => {
  expect(log(kernel, 'memcg')[0]).toContain(`gfp_mask=${mask}(GFP_KERNEL)`);
});

it.each([
  ['4.15', 'me cpuset=bound mems_allowed=1-2'],
  ['6.1', ',cpuset=bound,mems_allowed=1-2,global_oom,task_memcg=/bound/x,task=hog,'],
])('the cpuset is that of who asks, the memcg that of the victim: %s', (kernel, expected) => {
  const mems = [1, 2];
  const w = world({
    kernel,
    zones: [0, 1, 2].map((node) => ({ node, managedPages: 1000 })),
    cgroups: { '/bound': { mems }, '/bound/x': { mems }, '/b': {} },
    tasks: {
      me: { cgroup: '/bound/x' },
      owner: { cgroup: '/b', anon: 9, adj: -1000 },
      hog: { cgroup: '/bound/x', shares: 'owner' },
    },
  });
  w.run(w.tasks.me, w.oom(w.tasks.me));
  expect(w.dmesg.join('\n')).toContain(expected);
});

describe('the lines of a kill by version (KERNEL.md 4.10)', () => {
  /** What follows the table of tasks. */
  const kill = (kernel: string) => {
    const lines = log(kernel, 'memcg');
    return lines.slice(lines.findLastIndex((line) => line.startsWith('[')) + 1, -1);
  };
  const summary =
    'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=nginx,pid=1201,uid=33';
  const message = 'Memory cgroup out of memory: ';
  const kill_process = (score: number) =>
    `${message}Kill process 1201 (nginx) score ${score} or sacrifice child`;

  it.each<[string, string[]]>([
    ['4.15', [kill_process(514), KILLED]],
    ['4.19', [kill_process(523), KILLED]], // the bonus is gone
    ['5.0', [summary, kill_process(523), KILLED]],
    ['5.2', [summary, `${message}${KILLED}`]],
    ['5.4', [summary, `${message}${KILLED}, UID:33 pgtables:48kB oom_score_adj:200`]],
    ['6.1', [summary, `${message}${KILLED}, UID:33 pgtables:48kB oom_score_adj:200`]],
  ])('%s', (kernel, lines) => {
    expect(kill(kernel)).toEqual(lines);
  });

  it('a global OOM has no oom_memcg in its summary', () => {
    expect(log('6.1', 'global')).toContain(
      'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/a/b,task=nginx,pid=1201,uid=33',
    );
  });
});

it('6.1: a group dies, and the victim is logged twice', () => {
  const killed = `Memory cgroup out of memory: ${KILLED}, UID:33 pgtables:48kB oom_score_adj:200`;
  expect(log('6.1', 'memcg', true)).toEqual([
    'helper invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-17',
    'CPU: 0 PID: 1400 Comm: helper Not tainted 6.1 #1',
    'Hardware name: oomsim',
    'memory: usage 2556kB, limit 4000kB, failcnt 0',
    'swap: usage 100kB, limit 9007199254740988kB, failcnt 0',
    'Memory cgroup stats for /a:',
    'anon 2252800',
    'file 245760',
    'kernel_stack 16384',
    'pagetables 61440',
    'sock 12288',
    'shmem 122880',
    'file_dirty 0',
    'file_writeback 0',
    'inactive_anon 2375680',
    'active_anon 0',
    'inactive_file 122880',
    'active_file 0',
    'unevictable 0',
    'slab_unreclaimable 28672',
    ...TASKS_6_1,
    'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=nginx,pid=1201,uid=33',
    killed,
    'Tasks in /a are going to be killed due to memory.oom.group set',
    'Memory cgroup out of memory: Killed process 1400 (helper) total-vm:40kB, anon-rss:40kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:0kB oom_score_adj:-17',
    killed,
    REAPED,
  ]);
});

it.each([
  ['4.15', 'sysrq: SysRq : Manual OOM execution'],
  ['5.0', 'sysrq: SysRq : Manual OOM execution'],
  ['5.2', 'sysrq: Manual OOM execution'],
])('sysrq-f announces itself: %s: %s', (kernel, line) => {
  const w = world({ kernel, tasks: { me: {}, hog: { anon: 9 } } });
  w.run(w.tasks.me, sysrq_oom(w.k, w.tasks.me));
  expect(w.dmesg[0]).toBe(line);
});

describe('limits of the log (KERNEL.md 3.1)', () => {
  /** Reports and kill lines of `n` kills, `ms` apart. */
  const lines = (n: number, ms: number) => {
    const names = Array.from({ length: n }, (_, i) => `t${i}`);
    const w = world<string>({
      tasks: { me: {}, ...Object.fromEntries(names.map((name, i) => [name, { anon: 10 + i }])) },
    });
    for (let i = 0; i < n; i++) {
      w.run(w.tasks.me!, w.oom(w.tasks.me!));
      w.advance(ms);
    }
    const count = (pattern: RegExp) => w.dmesg.filter((line) => pattern.test(line)).length;
    return [count(/invoked oom-killer/), count(/Kill process/), count(/Killed process/)];
  };

  it('ten reports in five seconds; kill lines are not limited', () => {
    expect(lines(15, 0)).toEqual([10, 15, 15]);
    expect(lines(15, 1000)).toEqual([15, 15, 15]);
  });
});
