import { describe, expect, test } from 'vitest';
import { judgeReport, parseOomReports } from '../../../src/import/dmesg/index.js';
import { compose, type FakeTask, newKill, oldKill, row } from './compose.js';

// Goal: of what people cut, filter or paste in part, everything that is there is said, and what is
// not there is named. Method: pieces of composed reports.

const HOG: FakeTask = { pid: 900, comm: 'hog', rss: 90_000, uid: 9 };
const PET: FakeTask = { pid: 901, comm: 'pet', rss: 4000, uid: 9 };

const whole = compose({
  kernel: '6.1.0',
  layout: 'pgtables_bytes',
  tasks: [PET, HOG],
  kills: newKill(HOG),
});
const judged = (lines: readonly string[]) =>
  [...parseOomReports(lines)].map((report) => ({ report, judgement: judgeReport(report) }));
const only = (lines: readonly string[]) => {
  const all = judged(lines);
  expect(all).toHaveLength(1);
  return all[0]!;
};

describe('filtered', () => {
  test('grep oom leaves the head of the table', () => {
    const { judgement } = only(whole.filter((line) => /oom|Out of memory/.test(line)));
    expect(judgement).toMatchObject({ verdict: 'undecidable', victims: [{ pid: 900 }] });
    expect(judgement.why).toMatch(/head of the task table and none of its rows/);
  });

  test('the oom-kill: line alone names the victim', () => {
    const { judgement, report } = only(whole.filter((line) => line.startsWith('oom-kill:')));
    expect(report.scope).toBe('global');
    expect(judgement.victims).toMatchObject([{ pid: 900, comm: 'hog' }]);
    expect(judgement.why).toMatch(/its kill line and the table are not in the log/);
  });

  test('the selection alone names it, too', () => {
    const { judgement } = only(oldKill(HOG, 342).slice(0, 1));
    expect(judgement.victims).toMatchObject([{ pid: 900, comm: 'hog' }]);
    expect(judgement.why).toMatch(/whom the kernel selected/);
  });

  test('the allocating task needs no table to be explained', () => {
    const kills = oldKill(HOG, 0, 'Out of memory (oom_kill_allocating_task)');
    expect(only(kills).judgement).toMatchObject({
      verdict: 'explained',
      reasons: [{ code: 'allocating-task' }],
      score: { verdict: 'exact' },
    });
  });

  test('the first line alone', () => {
    const { judgement } = only(whole.slice(0, 1));
    expect(judgement).toMatchObject({ verdict: 'undecidable', victims: [] });
    expect(judgement.why).toMatch(/neither the task table nor whom it killed/);
  });

  test('the reaper alone', () => {
    const line = 'oom_reaper: reaped process 77 (gone), now anon-rss:0kB, file-rss:0kB';
    const { judgement } = only([line]);
    expect(judgement.victims).toMatchObject([{ pid: 77, comm: 'gone' }]);
    expect(judgement.why).toMatch(/Only the OOM reaper speaks of it/);
  });

  test('a group that dies without a table', () => {
    const lines = [
      ...newKill(HOG, '/box'),
      'Tasks in /box are going to be killed due to memory.oom.group set',
      'Memory cgroup out of memory: Killed process 901 (pet) total-vm:32kB, anon-rss:16kB',
      'Memory cgroup out of memory: OOM victim 902 (late) is already exiting. Skip killing the task',
    ];
    const { judgement, report } = only(lines);
    expect(judgement.victims.map(({ pid }) => pid)).toEqual([900, 901]);
    expect(judgement.reasons.map(({ code }) => code)).toEqual(['no-task-table', 'group-kill']);
    expect(report.exiting).toMatchObject([{ pid: 902, comm: 'late' }]);
  });
});

describe('cut at the beginning', () => {
  test.each([
    ['in the totals', /^ active_file/],
    ['in the zones', /^Node 0 DMA32 free/],
    ['at the swap', /^Free swap/],
    ['at the RAM', /pages RAM$/],
  ])('%s: the sizes that are left count', (_, first) => {
    const at = whole.findIndex((line) => first.test(line));
    const { report, judgement } = only(whole.slice(at));
    expect(report.memory?.ramPages).toBe(262_144);
    expect(judgement).toMatchObject({ verdict: 'agrees', totalPages: { pages: 260_000 } });
  });

  test('a kernel is not accused of what may have come before', () => {
    const lines = compose({
      kernel: '6.1.0',
      layout: 'pgtables_bytes',
      tasks: [PET, HOG],
      kills: newKill(PET),
    });
    const table = lines.findIndex((line) => line.includes('total_vm'));
    expect(only(lines).judgement).toMatchObject({ verdict: 'differs', regression: true });
    const { judgement } = only(lines.slice(table));
    expect(judgement).toMatchObject({ verdict: 'explained', regression: false });
    expect(judgement.reasons[0]?.code).toBe('beginning-lost');
  });
});

describe('panics', () => {
  const panic = 'Kernel panic - not syncing: Out of memory and no killable processes...';

  test.each([
    ['nobody-killable', panic],
    [
      'panic-on-oom',
      'Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled',
    ],
  ])('%s is an event of its own, once', (code, line) => {
    const end = `---[ end ${line} ]---`;
    const { report, judgement } = only(['sysrq: Manual OOM execution', line, '', end]);
    expect(report.scope).toBe('global');
    expect(judgement).toMatchObject({ verdict: 'no-kill', reasons: [{ code }] });
  });

  test('after a kill it is the next event', () => {
    const all = judged([...oldKill(PET, 3), panic]);
    expect(all.map(({ judgement }) => judgement.verdict)).toEqual(['undecidable', 'no-kill']);
    expect(all[0]?.report.panic).toBeNull();
  });
});

describe('threads of a victim', () => {
  test('one that still holds the memory has been killed before', () => {
    const left = row({ ...HOG, pid: 905, tgid: 900 }, 'pgtables_bytes');
    const next = compose({
      kernel: '6.1.0',
      layout: 'pgtables_bytes',
      tasks: [PET],
      kills: newKill(PET),
    });
    const table = next.findIndex((line) => line.includes('total_vm'));
    const again = next.toSpliced(table + 1, 0, left);
    const reaped = 'oom_reaper: reaped process 900 (hog), now anon-rss:359000kB, file-rss:0kB';
    const { judgement } = judged([...whole, reaped, ...again])[1]!;
    expect(judgement).toMatchObject({ verdict: 'agrees', predicted: { pid: 901 } });
    expect(judgement.candidates.at(-1)?.why).toMatch(/killed and reaped before/);
    // Without a reaper (before 4.6) the other threads may be killed once more.
    expect(judged([...whole, ...again])[1]!.judgement.predicted?.pid).toBe(905);
  });

  test('the reaper names it: no event of its own', () => {
    const line = 'oom_reaper: reaped process 905 (hog), now anon-rss:0kB, file-rss:0kB';
    expect(only([...whole, line]).report.reaped).toMatchObject([{ pid: 905 }]);
  });
});

test('a colon is a mark of quotation', () => {
  const { report, judgement } = only(whole.map((line) => `> > : ${line}`));
  expect(report.trigger?.comm).toBe('asker');
  expect(judgement.verdict).toBe('agrees');
});

test('a web page has swallowed the ends of the lines', () => {
  const stamped = whole.map(
    (line, at) => `Jan ${1 + (at % 9)} 10:04:40 <host> kernel: [53542.${948_247 + at}] ${line}`,
  );
  const { report, judgement } = only([stamped.join(' ')]);
  expect(report.tasks?.rows.map(({ comm }) => comm)).toEqual(['pet', 'hog']);
  expect(judgement).toMatchObject({ verdict: 'agrees', totalPages: { pages: 260_000 } });
});

test('a third level of page tables counts', () => {
  const lines = compose({ kernel: '4.15.0', layout: 'nr_pmds', tasks: [HOG], kills: [] });
  const leveled = lines.map((line) =>
    line.replace('nr_pmds', 'nr_pmds nr_puds').replace(/ 7 +1 /, ' 7 1 1 '),
  );
  const { judgement } = only(leveled);
  expect(judgement.candidates[0]).toMatchObject({ pgtablesPages: 9 });
});

test('books wrap lines with an arrow', () => {
  const lines = oldKill(HOG, 342).flatMap((line) => line.replace(/ (?=score|anon-rss)/, '\n↪'));
  const { report } = only(lines.join('\n').split('\n'));
  expect(report.kills).toMatchObject([{ score: 342 }, { pid: 900, anonRssKb: 360_000 }]);
});
