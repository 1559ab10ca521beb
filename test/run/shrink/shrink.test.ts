import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { MODEL_VERSION } from '../../../src/run/model_version.js';
import { findRun, findRunOrWorkload } from '../../../src/run/named_run.js';
import { replayRun } from '../../../src/run/replay/replay.js';
import { countProcesses } from '../../../src/run/shrink/passes.js';
import { parseProperty } from '../../../src/run/shrink/property.js';
import type { Search, SearchOptions } from '../../../src/run/shrink/search.js';
import { type ShrinkReport, shrinkRun } from '../../../src/run/shrink/shrink.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import { Dice } from '../../random/dice.js';
import { tempDir } from '../../record/temp_dir.js';

async function shrink(
  name: string,
  properties: readonly string[],
  options: Partial<SearchOptions> = {},
): Promise<ShrinkReport | null> {
  const run = await findRunOrWorkload(name, { outDir: 'no-such-folder', force: false });
  const parsed = await Promise.all(properties.map(parseProperty));
  return shrinkRun(run, parsed, { runsMax: 5000, ...options });
}

/** A workload of 200 processes in which a victim holds its mmap_sem while others allocate. */
function generated(): string {
  const dice = new Dice('two hundred');
  const names = Array.from({ length: 196 }, (_, i) => `p${i}`);
  const idle = names.map((name) => {
    const program = dice.of([
      `[{ sleep: ${dice.int(1, 200)}ms }]`,
      `[{ anon: ${dice.int(64, 900)}KiB }, hold]`,
      `[{ read: ${dice.int(1, 60)} pages, file: f${dice.int(1, 5)} }, { sleep: 20ms }]`,
    ]);
    return `  - { name: ${name}, cgroup: /${dice.of(['a', 'b'])}, program: ${program} }`;
  });
  const busy = ['one', 'two', 'three'].map(
    (name) =>
      `  - { name: ${name}, cgroup: /b, program: [{ at: 110ms }, { kmem: 30MiB, every: 20us }] }`,
  );
  const db = '  - { name: db, program: [{ anon: 140MiB }, { at: 100ms }, { mmap_sem: 300ms }] }';
  const all = [...idle.slice(0, 90), db, ...idle.slice(90), ...busy];
  return [
    'machine: { memory: 256MiB, cpus: 2, costs: { reclaim_visit: 2us } }',
    'kernel: { version: "4.15", oom_policy: cgroup }',
    'cgroups: { /a: { memory.low: 1MiB }, /b: {} }',
    `processes:\n${all.join('\n')}`,
    'events: [{ at: 30ms, write: /a/memory.low, value: 2MiB }]',
    'until: 400ms\n',
  ].join('\n');
}

test('200 processes that show defect D1 become a few', async () => {
  const path = join(tempDir(), 'generated.yaml');
  writeFileSync(path, generated());
  const enough = new AbortController(); // finer things are tried elsewhere
  const onRun = ({ best }: Search): void => {
    if (countProcesses(best) <= 3) enough.abort();
  };
  const report = (await shrink(path, ['alloc-failure'], { signal: enough.signal, onRun }))!;
  expect(report.processesBefore).toBe(200);
  expect(report.processes).toBeLessThanOrEqual(5);
  expect(report.result!.allocFailures).toBeGreaterThan(0);
  expect(report.result!.policy).toBe('cgroup');
});

test('the result holds its token, which replays it; shrinking again gives the same', async () => {
  const report = (await shrink('d1-inflight-failure', ['alloc-failure']))!;
  expect(report.processes).toBe(2);
  const path = join(tempDir(), 'small.yaml');
  writeFileSync(path, report.yaml);
  const replayed = await replayRun(await findRun(path, { outDir: '', force: false }));
  expect(replayed).toMatchObject({ verdict: 'same', result: { token: report.token } });
  expect((await shrink('d1-inflight-failure', ['alloc-failure']))!.yaml).toBe(report.yaml);
});

test('what a token asks for is in the result', async () => {
  const token = `oomsim1:${MODEL_VERSION}:099c3880:7:1:policy=process,until=2s`;
  const report = (await shrink(token, ['victim=/few:big']))!;
  const workload = parseWorkload(report.yaml, 'x.yaml');
  expect(workload).toMatchObject({ seed: '7', policy: 'process' });
  expect(report.result!.kills[0]).toMatchObject({ comm: 'big', cgroup: '/few' });
  expect(report.processes).toBeLessThanOrEqual(2);
});

test('two policies that diverge', async () => {
  const report = (await shrink('small-vs-large', ['diverges:process,cgroup'], { runsMax: 40 }))!;
  expect(report.processes).toBeLessThan(report.processesBefore);
  expect(report.runs).toBe(40);
});

test('what is not there to begin with can not be kept', async () => {
  expect(await shrink('small-vs-large', ['panic'])).toBeNull();
  expect(await shrink('small-vs-large', ['kills>0', 'alloc-failure'])).toBeNull();
});

test('interrupted, the best so far is a whole result', async () => {
  const stop = new AbortController();
  const onRun = ({ runs }: { runs: number }): void => {
    if (runs === 10) stop.abort();
  };
  const report = (await shrink('small-vs-large', ['kills>0'], { signal: stop.signal, onRun }))!;
  expect(report).toMatchObject({ runs: 10, isInterrupted: true });
  expect(report.processes).toBeLessThan(47);
  expect(report.result!.kills.length).toBeGreaterThan(0);
});

describe('properties', () => {
  const evidence = {
    kills: [{ timeNs: 1, pid: 7, comm: 'big', cgroup: '/a/b', killer: null }],
    allocFailures: 3,
    panic: null,
    reapDelayNs: 1.5e9,
    simulatedNs: 5e9,
    events: 100,
    endedBy: 'until',
    crash: null,
  };

  test.each([
    ['kills>0', true],
    ['kills>1', false],
    ['kills=1', true],
    ['kills<=0', false],
    ['alloc-failures>=3', true],
    ['alloc-failure', true],
    ['panic', false],
    ['crash', false],
    ['reap-delay>1s', true],
    ['reap-delay>1500ms', false],
    ['victim=big', true],
    ['victim=/a/b:big', true],
    ['victim=/a:big', false],
    ['victim=small', false],
  ])('%s: %s', async (text, isShown) => {
    expect((await parseProperty(text)).isShown([evidence])).toBe(isShown);
  });

  test.each([
    ['', /no property: "": expected kills>0/],
    ['kills', /no property/],
    ['kills>many', /expected a whole number/],
    ['reap-delay>1', /expected a time such as 1s/],
    ['nothing.ts', /nothing.ts/],
  ])('%j is refused', async (text, why) => {
    await expect(parseProperty(text)).rejects.toThrow(why);
  });

  test('a predicate of the user, contained as policies are', async () => {
    const dir = tempDir();
    const predicate = async (code: string) => {
      const path = join(dir, 'mine.ts');
      writeFileSync(path, code);
      return parseProperty(path);
    };
    const big = await predicate(
      "export default (run: { kills: { comm: string }[] }) => run.kills.some((k) => k.comm === 'big');",
    );
    expect(big.isShown([evidence])).toBe(true);
    const shown = async (code: string) => (await predicate(code)).isShown([evidence]);
    await expect(shown('export default () => 1;')).rejects.toThrow('must answer true or false');
    await expect(shown('export default () => new Date() > 0;')).rejects.toThrow(
      /Date is not .*mine.ts:1:/,
    );
    await expect(shown('export default () => { for (;;); };')).rejects.toThrow('took more than');
    await expect(shown('export default 7;')).rejects.toThrow('no predicate');
  });
});

test('a workload that ends in an internal error', async () => {
  const dispatch = vi.spyOn(Kernel.prototype, 'dispatch').mockImplementation(function (
    this: Kernel,
  ) {
    throw new Error('a bug'); // planted
  });
  const report = (await shrink('small-vs-large', ['crash']))!;
  dispatch.mockRestore();
  expect(report).toMatchObject({ processes: 0, result: null });
  expect(report.yaml).toMatch(/^# token: oomsim1:[^#@\n]*\n/);
  expect(report.yaml).toContain('ends with exit code 3');
});
