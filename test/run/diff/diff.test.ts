import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseCheckpoints } from '../../../src/record/checkpoints_csv.js';
import { diffRuns } from '../../../src/run/diff/diff.js';
import type { Side } from '../../../src/run/diff/side.js';
import { formatDiff } from '../../../src/run/diff/text.js';
import { recordedWindow } from '../../../src/run/diff/window.js';
import type { RunChoices, WorkloadSource } from '../../../src/run/identity.js';
import { runWorkload } from '../../../src/run/run.js';
import { loadWorkload, workloadHash } from '../../../src/workload/load.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import { tempDir } from '../../record/temp_dir.js';

function written(text: string): WorkloadSource {
  return { workload: parseWorkload(text, 'w.yaml'), text, hash: workloadHash(text) };
}

function side(name: string, source: WorkloadSource, choices: RunChoices = {}): Side {
  return { name, source, choices, dir: null, checkpoints: [] };
}

const diff = (a: Side, b: Side) => diffRuns(a, b, { context: 2 });

/** Eaters that die and come again; what the machine does to /a at 3 s is to be said. */
const eaters = (limit: string) =>
  written(`
machine: { memory: 64MiB, cpus: 2 }
cgroups: { /a: {} }
processes:
  - name: eater
    cgroup: /a
    count: 4
    restart: on-kill
    program: [{ anon: 32MiB, step: 1MiB, every: 10ms }, hold]
events: [{ at: 3s, write: /a/memory.max, value: ${limit} }]
until: 4s
`);

test('a run is the same as itself', () => {
  const loaded = loadWorkload('small-vs-large');
  const report = diff(side('A', loaded), side('B', loaded, { policy: 'cgroup' }));
  expect(report).toEqual({ same: true, parting: null, records: null, notes: [] });
});

test('the same event does something else: which, when, and what is another then', () => {
  const [a, b] = [side('A', eaters('30MiB')), side('B', eaters('40MiB'))];
  const { parting } = diff(a, b);
  expect(parting).toMatchObject({
    kind: 'effect',
    state: [{ of: 'cgroup /a', field: 'maxPages', a: '7680', b: '10240' }],
    streams: [],
  });
  expect(parting!.a[0]).toMatchObject({ event: parting!.event, what: expect.stringMatching(/sh/) });
  expect(parting!.a[0]!.timeNs).toBeGreaterThanOrEqual(3e9);
  expect(parting!.a[0]!.timeNs).toBeLessThan(3.001e9);
  expect(parting!.before).toHaveLength(2);
});

test('two policies part where they have chosen', () => {
  const loaded = loadWorkload('small-vs-large');
  const policies = ['process', 'cgroup'].map((policy, i) => side('AB'[i]!, loaded, { policy }));
  const { parting } = diff(policies[0]!, policies[1]!);
  const chosen = [...parting!.a, ...parting!.b].flatMap(({ traces }) => traces).join('\n');
  expect(chosen).toMatch(/oom_select policy=process .* chosen=\d+:big/);
  expect(chosen).toMatch(/oom_select policy=cgroup .* chosen=\d+:small/);
  expect(parting!.streams).toEqual([]);
});

test('the random stream that moved is named', () => {
  const twice = (sleeps: string) =>
    written(`
machine: { memory: 64MiB }
processes:
  - { name: quiet, program: [{ loop: [{ sleep: { uniform: [1ms, 9ms] } }], times: 100 }] }
  - { name: other, start: 50ms, program: [${sleeps}, hold] }
until: 200ms
`);
  const a = twice('{ sleep: 7ms }');
  const b = twice('{ sleep: { uniform: [6ms, 8ms] } }');
  const { parting } = diff(side('A', a), side('B', b));
  expect(parting!.streams).toEqual([
    { stream: expect.stringMatching(/^other/), a: 0, b: expect.any(Number) },
  ]);
  expect(parting!.a[0]!.timeNs).toBeGreaterThanOrEqual(50e6);
});

test('a run that is over sooner, and machines that never were the same', () => {
  const loaded = loadWorkload('small-vs-large');
  const short = diff(side('A', loaded, { untilNs: 3e8 }), side('B', loaded));
  expect(short.parting).toMatchObject({ kind: 'end', a: [] });
  expect(formatDiff(side('A', loaded), side('B', loaded), short)).toContain('then A is over.');
  const other = diff(side('A', loaded), side('B', loadWorkload('swap')));
  expect(other.parting).toMatchObject({ kind: 'start', event: 0 });
  expect(other.parting!.state).toContainEqual(
    expect.objectContaining({ of: 'machine', field: 'totalPages' }),
  );
});

describe('records', () => {
  async function recorded(name: string, source: WorkloadSource): Promise<Side> {
    const { outDir: dir } = await runWorkload(source, { outDir: tempDir() });
    const checkpoints = parseCheckpoints(readFileSync(join(dir!, 'checkpoints.csv'), 'utf8'));
    return { name, source, choices: {}, dir, checkpoints };
  }

  test('narrow the search down', async () => {
    const long = (limit: string) => {
      const { text } = eaters(limit);
      return written(text.replace('at: 3s', 'at: 15s').replace('until: 4s', 'until: 20s'));
    };
    const [a, b] = [await recorded('A', long('30MiB')), await recorded('B', long('40MiB'))];
    const window = recordedWindow(a.checkpoints, b.checkpoints)!;
    expect(window.from).toBeGreaterThan(0);
    const report = diff(a, b);
    const without = diff({ ...a, checkpoints: [] }, { ...b, checkpoints: [] });
    expect(report).toEqual(without);
    expect(report.parting!.event).toBeGreaterThan(window.from);
    expect(report.parting!.event).toBeLessThanOrEqual(window.to);
  });

  test('that this program does not reproduce are compared as they are', async () => {
    const source = eaters('30MiB');
    const [a, b] = [await recorded('A', source), await recorded('B', source)];
    const path = join(b.dir!, 'events.csv');
    const rows = readFileSync(path, 'utf8').split('\n');
    rows[50] = rows[50]!.replace(/^\d+/, '1');
    writeFileSync(path, rows.join('\n'));
    const [point] = b.checkpoints;
    const moved = { ...point!, lanes: ['00000000', ...point!.lanes.slice(1)] };
    const report = diff(a, { ...b, checkpoints: [moved] });
    expect(report).toMatchObject({
      same: false,
      parting: null,
      records: { file: 'events.csv', line: 51 },
      notes: [expect.stringContaining('their records part before event')],
    });
    expect(report.records!.b[0]).toMatch(/^1,/);
    expect(report.records!.before).toEqual(rows.slice(48, 50));
    expect(formatDiff(a, b, report)).toContain('Line 51 of events.csv is the first that differs.');
  });
});
