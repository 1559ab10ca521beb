import { describe, expect, test } from 'vitest';
import { linkReports, type OomReport, parseOomReports } from '../../../src/import/dmesg/index.js';
import { compose, type FakeTask, newKill, oldKill, PREFIXES } from './compose.js';

// Goal: which lines belong together, whatever is missing, doubled or in between.

const A: FakeTask = { pid: 100, comm: 'alpha', rss: 50_000 };
const B: FakeTask = { pid: 200, comm: 'beta', rss: 40_000 };
const C: FakeTask = { pid: 300, comm: 'gamma', rss: 30_000 };
const TASKS = [A, B, C];

const global = (kills: readonly string[]): string[] =>
  compose({ kernel: '5.10.0', layout: 'pgtables_bytes', tasks: TASKS, kills, swapKb: 8000 });
const inGroup = (kills: readonly string[]): string[] =>
  compose({
    kernel: '5.10.0',
    layout: 'pgtables_bytes',
    tasks: TASKS,
    kills,
    memcg: { path: '/pod', limitKb: 480_000 },
  });
const reports = (lines: readonly string[]): OomReport[] => [...parseOomReports(lines)];
const killed = (report: OomReport | undefined): number[] =>
  (report?.kills ?? []).filter((kill) => kill.verb === 'kill').map((kill) => kill.pid);

describe('several reports', () => {
  test('one after the other, each with its own', () => {
    const found = reports([...global(newKill(A)), 'noise', ...inGroup(newKill(B, '/pod'))]);
    expect(found.map(killed)).toEqual([[100], [200]]);
    expect(found.map((report) => report.scope)).toEqual(['global', 'memcg']);
    expect(found[1]?.lines.first).toBe(found[0]!.lines.last + 2);
  });

  test('the kill of an earlier report stands before the first header', () => {
    const found = reports([...newKill(C), ...global(newKill(A))]);
    expect(found.map(killed)).toEqual([[300], [100]]);
    expect(found[0]?.tasks).toBeNull();
    expect(found[1]?.earlierVictims).toMatchObject([{ pid: 300 }]);
  });

  test('kills without header, as rate limiting leaves them', () => {
    const found = reports([...global(newKill(A)), ...newKill(B), ...newKill(C)]);
    expect(found.map(killed)).toEqual([[100], [200], [300]]);
  });

  test('the kernel release of the first is known to the next', () => {
    const second = global(newKill(B)).filter((line) => !line.startsWith('CPU:'));
    const [, found] = reports([...global(newKill(A)), ...second]);
    expect(found?.kernel).toMatchObject({ text: '5.10.0', from: 'log' });
  });

  test('a boot forgets victims', () => {
    const boot = 'Linux version 6.1.0-9-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP';
    const [, found] = reports([...global(newKill(A)), boot, ...global(newKill(B)).slice(4)]);
    expect(found?.kernel?.text).toBe('6.1.0-9-amd64');
    expect(found?.earlierVictims).toEqual([]);
  });

  test('an oom_reaper line finds its report across the next header', () => {
    const reaper = 'oom_reaper: reaped process 100 (alpha), now anon-rss:0kB, file-rss:0kB';
    const next = global(newKill(B));
    const found = reports([...global(newKill(A)), ...next.slice(0, 3), reaper, ...next.slice(3)]);
    expect(found.map((report) => report.reaped.map((reaped) => reaped.pid))).toEqual([[100], []]);
  });

  test('the swap of a later report serves an earlier one', () => {
    const found = linkReports(reports([...inGroup(newKill(B, '/pod')), ...global(newKill(A))]));
    expect(found[0]?.hint?.totalSwapKb).toBe(8000);
    expect(found[1]?.hint).toBeNull();
  });
});

describe('one selection, many kills', () => {
  const group = 'Tasks in /pod are going to be killed due to memory.oom.group set';

  test('memory.oom.group', () => {
    const rest = [B, C].flatMap((task) => newKill(task, '/pod').slice(1));
    const [found, ...others] = reports(inGroup([...newKill(A, '/pod'), group, ...rest]));
    expect(others).toEqual([]);
    expect(killed(found)).toEqual([100, 200, 300]);
    expect(found?.groupKills).toEqual(['/pod']);
  });

  test('sharing the mm', () => {
    const sharing = 'Kill process 200 (beta) sharing same memory';
    const [found, ...others] = reports(global([...oldKill(A, 200), sharing]));
    expect(others).toEqual([]);
    expect(found?.kills.map((kill) => kill.verb)).toEqual(['select', 'kill', 'sharing']);
  });
});

describe('scope', () => {
  test('CONSTRAINT_NONE on a memcg OOM (5.0 to 5.2)', () => {
    const kills = newKill(A, '/pod').map((line) =>
      line.replace('CONSTRAINT_MEMCG', 'CONSTRAINT_NONE'),
    );
    expect(reports(inGroup(kills))[0]).toMatchObject({
      scope: 'memcg',
      constraint: 'CONSTRAINT_NONE',
      memcg: { oomMemcg: '/pod', taskMemcg: '/pod/inner' },
    });
  });

  test('v1: task, limit, memory+swap, kmem, stats on one line', () => {
    const lines = [
      'alpha invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0',
      'alpha cpuset=/ mems_allowed=0-1',
      'Task in /a/b killed as a result of limit of /a',
      'memory: usage 1024kB, limit 1024kB, failcnt 12',
      'memory+swap: usage 2000kB, limit 18014398509481983kB, failcnt 0',
      'kmem: usage 0kB, limit 9007199254740988kB, failcnt 0',
      'Memory cgroup stats for /a: cache:4KB rss:980KB mapped_file:0KB',
      'Memory cgroup stats for /a/b: cache:0KB rss:980KB mapped_file:0KB',
    ];
    expect(reports(lines)[0]).toMatchObject({
      scope: 'memcg',
      memsAllowed: '0-1',
      memcg: {
        oomMemcg: '/a',
        taskMemcg: '/a/b',
        memory: { usageKb: 1024, limitKb: 1024, failcnt: 12 },
        memorySwap: { limitKb: Number.POSITIVE_INFINITY },
        kmem: { limitKb: Number.POSITIVE_INFINITY },
        stats: [{ path: '/a', unit: 'KB' }, { path: '/a/b' }],
      },
    });
  });

  test('v2 statistics, one a line', () => {
    const [found] = reports(inGroup(newKill(A, '/pod')));
    expect(found?.memcg?.stats[0]).toMatchObject({ path: '/pod', unit: 'bytes' });
    expect(found?.memcg?.stats[0]?.values.get('anon')).toBe(4_096_000);
  });

  test('only the call trace knows', () => {
    const lines = [
      '[ 1.000000] alpha invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0',
      '[ 1.000000]  mem_cgroup_out_of_memory+0x111/0x130',
    ];
    expect(reports(lines)[0]?.scope).toBe('memcg');
  });
});

test('prose around a report is none', () => {
  const [head, ...rest] = global(newKill(A));
  const [before, after] = [rest.slice(0, 8), rest.slice(8)];
  const article = [
    'Then the log says that alpha invoked oom-killer:',
    '',
    head!,
    ...before,
    '',
    'This is the line that matters: `alpha invoked oom-killer`. The OOM killer is a part of Linux.',
    '',
    ...after,
  ];
  const found = reports(article);
  expect(found.map(killed)).toEqual([[100]]);
  expect(found[0]?.tasks?.rows).toHaveLength(3);
});

describe('scope and constraint as vendors and people write them', () => {
  test('a global OOM of a kernel that names the host as the limit', () => {
    const lines = compose({
      kernel: '4.19.91-24.al7.x86_64',
      layout: 'nr_pmds',
      tasks: [A, B],
      kills: oldKill(A, 20),
    });
    lines.splice(2, 0, 'Task in /user.slice killed as a result of limit of host');
    expect(reports(lines)[0]).toMatchObject({ scope: 'global', memcg: null });
  });

  test('a summary line with parts left out', () => {
    const kill = newKill(A)[1]!;
    for (const dots of [' ... ', ', ..., ', ',…, ', ',...,']) {
      const line = `oom-kill:constraint=CONSTRAINT_MEMCG${dots}task=alpha,pid=100,uid=0`;
      expect(reports([line, kill])[0]).toMatchObject({
        constraint: 'CONSTRAINT_MEMCG',
        summary: { comm: 'alpha', pid: 100 },
      });
    }
  });
});

test('heads that a filter left alone are reports of their own if their clocks differ', () => {
  const head = 'java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=996';
  const at = (minute: number): string => `[Fri Jul  3 00:${minute}:56 2020] ${head}`;
  expect(reports([at(11), at(11), at(16), at(21)])).toHaveLength(3);
});

describe('endings without a kill', () => {
  test('panic_on_oom', () => {
    const panic = 'Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled';
    const [found] = reports([...global([]), panic, 'CPU: 1 PID: 1 Comm: x Not tainted 5.10.0 #1']);
    expect(found).toMatchObject({ panic, kills: [] });
  });
  test('nobody killable', () => {
    const end = 'Out of memory and no killable processes...';
    const panic = 'Kernel panic - not syncing: System is deadlocked on memory';
    expect(reports([...global([]), end, panic])[0]).toMatchObject({ noKillable: true, panic });
  });
  test('SysRq', () => {
    const lines = global(newKill(A)).map((line) => line.replace('order=0', 'order=-1'));
    expect(reports(['sysrq: Manual OOM execution', ...lines])[0]).toMatchObject({
      sysrq: true,
      trigger: { order: -1 },
    });
  });
  test('BPF', () => {
    const lines = global(newKill(A));
    lines.splice(1, 0, 'oom_policy=test_policy');
    expect(reports(lines)[0]?.oomPolicy).toBe('test_policy');
    const free = newKill(A).map((line) => line.replace('CONSTRAINT_NONE', 'whatever BPF says'));
    expect(reports(global(free))[0]?.constraint).toBe('whatever BPF says');
  });
});

describe('what is not a report', () => {
  const failure = [
    'gamma: page allocation failure: order:5, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)',
    'CPU: 1 PID: 300 Comm: gamma Not tainted 5.10.0 #1',
    'Mem-Info:',
    'active_anon:1 inactive_anon:2 isolated_anon:0',
    'Total swap = 4kB',
  ];
  test('an allocation failure with its own Mem-Info', () => {
    expect(reports(failure)).toEqual([]);
    const [found] = reports([...failure, ...global(newKill(A)), ...failure]);
    expect(found?.memory?.totalSwapKb).toBe(8000);
  });
  test('SysRq-M, ordinary text, an empty log', () => {
    expect(reports(['sysrq: Show Memory', 'Mem-Info:', 'active_anon:1 inactive_anon:2'])).toEqual(
      [],
    );
    expect(reports(['I heard that the oom-killer is bad', 'zoom meeting'])).toEqual([]);
    expect(reports([])).toEqual([]);
  });
});

describe('lines of several CPUs', () => {
  test('PRINTK_CALLER tells whose they are', () => {
    const own = global(newKill(A)).map(PREFIXES.PRINTK_CALLER!);
    const others = global(newKill(B)).map((line) => `[ 1000.500000][ T9999] ${line}`);
    const mixed = own.flatMap((line, i) => {
      const other = others[i] ?? '';
      return /Mem-Info|active_|Total swap|pages RAM/.test(other) ? [line, other] : [line];
    });
    const [found, ...rest] = reports(mixed);
    expect(rest).toEqual([]);
    expect(found?.tasks?.rows).toHaveLength(3);
    expect(killed(found)).toEqual([100]);
  });

  test('a kill goes to the table that lists its victim', () => {
    const first = inGroup(newKill(A, '/pod'));
    const second = compose({
      kernel: '3.10.0',
      layout: 'nr_ptes',
      tasks: [{ pid: 900, comm: 'other', rss: 1000 }],
      kills: oldKill({ pid: 900, comm: 'other', rss: 1000 }, 800, 'Memory cgroup out of memory'),
      memcg: { path: '/other', limitKb: 4096 },
    });
    const late = first.splice(-1);
    const found = reports([...first, ...second.slice(0, -2), ...late, ...second.slice(-2)]);
    expect(found.map(killed)).toEqual([[100], [900]]);
  });
});

describe('numbers of the machine', () => {
  test('zones, watermarks, swap, pages', () => {
    const [found] = reports(global(newKill(A)));
    expect(found?.memory).toMatchObject({
      ramPages: 262_144,
      reservedPages: 2144,
      totalSwapKb: 8000,
      zones: [{ name: 'DMA32', freeKb: 24_000, minKb: 4096, lowmemReservePages: [0, 0, 0, 0] }],
    });
    expect(found?.memory?.totals.get('inactive_anon')).toBe(200_000);
    expect(found).toMatchObject({ pageSizeKb: 4, pageSizeFrom: 'victim', cpusAtLeast: 2 });
  });

  test('64 KiB pages', () => {
    const lines = global([]).map((line) => line.replace('37*4kB', '37*64kB'));
    expect(reports(lines)[0]).toMatchObject({ pageSizeKb: 64, pageSizeFrom: 'free lists' });
  });

  test('64 and 16 KiB pages are told by the page tables where nothing else does', () => {
    const tables = (kB: number): readonly string[] =>
      compose({
        kernel: '6.1.0',
        layout: 'pgtables_bytes',
        tasks: Array.from({ length: 9 }, (_, i) => {
          return { pid: 50 + i, comm: 'dd', rss: 900, pgt: (kB / 4) * (3 + i) };
        }),
        kills: [],
      }).filter((line) => !line.includes('*4kB'));
    const from = 'page tables';
    expect(reports(tables(64))[0]).toMatchObject({ pageSizeKb: 64, pageSizeFrom: from });
    expect(reports(tables(16))[0]).toMatchObject({ pageSizeKb: 16, pageSizeFrom: from });
    expect(reports(tables(8))[0]).toMatchObject({ pageSizeKb: 4, pageSizeFrom: 'assumed' });
  });

  test.each([
    ['CPU: 64 UID: 1000 PID: 5646 Comm: cc1 Tainted: G S    6.11.0-rc6+ #34', '6.11.0-rc6+'],
    ['Pid: 12, comm: java Not tainted 2.6.32-431.el6.x86_64 #1', '2.6.32-431.el6.x86_64'],
    [
      'CPU: 0 PID: 5117 Comm: a b Kdump: loaded Tainted: G OE  ---  5.14.0-285.el9 x#1',
      '5.14.0-285.el9',
    ],
    [
      'CPU: 9 PID: 1 Comm: x Tainted: G B ------------ T 3.10.0-327.el7.x86_64 #1',
      '3.10.0-327.el7.x86_64',
    ],
  ])('release in %s', (line, release) => {
    const lines = ['x invoked oom-killer: gfp_mask=0x0, order=0, oom_score_adj=0', line];
    expect(reports(lines)[0]?.kernel?.text).toBe(release);
  });
});
