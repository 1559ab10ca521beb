import { expect, test } from 'vitest';
import { killResult, type RunResult } from '../../src/run/result.js';
import { formatCount, formatSeconds, formatSummary } from '../../src/run/summary.js';
import { oomKill } from '../record/fake_trace.js';

const result: RunResult = {
  token: 'oomsim1:1:9f3c0a11:42:1#5be1a0c2d3e4f506/tk@184220',
  fingerprint: '5be1a0c2d3e4f506/tk',
  name: 'small-vs-large',
  kernel: '4.15',
  policy: 'cgroup',
  seed: '42',
  run: 1,
  endedBy: 'until',
  simulatedNs: 5e9,
  events: 184220,
  kills: [
    killResult(1_128_000_000, oomKill({ pid: 7 })),
    killResult(
      2_400_999_999,
      oomKill({ pid: 1234, comm: 'small', cgroup: '/many', points: 80, memcg: '/many' }),
    ),
  ],
  policyProblems: [],
  refused: [],
  allocFailures: 0,
  panic: null,
  outDir: 'out/small-vs-large-4.15-cgroup-42',
  files: ['workload.yaml', 'events.csv', 'samples.csv', 'kernel.log', 'frames.jsonl.gz'],
};

test('a summary names each victim with its reason and ends with the command', () => {
  expect(formatSummary(result, 'oomsim run small-vs-large --seed 42')).toBe(
    `small-vs-large, kernel 4.15, policy cgroup

2 processes were killed
     time   pid  comm   cgroup  points  why
  1.128 s     7  big    /few     15360  Out of memory, asked by small (9)
  2.400 s  1234  small  /many       80  Out of memory in /many, asked by small (9)

ended     at 5.000 s: its time was over
events    184,220
failures  0 page allocations
files     out/small-vs-large-4.15-cgroup-42: workload.yaml events.csv samples.csv kernel.log frames.jsonl.gz
token     oomsim1:1:9f3c0a11:42:1#5be1a0c2d3e4f506/tk@184220
repeat    oomsim run small-vs-large --seed 42
`,
  );
});

test('nobody killed, nothing written, a panic', () => {
  const text = formatSummary(
    { ...result, kills: [], outDir: null, files: [], endedBy: 'panic', panic: 'Out of memory: …' },
    'oomsim run x',
  );
  expect(text).toContain('\nNobody was killed.\n');
  expect(text).toMatch(/^panic +Out of memory: …$/m);
  expect(text).not.toContain('files');
});

test('kills of a userspace killer are told from those of the kernel', () => {
  const earlyoom = killResult(
    900_000_000,
    oomKill({ pid: 5, policy: 'earlyoom', trigger_pid: 3, reason: 'mem avail 9.52%' }),
    'earlyoom',
  );
  const text = formatSummary({ ...result, kills: [earlyoom, result.kills[0]!] }, 'x');
  expect(text).toContain('2 processes were killed: 1 by earlyoom, 1 by the kernel\n');
  expect(text).toContain('15360  earlyoom (3): mem avail 9.52%\n');
});

test('a storm of kills is cut after forty lines', () => {
  const kills = Array.from({ length: 45 }, (_, pid) => killResult(0, oomKill({ pid })));
  const text = formatSummary({ ...result, kills }, 'x');
  expect(text.match(/asked by/g)).toHaveLength(40);
  expect(text).toContain('… and 5 more, see kills.csv');
});

test('numbers read the same everywhere', () => {
  expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0, 1_128_999_999, 61e9].map(formatSeconds)).toEqual(['0.000 s', '1.128 s', '61.000 s']);
});

test('on a terminal reasons are broken at spaces, below each other', () => {
  const lines = formatSummary(result, 'x', 67).split('\n').slice(3, 9);
  expect(lines).toEqual([
    '     time   pid  comm   cgroup  points  why',
    '  1.128 s     7  big    /few     15360  Out of memory, asked by small',
    '                                        (9)',
    '  2.400 s  1234  small  /many       80  Out of memory in /many, asked',
    '                                        by small (9)',
    '',
  ]);
});

test('on a terminal the files are broken between their names, and what is to be copied is not', () => {
  const repeat = `oomsim run ${'x'.repeat(30)} --policy cgroup --seed 42`;
  const lines = formatSummary(result, repeat, 60).trimEnd().split('\n').slice(-6);
  expect(lines).toEqual([
    'events    184,220',
    'failures  0 page allocations',
    'files     out/small-vs-large-4.15-cgroup-42: workload.yaml',
    '          events.csv samples.csv kernel.log frames.jsonl.gz',
    'token     oomsim1:1:9f3c0a11:42:1#5be1a0c2d3e4f506/tk@184220',
    `repeat    ${repeat}`,
  ]);
});

test('of a group that dies together the reason is given once', () => {
  const member = (pid: number, time: number) =>
    killResult(time, oomKill({ pid, group: true, reason: 'member of /d' }));
  const text = formatSummary({ ...result, kills: [member(1, 0), member(2, 0)] }, 'x');
  expect(text.match(/member of/g)).toHaveLength(1);
  expect(text).toContain('  the same\n');
});
