import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runWorkload } from '../../src/run/run.js';
import { recordedTrack } from '../../src/ui/recorded_track.js';
import { shownRun } from '../../src/ui/shown_run.js';
import type { UiState } from '../../src/ui/state/state.js';
import { TrackRecorder } from '../../src/ui/watch_run.js';
import { loadWorkload } from '../../src/workload/load.js';
import { tempDir } from '../record/temp_dir.js';
import { render, screenOf } from './render_screen.js';

const WORKLOAD = loadWorkload('small-vs-large');
const MS = 1_000_000;

test('a recorded run looks as it did when it was played', async () => {
  const { track } = shownRun(WORKLOAD, {}, () => {});
  const options = { outDir: tempDir(), record: true };
  const { outDir } = await runWorkload(WORKLOAD, options, [new TrackRecorder(track)]);
  const recorded = recordedTrack(outDir!);
  expect(recorded.facts).toEqual(track.facts);
  const states: Partial<UiState>[] = [
    { timeNs: 0 },
    { timeNs: 560 * MS },
    { timeNs: track.kills[3]!.timeNs, seq: track.kills[3]!.seq, kill: 3, detail: 'kill' },
    { timeNs: track.frontNs, selected: '/many', detail: 'cgroup' },
  ];
  for (const state of states) {
    const size = { columns: 200, rows: 60 };
    const played = await render(screenOf(track, state, size));
    expect(await render(screenOf(recorded, state, size))).toEqual(played);
  }
});

test('a recording whose run was killed ends where it ends', async () => {
  const outDir = tempDir();
  const stop = new AbortController();
  const observer = { slice: () => stop.abort() };
  const options = { outDir, record: true, signal: stop.signal };
  const { outDir: dir } = await runWorkload(WORKLOAD, options, [observer]);
  const track = recordedTrack(dir!);
  expect(track.endedBy).toBe('interrupted');
  expect(track.frontNs).toBe(track.history.frames.at(-1)!.timeNs);
});

test('a folder without a recording is refused', () => {
  expect(() => recordedTrack(join(tempDir(), 'nothing'))).toThrow(
    /^cannot read .*frames\.jsonl\.gz/,
  );
});

test('watching a run has no influence on it', async () => {
  const alone = await runWorkload(WORKLOAD);
  const { track, exact } = shownRun(WORKLOAD, {}, () => {});
  let asked = 0;
  const watched = await runWorkload(WORKLOAD, {}, [
    new TrackRecorder(track),
    {
      // A user who jumps about all the time, and other things that only look.
      slice: async (system) => {
        const timeNs = Math.floor((system.nowNs * ((asked++ * 7) % 10)) / 10);
        exact!.at({ timeNs, seq: null }, '/many');
        system.tasks();
        system.standings();
        await exact!.step({ timeNs, seq: null }, 1);
      },
    },
  ]);
  expect(watched.fingerprint).toBe(alone.fingerprint);
  expect(asked).toBeGreaterThan(10);
  expect(track.kills).toHaveLength(alone.kills.length);
});
