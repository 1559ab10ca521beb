import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compose, type FakeReport, newKill, PREFIXES } from '../import/dmesg/compose.js';
import { tempDir } from '../record/temp_dir.js';
import { type Outcome, oomsim } from './program.js';

// Goal: a pasted log is answered in words and numbers, and every what-if with them.

const HOG = { pid: 200, comm: 'hog', rss: 60_000 };
const PET = { pid: 300, comm: 'pet', rss: 4000, adj: 500 };
const SMALL = { pid: 400, comm: 'small', rss: 10_000 };

function report(overrides: Partial<FakeReport>): string[] {
  const tasks = [HOG, PET, SMALL];
  return compose({ kernel: '5.10.0', layout: 'pgtables_bytes', tasks, kills: [], ...overrides });
}

/** The program asked about a log on its standard input. */
function asked(lines: readonly string[]): (...args: string[]) => Outcome {
  const input = lines.map(PREFIXES.dmesg!).join('\n');
  return (...args) => oomsim(args, { input });
}

test('who was only to be killed is not said to be dead', () => {
  const dry = 'Would have killed process 300 (pet). But continuing instead.';
  const kills = [newKill(PET)[0]!, dry];
  const { stdout } = asked(report({ kills }))('decide', '-', '--policy', 'process');
  expect(stdout).toMatch(/The kernel would have killed pet \(300\), as its rules demand\./);
});

describe('one report: the pet of oom_score_adj 500 dies, and not the hog', () => {
  const ask = asked(report({ kills: newKill(PET) }));
  const decide = (...flags: string[]) => ask('decide', '-', ...flags);

  test('words first, then the table of policies, then the arithmetic', () => {
    const { stdout, stderr, exitCode } = decide('--policy', 'process', '--policy', 'cgroup');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const at = [
      'The kernel killed pet (300), as its rules demand.',
      'Who dies under each policy on 5.9:',
      'hog (200), which uses 234.4 MiB, lives: with oom_score_adj 0 it counts as 234.4 MiB, pet',
      'rss 4000 + swap 0 + page tables 8 + adj 500 × 260 (130000) = 134008',
      'Not in the report:',
      'Assumed:',
    ].map((text) => stdout.indexOf(text));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(at[0]).toBeGreaterThan(0);
  });

  test('--set tells what would have been, beside what was', () => {
    const { stdout } = decide('--policy', 'process', '--set', 'comm:pet.oom_score_adj=0');
    expect(stdout).toContain('What if oom_score_adj of pet (1 process) is 0 (was 500)?');
    expect(stdout).toContain('Then hog (200) dies in place of pet (300), under policy process');
    expect(stdout).toMatch(/process +hog \(200\) .* pet \(300\)\n/);
  });

  test('kernels that agree share a row', () => {
    const { stdout } = decide('--kernel', 'all', '--policy', 'process');
    expect(stdout).toMatch(/process +4\.14 to 6\.14 +pet \(300\)/);
  });

  test('--json has what DESIGN.md promises, with the changes beside', () => {
    const flags = ['--json', '--kernel', '4.15,6.1', '--set', 'pid:300.oom_score_adj=-1000'];
    const decided = JSON.parse(decide(...flags).stdout);
    expect(decided.actual).toMatchObject({ pid: 300, comm: 'pet', agrees: true });
    expect(decided.candidates[0]).toMatchObject({ pid: 200, points: 60_008, adj: 0 });
    expect(decided.verdicts).toHaveLength(20);
    const first = { kernel: '4.15', policy: 'process', returns: true };
    expect(decided.verdicts[0]).toMatchObject({ ...first, victims: [{ pid: 200, comm: 'hog' }] });
    expect(decided.before[0]).toMatchObject({ ...first, victims: [{ pid: 300, comm: 'pet' }] });
    expect(decided.report).toMatchObject({ scope: 'global', verdict: 'agrees' });
  });

  test('--explain shows every candidate and the cgroups that are compared', () => {
    const { stdout } = decide('--explain', '--policy', 'cgroup');
    expect(stdout).toMatch(/400 +small +\//);
    expect(stdout).toContain('Cgroups as compared by cgroup:');
  });

  test.each([
    [['--set', 'pid:9.oom_score_adj=0'], /no process with pid 9/],
    [['--set', 'pid:9.colour=0'], /can't change pid:9\.colour/],
    [['--kernel', '4.15,4.16'], /unknown kernel "4\.16"/],
    [['--report', '2'], /it has 1 OOM report, none is number 2/],
  ])('%j is refused in one line', (flags, message) => {
    const { stdout, stderr, exitCode } = decide(...flags);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });
});

describe('several reports', () => {
  const memcg = { path: '/box', limitKb: 400_000 };
  const ask = asked([
    ...report({ kills: newKill(PET) }),
    ...report({ kills: newKill(HOG, '/box'), tasks: [HOG, SMALL], memcg }),
  ]);

  test('are listed, and each can be chosen', () => {
    const first = ask('decide', '-').stdout;
    expect(first).toContain('2 OOM reports in this log; --report N chooses another:');
    expect(first).toMatch(/2 +line \d+ .* memcg \/box +hog \(200\) +agrees/);
    const second = ask('decide', '-', '--report', '2').stdout;
    expect(second).toContain('report 2 of 2');
    expect(second).toContain('The kernel killed hog (200), as its rules demand.');
    const { stdout } = ask('import', 'dmesg', '-', '--list');
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });

  test('a higher limit: it would not have come to this', () => {
    const flags = ['--report', '2', '--set', 'cgroup:/box.memory.max=1GiB', '--policy', 'process'];
    const { stdout } = ask('decide', '-', ...flags);
    expect(stdout).toMatch(/The cgroup would have had [\d.]+ MiB left, so this OOM would not have/);
  });
});

test('a log that runs backwards, from a file and from a pipe', () => {
  const lines = report({ kills: newKill(PET) })
    .map(PREFIXES.syslog!)
    .toReversed();
  const cwd = tempDir();
  writeFileSync(join(cwd, 'r.log'), lines.join('\n'));
  const fromFile = oomsim(['decide', 'r.log', '--policy', 'process'], { cwd });
  const fromPipe = oomsim(['decide', '-', '--policy', 'process'], { input: lines.join('\n') });
  expect(fromFile.stdout).toContain('The kernel killed pet (300), as its rules demand.');
  expect(fromPipe.stdout).toBe(fromFile.stdout.replaceAll('r.log', 'standard input'));
});

test('whose row was lost is rebuilt from the kill line', () => {
  const ask = asked(report({ kills: newKill(PET), tasks: [HOG, SMALL] }));
  const { actual, verdicts } = JSON.parse(ask('decide', '--json', '-').stdout);
  expect(actual).toMatchObject({ pid: 300, agrees: true });
  expect(actual.why).toContain('The row of pet (300) is not in the log; its kill line stands in');
  expect(verdicts[0].victims).toMatchObject([{ pid: 300 }]);
});
