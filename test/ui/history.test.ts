import { expect, test } from 'vitest';
import { cgroupOf, FrameHistory } from '../../src/ui/history.js';
import { frameAt } from './scenario.js';

const MS = 1_000_000;
const WEIGHT = 11; // of each frame of the scenario: itself, 5 cgroups, 5 processes

function filled(count: number, framesMax: number): FrameHistory {
  const history = new FrameHistory(framesMax * WEIGHT);
  for (let ms = 0; ms < count; ms++) if (history.wants(ms * MS)) history.add(frameAt(ms));
  return history;
}

test('all frames are kept while there is room', () => {
  const history = filled(20, 100);
  expect(history.frames).toHaveLength(20);
  expect(history.indexAt(7.5 * MS)).toBe(7);
  expect(history.indexAt(1e9)).toBe(19);
  expect(history.gapNs(7 * MS)).toBe(MS);
});

test('when there are too many, every other one goes, and fewer are wanted from then on', () => {
  const { frames } = filled(1000, 100);
  expect(frames.length).toBeLessThanOrEqual(100);
  expect(frames.length).toBeGreaterThan(40);
  const times = frames.map(({ timeNs }) => timeNs);
  expect(times[0]).toBe(0);
  expect(times.at(-1)).toBeGreaterThan(970 * MS);
  const gaps = times.slice(1).map((timeNs, i) => timeNs - times[i]!);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(40 * MS);
});

test('cgroups are found by path', () => {
  const frame = frameAt(100);
  expect(cgroupOf(frame, '/many/db')).toBe(frame.cgroups[4]);
  expect(cgroupOf(frame, '/none')).toBeUndefined();
});
