import { describe, expect, test } from 'vitest';
import { type OomReport, parseOomReports } from '../../../src/import/dmesg/index.js';
import { compose, type FakeTask, type Layout, newKill, oldKill, row } from './compose.js';

// Goal: every layout of the task table is read, with its header, without it, and with half of it.

const TASKS: readonly FakeTask[] = [
  { pid: 301, comm: 'init-helper', rss: 400, adj: -1000, oomAdj: -17 },
  { pid: 455, comm: 'web server', rss: 5000, uid: 33, adj: 300, oomAdj: 5 },
  { pid: 457, comm: '3', rss: 70 },
  { pid: 460, comm: 'Isolated Web Co', rss: 9000, uid: 1000, adj: 167, oomAdj: 2 },
  { pid: 471, comm: 'big', rss: 90_000, pgt: 200 },
];
const LAYOUTS: readonly Layout[] = [
  'oom_adj',
  'oom_score_adj',
  'nr_ptes',
  'nr_pmds',
  'pgtables_bytes',
  'rss_split',
];

function report(layout: Layout): string[] {
  const old = layout !== 'pgtables_bytes' && layout !== 'rss_split';
  const kills = old ? oldKill(TASKS[4]!, 350) : newKill(TASKS[4]!);
  return compose({ kernel: '4.4.0', layout, tasks: TASKS, kills });
}

function parse(lines: readonly string[]): OomReport {
  const reports = [...parseOomReports(lines)];
  expect(reports).toHaveLength(1);
  return reports[0]!;
}

describe.each(LAYOUTS)('layout %s', (layout) => {
  const whole = parse(report(layout)).tasks!;

  test('with its header', () => {
    expect(whole.layout).toBe(layout);
    expect(whole.columnsFrom).toBe('header');
    expect(whole.rows.map((task) => task.comm)).toEqual(TASKS.map((task) => task.comm));
    expect(whole.rows.map((task) => task.rssPages)).toEqual(TASKS.map((task) => task.rss));
    expect(whole.rows.map((task) => task.uid)).toEqual(TASKS.map((task) => task.uid ?? 0));
    if (layout !== 'oom_adj') {
      expect(whole.rows.map((task) => task.oomScoreAdj)).toEqual(TASKS.map((t) => t.adj ?? 0));
    }
    expect(whole.damagedRows).toBe(0);
  });

  test('header lost', () => {
    const lines = report(layout).filter((line) => !line.includes('total_vm'));
    const table = parse(lines).tasks!;
    expect(table.columnsFrom).toBe('rows');
    expect(table.layout).toBe(layout);
    expect(table.rows.map(({ line: _, ...task }) => task)).toEqual(
      whole.rows.map(({ line: _, ...task }) => task),
    );
  });

  test('header blank', () => {
    const lines = report(layout).map((line) => (line.includes('total_vm') ? '[ pid ]' : line));
    expect(parse(lines).tasks?.layout).toBe(layout);
  });

  test('header cut', () => {
    const lines = report(layout).map((line) =>
      line.includes('total_vm') ? line.slice(0, 40) : line,
    );
    expect(parse(lines).tasks?.layout).toBe(layout);
  });

  test('only the table and the kill, nothing above', () => {
    const lines = report(layout);
    const from = lines.findIndex((line) => line.includes('total_vm'));
    const found = parse(lines.slice(from));
    expect(found.tasks?.rows).toHaveLength(5);
    expect(found.kills.at(-1)?.pid).toBe(471);
    expect(found.trigger).toBeNull();
  });
});

describe('rows', () => {
  test('split RSS of 6.8', () => {
    const task = parse(report('rss_split')).tasks!.rows[1]!;
    expect(task).toMatchObject({ rssAnonPages: 4997, rssFilePages: 2, rssShmemPages: 1 });
  });

  test('a thread that outlived its leader', () => {
    const tasks = [{ pid: 15_280, tgid: 15_279, comm: 'worker', rss: 5 }];
    const lines = compose({ kernel: '5.15.0', layout: 'pgtables_bytes', tasks, kills: [] });
    expect(parse(lines).tasks?.rows[0]).toMatchObject({ pid: 15_280, tgid: 15_279 });
  });

  test('cut rows are counted, not guessed', () => {
    const lines = report('nr_ptes').map((line) =>
      line.includes('big') ? line.slice(0, 30) : line,
    );
    const found = parse(lines.map((line) => `<4>${line}`));
    expect(found.tasks?.rows).toHaveLength(4);
    expect(found.tasks?.damagedRows).toBe(1);
    expect(found.lostRows.evidence.join()).toMatch(/1 rows are cut/);
  });

  test('a log pasted twice', () => {
    const lines = report('nr_ptes').flatMap((line) => [line, line]);
    const found = parse(lines);
    expect(found.tasks?.rows).toHaveLength(5);
    expect(found.tasks?.repeatedRows).toBe(5);
    expect(found.kills.filter((kill) => kill.verb === 'kill' && !kill.repeated)).toHaveLength(1);
  });

  test('columns of a kernel that nobody has seen yet', () => {
    const lines = [
      '[  pid  ]   uid  tgid total_vm      rss novelty pgtables_bytes swapents oom_score_adj name',
      '[   1234]  1000  1234    50000    40000      77   102400        9           250 future',
      'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=future,pid=1234,uid=1000',
    ];
    const task = parse(lines).tasks!.rows[0]!;
    expect(task).toMatchObject({ swapents: 9, oomScoreAdj: 250, pgtablesBytes: 102_400 });
  });

  test.each(['state', 's'])('a vendor’s column of words: %s', (column) => {
    const lines = [
      `[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj ${column} name`,
      '[ 1234]  1000  1234    50000    40000      77        9           250 S web server',
      '[ 1235]  1000  1235    50000    41000      77        9           -17 D 3',
      '[ 1236]  1000  1236    50000    41000      77        9           ...',
      'Out of memory: Kill process 1234 (web server) score 350 or sacrifice child',
    ];
    const { rows, columnsFrom, damagedRows } = parse(lines).tasks!;
    expect(columnsFrom).toBe('header');
    expect(damagedRows).toBe(0);
    expect(rows).toMatchObject([
      { comm: 'web server', swapents: 9, oomScoreAdj: 250, cut: false },
      { comm: '3', rssPages: 41_000, oomScoreAdj: -17, cut: false },
      { comm: '', cut: true },
    ]);
  });

  test('absurd numbers stay numbers', () => {
    const lines = [
      row({ pid: 1, comm: 'a', rss: 1 }, 'nr_ptes'),
      '[99999999]     0 99999999 99999999999999999999 88888888888888888888       5        0             0 huge',
      row({ pid: 2, comm: 'b', rss: 1 }, 'nr_ptes'),
    ];
    for (const task of parse(lines).tasks!.rows) {
      expect(Number.isSafeInteger(task.rssPages)).toBe(true);
    }
  });

  test('kmsg sequence numbers tell how many rows were lost', () => {
    const lines = report('nr_ptes').map((line, i) => `4,${100 + i},${1000 + i},-;${line}`);
    const at = lines.findIndex((line) => line.includes('web server'));
    lines.splice(at, 2);
    expect(parse(lines).lostRows.atLeast).toBe(2);
  });

  test('page tables tell how many rows there must have been', () => {
    const lines = report('pgtables_bytes').map((line) =>
      line.replace('pagetables:900', 'pagetables:9280'),
    );
    const { lostRows } = parse(lines);
    expect(lostRows.estimatedRows).toBe(200);
  });

  test.each([
    ['a line of its own', '** 390 printk messages dropped **', 2],
    ['before what was printed next, as up to 4.14', '** 390 printk messages dropped ** ', 1],
  ])('the console admits to what it dropped: %s', (_where, marker, removed) => {
    const lines = report('nr_ptes').map((line) => `[ 1234.567890] ${line}`);
    const at = lines.findIndex((line) => line.includes('web server'));
    const next = removed === 1 ? lines[at + 1]! : '';
    lines.splice(at, 2, `${marker}${next}`);
    const { lostRows, tasks } = parse(lines);
    expect(lostRows.atLeast).toBe(390);
    expect(tasks?.rows).toHaveLength(TASKS.length - removed);
    expect(tasks?.rows.every((task) => !task.comm.includes('printk'))).toBe(true);
  });

  test('journald admits to what it missed', () => {
    const lines = report('pgtables_bytes').map((line) => `Sep  9 08:12:34 host kernel: ${line}`);
    const at = lines.findIndex((line) => line.includes('web server'));
    lines.splice(at, 2, 'Sep  9 08:12:34 host systemd-journald[9]: Missed 390 kernel messages');
    expect(parse(lines).lostRows.atLeast).toBe(390);
  });
});

describe('rows that lost a piece in the middle', () => {
  // As where a console drops characters: the rest moves up, and numbers stand in others' columns.
  const whole = row({ pid: 900, comm: 'spoilt', rss: 30_000, swap: 7, pgt: 90 }, 'pgtables_bytes');
  const spoilt = [
    whole.replace(/ 30000/, ''),
    whole.replace(/60100 +30000/, '30000    60100'),
    whole.replace(/ 0 spoilt/, '  4711 spoilt'),
    whole.replace(' spoilt', '  8 [  901]     0   901 spoilt'),
  ];
  test.each(spoilt)('%s', (line) => {
    const lines = report('pgtables_bytes');
    lines.splice(lines.findIndex((text) => text.includes('init-helper')) + 1, 0, line);
    const { rows, damagedRows } = parse(lines).tasks!;
    expect(rows.map(({ pid }) => pid)).toEqual(TASKS.map(({ pid }) => pid));
    expect(damagedRows).toBe(1);
  });
});
