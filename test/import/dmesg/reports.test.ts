import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  type Judgement,
  judgeReport,
  linkReports,
  type OomReport,
  parseOomReports,
} from '../../../src/import/dmesg/index.js';
import { firstVictim } from './played_on.js';

// Goal: kernels 2.6.32 to 6.18 in the layouts that their sources print, behind the prefixes that
// loggers add. Method: made-up reports (reports/*.log) whose victims and printed scores were worked
// out beside this code, by each kernel's oom_badness().

interface Expected {
  readonly killed: readonly (readonly [number, string])[];
  readonly verdict: Judgement['verdict'];
  readonly scope: OomReport['scope'];
  readonly rows: number;
  /** Printed, and how it is reproduced. */
  readonly score?: readonly [number, 'exact' | 'inferred' | 'incomparable'];
  readonly reason?: string;
  /** Whom the kernel selected, where it killed another. */
  readonly selected?: number;
  readonly reports?: number;
  readonly kernel?: string;
}

const REPORTS: Readonly<Record<string, Expected>> = {
  // vmsize heuristic, `kill process … or a child`, no sizes on the kill line
  '2.6.32-debian6-syslog': {
    killed: [[1400, 'mysqld']],
    verdict: 'agrees',
    scope: 'global',
    rows: 6,
    score: [35_122, 'incomparable'],
  },
  // ARM counts `pages of RAM` and `reserved pages`
  '3.0-arm-reserved-pages': {
    killed: [[1250, 'mail.app']],
    verdict: 'agrees',
    scope: 'global',
    rows: 3,
    score: [580, 'exact'],
  },
  // thousandths; root is spared 30 of them
  '3.2-debian7-permille': {
    killed: [[2200, 'java']],
    verdict: 'agrees',
    scope: 'global',
    rows: 4,
    score: [662, 'exact'],
  },
  // a memcg report that prints Mem-Info too, as they did then
  '3.2-lxc-memcg': {
    killed: [[4151, 'php-fpm']],
    verdict: 'agrees',
    scope: 'memcg',
    rows: 4,
    score: [396, 'exact'],
  },
  // selected is a thread; RHEL prints `, UID 1000,` in the kill line
  '3.10-el7-kubernetes-thread': {
    killed: [[20_180, 'java']],
    selected: 20_199,
    verdict: 'agrees',
    scope: 'memcg',
    rows: 3,
    score: [1757, 'exact'],
    reason: 'thread-of-victim',
  },
  // zones without nodes
  '3.13-i686-highmem': {
    killed: [[1900, 'chromium']],
    verdict: 'agrees',
    scope: 'global',
    rows: 4,
    score: [416, 'exact'],
  },
  '4.4-ubuntu16-child': {
    killed: [[3050, 'sort']],
    selected: 3000,
    verdict: 'agrees',
    scope: 'global',
    rows: 4,
    score: [663, 'exact'],
    reason: 'child-sacrifice',
  },
  // docker's JSON log; kmem limit; gfp flags by name
  '4.9-docker-kmem': {
    killed: [[6100, 'celery']],
    verdict: 'agrees',
    scope: 'memcg',
    rows: 3,
    score: [459, 'exact'],
  },
  // bytes of page tables below a narrow pid column; 3 % for root; swap
  '4.15-ubuntu18': {
    killed: [[9100, 'postgres']],
    verdict: 'agrees',
    scope: 'global',
    rows: 4,
    score: [592, 'exact'],
  },
  '4.19-allocating-task': {
    killed: [[5001, 'asker']],
    verdict: 'explained',
    scope: 'global',
    rows: 3,
    score: [0, 'exact'],
    reason: 'allocating-task',
  },
  '4.19-oom-group': {
    killed: [
      [7002, 'worker'],
      [7001, 'worker'],
      [7003, 'logger'],
    ],
    verdict: 'agrees',
    scope: 'memcg',
    rows: 3,
    score: [411, 'exact'],
    reason: 'group-kill',
  },
  // prints CONSTRAINT_NONE on a memcg OOM
  '5.1-memcg-constraint-none': {
    killed: [[8011, 'stress']],
    verdict: 'agrees',
    scope: 'memcg',
    rows: 3,
  },
  '5.4-cpuset': {
    killed: [[4002, 'numa-right']],
    verdict: 'explained',
    scope: 'global',
    rows: 4,
    reason: 'constrained',
  },
  '5.4-deadlocked-panic': {
    killed: [],
    verdict: 'no-kill',
    scope: 'global',
    rows: 2,
    reason: 'nobody-killable',
  },
  '5.8-rc-regression': {
    killed: [[640, 'dbus-daemon']],
    verdict: 'differs',
    scope: 'global',
    rows: 3,
    reason: 'rules-broken',
  },
  '5.10-arm64-64k': {
    killed: [[2500, 'java']],
    verdict: 'agrees',
    scope: 'global',
    rows: 3,
  },
  // `7 callbacks suppressed`, then kills without tables
  '5.15-rate-limited': {
    killed: [[5001, 'leak']],
    verdict: 'agrees',
    scope: 'global',
    rows: 4,
    reports: 3,
  },
  // selected, but it had let go of its memory by then; the line is wrapped
  '5.15-already-exiting': {
    killed: [],
    selected: 8801,
    verdict: 'agrees',
    scope: 'memcg',
    rows: 2,
    reason: 'already-exiting',
  },
  '5.15-wsl2-dmesg-T': {
    killed: [[950, 'chrome']],
    verdict: 'agrees',
    scope: 'global',
    rows: 4,
  },
  '6.1-kubernetes-short-iso': {
    killed: [[30_100, 'java']],
    verdict: 'agrees',
    scope: 'memcg',
    rows: 3,
  },
  '6.1-sysrq': {
    killed: [[5001, 'big']],
    verdict: 'agrees',
    scope: 'global',
    rows: 3,
  },
  '6.6-android-logcat': {
    killed: [[7000, 'android.youtube']],
    verdict: 'agrees',
    scope: 'global',
    rows: 5,
  },
  // a page allocation failure of another CPU between all lines, with a Mem-Info of its own
  '6.6-interleaved': {
    killed: [[5001, 'eater']],
    verdict: 'agrees',
    scope: 'global',
    rows: 3,
  },
  // `CPU: 1 UID: 9 PID: …`, rss_anon and the others, two with the same score: the last one dies
  '6.12-tie-printk-caller': {
    killed: [[5002, 'twin']],
    verdict: 'agrees',
    scope: 'global',
    rows: 4,
    reason: 'tie',
  },
  '6.18-negative-scores': {
    killed: [[620, 'b']],
    verdict: 'agrees',
    scope: 'memcg',
    rows: 3,
  },
};

function read(name: string): OomReport[] {
  const path = fileURLToPath(new URL(`reports/${name}.log`, import.meta.url));
  return linkReports([...parseOomReports(readFileSync(path, 'utf8').split('\n'))]);
}

describe.each(Object.entries(REPORTS))('%s', (name, expected) => {
  const [report, ...others] = read(name);
  const judgement = judgeReport(report!);

  test('victims, verdict and score', () => {
    expect(judgement.victims.map(({ pid, comm }) => [pid, comm])).toEqual(expected.killed);
    expect(judgement.verdict).toBe(expected.verdict);
    const { score } = judgement;
    expect(score === null ? undefined : [score.printed, score.verdict]).toEqual(expected.score);
    if (expected.selected !== undefined) {
      expect(judgement.selected?.pid).toBe(expected.selected);
    }
    if (expected.reason !== undefined) {
      expect(judgement.reasons.map(({ code }) => code)).toContain(expected.reason);
    }
  });

  test('scope, kernel and table', () => {
    expect(report?.scope).toBe(expected.scope);
    expect(report?.kernel?.text).toContain(name.split('-')[0]);
    expect(report?.tasks?.rows).toHaveLength(expected.rows);
    expect(report?.tasks?.damagedRows).toBe(0);
    expect(1 + others.length).toBe(expected.reports ?? 1);
  });
});

/** Why the report does not let the run repeat the kill. */
const NOT_REPEATED: Readonly<Record<string, string>> = {
  '3.0-arm-reserved-pages': 'who asks grows past the victim',
  '4.4-ubuntu16-child': 'whose child it was is not printed',
  '4.15-ubuntu18': 'who asks grows past the victim',
  '6.6-android-logcat': 'swap that nobody in the table uses is taken for free',
  '6.12-tie-printk-caller': 'who asks grows past its twin',
  '6.18-negative-scores': 'who asks grows past the victim',
  '5.15-already-exiting': 'nobody dies',
  '5.4-cpuset': 'which nodes the tasks may use is not printed',
  '5.4-deadlocked-panic': 'nobody dies',
  '5.8-rc-regression': 'the model keeps the rules',
};

test.each(Object.keys(REPORTS).filter((name) => NOT_REPEATED[name] === undefined))(
  '%s: played on from the report, the same dies first',
  (name) => {
    expect(firstVictim(read(name)[0]!)).toBe(REPORTS[name]?.killed[0]?.[0]);
  },
);

test('of two Mem-Infos that came at once, the right one is taken', () => {
  expect(read('6.6-interleaved')[0]?.memory?.ramPages).toBe(2_097_152);
});

test('pages are as large as the machine had them', () => {
  expect(read('5.10-arm64-64k')[0]?.pageSizeKb).toBe(64);
});
