import { describe, expect, test } from 'vitest';
import {
  type Judgement,
  type JudgeOptions,
  judgeReport,
  parseOomReports,
} from '../../../src/import/dmesg/index.js';
import { compose, type FakeReport, type FakeTask, newKill, oldKill } from './compose.js';

// Goal: the arithmetic of every age, and the right excuse where it does not fit. RAM − reserved of
// the composed machine is 260 000 pages unless said otherwise.

const TOTAL = 260_000;

function judge(report: FakeReport, options: JudgeOptions = {}): Judgement {
  const [found] = parseOomReports(compose(report));
  return judgeReport(found!, options);
}

/** The same as kernels 5.1 to 5.3 print it. */
const kill52 = (victim: FakeTask): string[] =>
  newKill(victim).map((line) => line.replace(/, UID:.*$/, ''));

const modern = (tasks: readonly FakeTask[], victim: FakeTask, more: Partial<FakeReport> = {}) => ({
  kernel: '6.1.0',
  layout: 'pgtables_bytes' as const,
  tasks,
  kills: newKill(victim, more.memcg?.path ?? null),
  ...more,
});

describe('the sum', () => {
  const big = { pid: 10, comm: 'big', rss: 1000, swap: 300, pgt: 20, uid: 7 };
  const pushed = { pid: 11, comm: 'pushed', rss: 100, adj: 10, uid: 7 };

  test('rss + swap + page tables + adj × floor(total / 1000)', () => {
    const { candidates, predicted } = judge(modern([big, pushed], pushed));
    expect(predicted).toMatchObject({ pid: 11, adjPages: 2600, points: 100 + 8 + 2600 });
    expect(candidates[1]).toMatchObject({ pid: 10, points: 1320, bonusPages: 0 });
  });

  test('swap counts in the total', () => {
    const { totalPages } = judge(modern([big], big, { swapKb: 4000 }));
    expect(totalPages).toMatchObject({ pages: TOTAL + 1000, exact: true });
  });

  test('a garbled RAM line is set right by the zones', () => {
    const lines = compose(modern([big], big)).map((line) =>
      line.replace('262144 pages RAM', '2621440 pages RAM'),
    );
    const [report] = parseOomReports(lines);
    expect(judgeReport(report!).totalPages).toMatchObject({ pages: TOTAL, exact: false });
  });
});

describe('who can be chosen', () => {
  test('not init, not −1000, not those killed before', () => {
    const init = { pid: 1, comm: 'init', rss: 90_000 };
    const spared = { pid: 5, comm: 'spared', rss: 80_000, adj: -1000 };
    const dead = { pid: 6, comm: 'dead', rss: 70_000 };
    const next = { pid: 7, comm: 'next', rss: 10 };
    const lines = [...newKill(dead), ...compose(modern([init, spared, dead, next], next))];
    const judgement = judgeReport([...parseOomReports(lines)][1]!);
    expect(judgement).toMatchObject({ verdict: 'agrees', predicted: { pid: 7 } });
    expect(judgement.candidates.slice(1).map((candidate) => candidate.why)).toEqual([
      'init',
      'oom_score_adj −1000',
      'killed before (line 2)',
    ]);
  });
});

test('of one that was killed before, only the reaper may speak', () => {
  const dead = { pid: 6, comm: 'dead', rss: 70_000 };
  const next = { pid: 7, comm: 'next', rss: 10 };
  const reaped =
    'oom_reaper: reaped process 6 (dead), now anon-rss:0kB, file-rss:0kB, shmem-rss:9kB';
  const reports = [...parseOomReports([reaped, ...compose(modern([dead, next], next))])];
  const { verdict, candidates } = judgeReport(reports[1]!);
  expect(verdict).toBe('agrees');
  expect(candidates[1]?.why).toBe('killed and reaped before (line 1)');
});

test('who was selected and spared for a child is there to be selected again', () => {
  const parent = { pid: 30, comm: 'parent', rss: 20_000, uid: 9 };
  const [first, second] = [31, 32].map((pid) => ({ pid, comm: 'child', rss: 900, uid: 9 }));
  const other = { pid: 40, comm: 'other', rss: 19_000, uid: 9 };
  const [select] = oldKill(parent, 76);
  const report = (child: FakeTask, children: readonly FakeTask[]): string[] =>
    compose({
      kernel: '3.10.0-957.el7.x86_64',
      layout: 'nr_ptes',
      tasks: [parent, ...children, other],
      kills: [select!, oldKill(child, 0)[1]!],
    });
  const lines = [...report(first!, [first!, second!]), ...report(second!, [second!])];
  const verdicts = [...parseOomReports(lines)].map((found) => judgeReport(found).verdict);
  expect(verdicts).toEqual(['agrees', 'agrees']);
});

test('a pid that was killed before and is chosen again belongs to somebody who lives', () => {
  const again = { pid: 6, comm: 'worker', rss: 70_000 };
  const small = { pid: 7, comm: 'small', rss: 10 };
  const reaped =
    'oom_reaper: reaped process 6 (worker), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB';
  const lines = [...newKill(again), reaped, ...compose(modern([again, small], again))];
  expect(judgeReport([...parseOomReports(lines)][1]!).verdict).toBe('agrees');
});

test('SysRq-F chooses among those that were killed and are not gone, too', () => {
  const stuck = { pid: 6, comm: 'stuck', rss: 70_000 };
  const small = { pid: 7, comm: 'small', rss: 10 };
  const again = compose(modern([stuck, small], stuck));
  const lines = [...newKill(stuck), ...again.map((line) => line.replace('order=0', 'order=-1'))];
  expect(judgeReport([...parseOomReports(lines)][1]!).verdict).toBe('agrees');
});

describe('ages', () => {
  const root = { pid: 20, comm: 'root', rss: 10_000, pgt: 0, uid: 0 };
  const user = { pid: 21, comm: 'user', rss: 9800, pgt: 0, uid: 5 };
  const old = (kernel: string): FakeReport => ({
    kernel,
    layout: 'nr_pmds',
    tasks: [root, user],
    kills: oldKill(user, 37),
  });

  test('3 % of its use is spared to root up to 4.16', () => {
    expect(judge(old('4.16.1'))).toMatchObject({
      verdict: 'agrees',
      score: { verdict: 'exact', computed: 37 },
    });
    const later = judge({ ...old('4.17.0'), layout: 'pgtables_bytes' });
    expect(later.predicted?.pid).toBe(20);
  });

  test('3 % of all memory up to 3.13', () => {
    const { candidates } = judge({ ...old('3.10.0'), layout: 'nr_ptes' });
    expect(candidates.find(({ pid }) => pid === 20)).toMatchObject({
      bonusPages: 7800,
      points: 2200,
    });
  });

  test('not in a container, where root has no CAP_SYS_ADMIN', () => {
    const { candidates } = judge({
      ...old('4.4.0'),
      kills: oldKill(root, 95, 'Memory cgroup out of memory'),
      memcg: { path: '/docker/abc', limitKb: 420_000 },
    });
    expect(candidates[0]).toMatchObject({ pid: 20, bonusPages: 0 });
  });

  test('nor in a cgroup of which a printed score shows it', () => {
    const other = { pid: 22, comm: 'other', rss: 9000, pgt: 0, uid: 0 };
    // 10 000 of 105 000 pages; with the bonus it would be 92.
    const { candidates, score } = judge({
      ...old('4.4.0'),
      tasks: [root, other],
      kills: oldKill(root, 95, 'Memory cgroup out of memory'),
      memcg: { path: '/job', limitKb: 420_000 },
    });
    expect(score).toMatchObject({ verdict: 'exact', rootBonus: 'none' });
    expect(candidates.map(({ bonusPages }) => bonusPages)).toEqual([0, 0]);
  });

  test('thousandths from 2.6.36 to 3.4, and in RHEL 6', () => {
    const tasks = [root, user];
    const report = { kernel: '2.6.32-431.el6.x86_64', layout: 'oom_score_adj' as const, tasks };
    const { candidates, rules } = judge({ ...report, kills: oldKill(user, 37) });
    expect(rules.rules.scale).toBe('permille');
    expect(candidates).toMatchObject([
      { pid: 21, points: 37 },
      { pid: 20, points: 8 },
    ]);
  });

  test('only oom_adj: 2.6.32 proper cannot be decided, and says so', () => {
    const shifted = { pid: 30, comm: 'shifted', rss: 100, oomAdj: 10, uid: 5 };
    const report = { kernel: '2.6.32', layout: 'oom_adj' as const, tasks: [root, user, shifted] };
    const judgement = judge({ ...report, kills: oldKill(user, 37) });
    expect(judgement.predicted?.pid).toBe(30);
    expect(judgement).toMatchObject({ verdict: 'explained', reasons: [{ code: 'old-badness' }] });
    const never = { pid: 31, comm: 'never', rss: 1e6, oomAdj: -17 };
    const spared = judge({ ...report, tasks: [never, user], kills: oldKill(user, 37) });
    expect(spared.candidates[1]).toMatchObject({ pid: 31, adj: -1000, eligible: false });
  });

  test('scores below 1 are 1 up to 5.8: then the order decides', () => {
    const tasks = [
      { pid: 40, comm: 'pause', rss: 1, adj: -998 },
      { pid: 41, comm: 'hog', rss: 40_000, adj: -998 },
    ];
    const before = judge({
      ...modern(tasks, tasks[0]!),
      kernel: '5.2.0',
      kills: kill52(tasks[0]!),
    });
    expect(before).toMatchObject({ verdict: 'agrees', predicted: { pid: 40, points: 1 } });
    expect(before.reasons.map((reason) => reason.code)).toContain('tie');
    expect(judge(modern(tasks, tasks[1]!, { kernel: '5.9.0' })).predicted?.pid).toBe(41);
  });

  test('of equals the first dies up to 5.2, the last from 5.3 on', () => {
    const tasks = [50, 51, 52].map((pid) => ({ pid, comm: 'twin', rss: 500 }));
    const early = { ...modern(tasks, tasks[0]!), kernel: '5.2.0', kills: kill52(tasks[0]!) };
    expect(judge(early).predicted?.pid).toBe(50);
    expect(judge(modern(tasks, tasks[2]!, { kernel: '5.3.0' })).predicted?.pid).toBe(52);
  });

  test('an unnamed kernel is told by its wording', () => {
    const lines = compose(old('4.4.0')).filter((line) => !line.startsWith('CPU:'));
    const [report] = parseOomReports(lines);
    const { rules } = judgeReport(report!);
    expect(rules).toMatchObject({ uncertain: true, rules: { rootBonus: 'usage' } });
    expect(rules.from).toMatch(/nr_pmds.*like 4\.14/);
  });
});

describe('a constraint that is not printed (up to 4.20)', () => {
  const task = { pid: 65, comm: 'task', rss: 20_020, uid: 9 };
  const other = { pid: 66, comm: 'other', rss: 90_000, uid: 9 };
  const judged = (lines: readonly string[]) => judgeReport([...parseOomReports(lines)][0]!);
  const lines = compose({
    kernel: '4.4.0',
    layout: 'nr_pmds',
    tasks: [task, other],
    kills: oldKill(task, 76),
  });

  test('nodes that a cpuset leaves out are not in Mem-Info', () => {
    const bound = lines
      .toSpliced(1, 0, 'asker cpuset=left mems_allowed=0')
      .map((line) => line.replace(/^(\d+) pages RAM/, '524288 pages RAM'));
    const { verdict, reasons, totalPages, score } = judged(bound);
    expect([verdict, reasons[0]?.code]).toEqual(['explained', 'constrained']);
    expect(totalPages?.from).toContain('of nodes 0');
    expect(score).toMatchObject({ verdict: 'exact' });
  });

  test('holes that count as RAM are no hidden nodes', () => {
    const holes = lines
      .toSpliced(1, 0, 'asker cpuset=/ mems_allowed=0')
      .map((line) =>
        line
          .replace(/^(\d+) pages RAM/, '524288 pages RAM')
          .replace('2144 pages res', '264288 pages res'),
      );
    expect(judged(holes)).toMatchObject({ verdict: 'differs', totalPages: { pages: 260_000 } });
  });

  test('without one, the kernel has to answer for it', () => {
    const free = lines.toSpliced(1, 0, 'asker cpuset=/ mems_allowed=0');
    expect(judged(free)).toMatchObject({ verdict: 'differs' });
  });
});

describe('memcg totals', () => {
  const task = { pid: 60, comm: 'task', rss: 1000, adj: 100, swap: 40 };
  const total = (swap: string, more: Partial<FakeReport> = {}) =>
    judge(modern([task], task, { memcg: { path: '/m', limitKb: 40_000, swap }, ...more }))
      .totalPages;

  test('no swap allowed', () => {
    expect(total('swap: usage 0kB, limit 0kB, failcnt 0')).toMatchObject({
      pages: 10_000,
      exact: true,
    });
  });
  test('memory+swap', () => {
    const line = 'memory+swap: usage 41000kB, limit 60000kB, failcnt 0';
    expect(total(line)).toMatchObject({ pages: 15_000, min: 10_250, max: 15_000, exact: false });
  });
  test('the limit stands in the v1 statistics, too', () => {
    const lines = compose(modern([task], task, { memcg: { path: '/m', limitKb: 40_000 } }));
    const rest = lines.filter((line) => !/^(?:memory|swap): usage/.test(line));
    const at = rest.findIndex((line) => line.startsWith('kernel_stack'));
    rest.splice(at, 0, 'hierarchical_memory_limit 40960000');
    const [report] = parseOomReports(rest);
    expect(judgeReport(report!).totalPages).toMatchObject({ min: 10_040 });
  });
  test('unlimited swap of unknown size: at least what is in use', () => {
    const line = 'swap: usage 800kB, limit 9007199254740988kB, failcnt 0';
    expect(total(line)).toMatchObject({ pages: 10_200, max: null, exact: false });
  });
});

describe('printed scores', () => {
  const victim = { pid: 70, comm: 'victim', rss: 14_752, pgt: 62, uid: 9 };
  test('a total that is not printed is inferred', () => {
    const report: FakeReport = {
      kernel: '4.14.0',
      layout: 'nr_pmds',
      tasks: [victim],
      kills: oldKill(victim, 904, 'Memory cgroup out of memory'),
    };
    const lines = compose(report);
    const table = lines.findIndex((line) => line.includes('total_vm'));
    const [found] = parseOomReports([lines[1]!, ...lines.slice(table)]);
    expect(judgeReport(found!)).toMatchObject({
      score: { verdict: 'inferred', totalPages: 16_384 },
      totalPages: { pages: 16_384 },
    });
  });

  test('with oom_score_adj 1000 the rounding of the total still shows', () => {
    const pushed = { pid: 71, comm: 'pushed', rss: 20, adj: 1000, uid: 9 };
    const report: FakeReport = {
      kernel: '4.5.0',
      layout: 'nr_pmds',
      tasks: [victim, pushed],
      kills: oldKill(pushed, 998),
    };
    const lines = compose(report);
    const table = lines.findIndex((line) => line.includes('total_vm'));
    const { score } = judgeReport([...parseOomReports([lines[1]!, ...lines.slice(table)])][0]!);
    expect(score).toMatchObject({ verdict: 'inferred' });
    const total = score!.totalPages!;
    expect(Math.floor(((28 + 1000 * Math.floor(total / 1000)) * 1000) / total)).toBe(998);
  });

  test('0 says that the total is large', () => {
    const swap = 'memory+swap: usage 0kB, limit 9007199254740988kB, failcnt 0';
    const report: FakeReport = {
      kernel: '3.10.0',
      layout: 'nr_ptes',
      tasks: [victim],
      kills: oldKill(victim, 0, 'Memory cgroup out of memory'),
      memcg: { path: '/tiny', limitKb: 4, swap },
    };
    const { score } = judge(report);
    expect(score).toMatchObject({ verdict: 'inferred' });
    expect(score!.totalPages).toBeGreaterThan(14_814_000);
  });

  test('page tables without a column make up for what is missing', () => {
    const report = { kernel: '3.2.0', layout: 'oom_score_adj' as const };
    const java = { ...victim, rss: 130_000, vm: 300_000 };
    const score = (printed: number) =>
      judge({ ...report, tasks: [java], kills: oldKill(java, printed) }).score;
    expect(score(500)).toMatchObject({ verdict: 'exact' });
    expect(score(502)).toMatchObject({ verdict: 'inferred', rootBonus: 'permille' });
    expect(score(502)?.how).toMatch(/with 520 pages or more of page tables/);
    expect(score(520)).toMatchObject({ verdict: 'differs', computed: 500 });
  });

  test('one that no rule gives', () => {
    const report = { kernel: '4.14.0', layout: 'nr_pmds' as const, tasks: [victim] };
    expect(judge({ ...report, kills: oldKill(victim, 999) }).score).toMatchObject({
      verdict: 'differs',
      computed: 56,
    });
  });
});

describe('excuses', () => {
  const big = { pid: 80, comm: 'big', rss: 100_000 };
  const small = { pid: 81, comm: 'small', rss: 5000 };
  const asker = { pid: 4242, comm: 'asker', rss: 100 };
  const code = (judgement: Judgement) => [judgement.verdict, judgement.reasons[0]?.code];
  const ancient = (kills: readonly string[], more: Partial<FakeReport> = {}): FakeReport => ({
    kernel: '4.9.0',
    layout: 'nr_pmds',
    tasks: [big, small, asker],
    kills,
    ...more,
  });

  test('the allocating task', () => {
    const kills = oldKill(asker, 0, 'Out of memory (oom_kill_allocating_task)');
    const judgement = judge(ancient(kills));
    expect(code(judgement)).toEqual(['explained', 'allocating-task']);
    expect(judgement.score).toMatchObject({ verdict: 'exact', computed: 0 });
    expect(judgement.why).toMatch(/By score it would have been big \(80\)/);
  });

  test('a child of the allocating task, with and without a table', () => {
    const [select] = oldKill(asker, 0, 'Out of memory (oom_kill_allocating_task)');
    const [, kill] = oldKill({ pid: 4999, comm: 'sleep', rss: 60 }, 0);
    const report = ancient([select!, kill!]);
    expect(judge(report).why).toMatch(/its child sleep \(4999\) was killed in its place/);
    const bare = compose(report).filter((line) => !line.startsWith('['));
    const judgement = judgeReport([...parseOomReports(bare)][0]!);
    expect(judgement.why).toMatch(/its child sleep \(4999\) was killed in its place/);
  });

  test('the row is missing', () => {
    const gone = { pid: 99, comm: 'gone', rss: 1 };
    expect(code(judge(ancient(oldKill(gone, 400))))).toEqual(['explained', 'row-missing']);
  });

  test('a child died for its parent', () => {
    const [select] = oldKill(big, 384);
    const [, kill] = oldKill(small, 0);
    const judgement = judge(ancient([select!, kill!]));
    expect(judgement).toMatchObject({ verdict: 'agrees', selected: { pid: 80 } });
    expect(judgement.victims).toMatchObject([{ pid: 81 }]);
    expect(judgement.reasons.map((reason) => reason.code)).toContain('child-sacrifice');
  });

  test('a child may have, when the selection is not in the log', () => {
    const [, kill] = oldKill(small, 0);
    expect(code(judge(ancient([kill!])))).toEqual(['explained', 'child-sacrifice']);
  });

  test('a thread was selected (memcg, up to 5.2)', () => {
    const message = 'Memory cgroup out of memory';
    const [select] = oldKill({ ...big, pid: 24_572 }, 250, message);
    const [, kill] = oldKill(big, 0);
    const memcg = { path: '/m', limitKb: 1_600_000 };
    const judgement = judge(ancient([select!, kill!], { memcg }));
    expect(judgement).toMatchObject({ verdict: 'agrees', score: { verdict: 'exact' } });
    expect(judgement.reasons.map((reason) => reason.code)).toContain('thread-of-victim');
  });

  test('swap is counted but not printed (RHEL 6)', () => {
    const report = {
      layout: 'oom_score_adj' as const,
      kernel: '2.6.32-431.el6.x86_64',
      swapKb: 1e6,
    };
    const roomy = { ...report, tasks: [big, { ...small, vm: 300_000 }, asker] };
    expect(code(judge(ancient(oldKill(small, 400), roomy)))).toEqual(['explained', 'swap-hidden']);
    // No more of it can be swapped than it has addresses.
    expect(code(judge(ancient(oldKill(small, 400), report)))).toEqual(['differs', 'rules-broken']);
  });

  test('adj against a total that is not printed', () => {
    const spared = { pid: 90, comm: 'spared', rss: 9000, adj: -300 };
    const plain = { pid: 91, comm: 'plain', rss: 1000 };
    const swap = 'swap: usage 0kB, limit 9007199254740988kB, failcnt 0';
    const report = modern([spared, plain], plain, { memcg: { path: '/m', limitKb: 40_000, swap } });
    expect(code(judge(report))).toEqual(['explained', 'total-unknown']);
  });

  test('a BPF policy', () => {
    const lines = compose(modern([big, small], small));
    lines.splice(1, 0, 'oom_policy=by_name');
    const [report] = parseOomReports(lines);
    expect(code(judgeReport(report!))).toEqual(['explained', 'bpf-policy']);
  });

  test('a vendor with rules of its own', () => {
    const tasks = [
      { pid: 40, comm: 'pause', rss: 1, adj: -998 },
      { pid: 41, comm: 'hog', rss: 40_000, adj: -998 },
    ];
    const report = modern(tasks, tasks[0]!, { kernel: '5.14.0-70.el9.x86_64' });
    expect(code(judge(report))).toEqual(['explained', 'vendor-rules']);
  });

  test('numbers that moved in between', () => {
    const close = { ...small, rss: 99_900 };
    expect(code(judge(modern([big, close], close)))).toEqual(['explained', 'drift']);
  });

  test('those above are only remains', () => {
    const remains = [1, 2, 3].map((pid) => ({ pid: 500 + pid, comm: 'remains', rss: 60 }));
    const last = { pid: 510, comm: 'dbus', rss: 400, adj: -900 };
    const report = modern([...remains, last], last);
    expect(code(judge(report))).toEqual(['explained', 'others-already-killed']);
  });

  test('a kernel that breaks its own rules is worth a report', () => {
    const dbus = { pid: 454, comm: 'dbus-daemon', rss: 400, adj: -900 };
    const judgement = judge(modern([big, dbus], dbus, { kernel: '5.8.0-rc7-next-20200731' }));
    expect(code(judgement)).toEqual(['differs', 'rules-broken']);
    expect(judgement.regression).toBe(true);
    expect(judgement.why).toMatch(/maintainers/);
  });

  test('no table, no kill, panic', () => {
    const [bare] = parseOomReports(newKill(big));
    expect(code(judgeReport(bare!))).toEqual(['undecidable', 'no-task-table']);
    expect(code(judge(ancient([])))).toEqual(['undecidable', 'kill-line-missing']);
    const panic = 'Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled';
    expect(code(judge(ancient([panic])))).toEqual(['no-kill', 'panic-on-oom']);
    const none = 'Out of memory and no killable processes...';
    expect(code(judge(ancient([none])))).toEqual(['no-kill', 'nobody-killable']);
  });
});

describe('what if', () => {
  const big = { pid: 80, comm: 'big', rss: 100_000, uid: 5 };
  const small = { pid: 81, comm: 'small', rss: 5000, uid: 5 };
  const report = modern([big, small], big);
  test('another oom_score_adj', () => {
    const oomScoreAdj = new Map([[81, 500]]);
    expect(judge(report, { oomScoreAdj }).predicted).toMatchObject({ pid: 81, adjPages: 130_000 });
  });
  test('another total', () => {
    expect(judge(report, { totalPages: 1000 }).totalPages?.pages).toBe(1000);
  });
  test('another kernel', () => {
    expect(judge(report, { kernel: '4.15' }).rules.rules).toMatchObject({ rootBonus: 'usage' });
  });
});
