import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Frame } from '../../src/record/frames.js';
import { FRAMES_NAME, FramesFile, isRecorded } from '../../src/record/frames_file.js';
import type { KillStory } from '../../src/record/kill_stories.js';
import type { LogLine } from '../../src/record/narrator.js';
import { Narrator } from '../../src/record/narrator.js';
import { readFrames } from '../../src/record/read_frames.js';
import { bootRun, runWorkload } from '../../src/run/run.js';
import { loadWorkload } from '../../src/workload/load.js';
import { tempDir } from './temp_dir.js';

const FACTS = {
  workload: 'swap',
  kernel: '4.15',
  policy: 'process',
  seed: '1',
  token: 'oomsim1:1:0:1:1',
  untilNs: 1e9,
};

/** All that a listener hears. */
class Heard {
  readonly frames: Frame[] = [];
  readonly kills: KillStory[] = [];
  readonly log: LogLine[] = [];
  end: unknown = null;
  wants = () => true;
  frame = (frame: Frame) => void this.frames.push(frame);
  killed = (story: KillStory) => void this.kills.push(story);
  changed = () => {};
  after = (news: { index: number }) => void Object.assign(this.kills[news.index]!, news);
  logged = (line: LogLine) => void this.log.push(line);
  ended = (end: unknown) => {
    this.end = end;
  };
}

/** Plays a shipped workload, told to a listener and to a file. */
function tell(dir: string, workload: string, kernel: string): Heard {
  const system = bootRun(loadWorkload(workload), { kernel });
  const heard = new Heard();
  const narrator = new Narrator(heard);
  const file = new FramesFile(join(dir, FRAMES_NAME), FACTS);
  narrator.begin(system);
  file.begin(system);
  for (let ns = 0; system.endedBy === null; ns += 50e6) {
    narrator.sample(system);
    file.sample(system);
    if (ns % 200e6 === 0) file.flush(); // blocks of several sizes
    system.advance(ns + 50e6);
  }
  file.close({ timeNs: system.nowNs, endedBy: system.endedBy });
  return heard;
}

test.each([
  ['small-vs-large', '4.15'],
  ['kill-one-or-all-in-a-pod', '6.1'],
])('what is read is what was written: %s on %s', (workload, kernel) => {
  const dir = tempDir();
  const heard = tell(dir, workload, kernel);
  const read = readFrames(join(dir, FRAMES_NAME), (facts) => {
    expect(facts).toEqual(FACTS);
    return new Heard();
  });
  expect(read.frames).toEqual(heard.frames);
  expect(read.kills).toEqual(heard.kills);
  expect(read.log).toEqual(heard.log);
  expect(read.end).toMatchObject({ endedBy: expect.any(String) });
  expect(heard.kills.length).toBeGreaterThan(0);
});

test('a file that is cut off anywhere is read up to there', () => {
  const dir = tempDir();
  const heard = tell(dir, 'small-vs-large', '4.15');
  const path = join(dir, FRAMES_NAME);
  const whole = readFileSync(path);
  let before = 0;
  for (const share of [0.3, 0.6, 0.9, 0.99]) {
    writeFileSync(path, whole.subarray(0, Math.floor(whole.length * share)));
    const { frames, end } = readFrames(path, () => new Heard());
    expect(frames).toEqual(heard.frames.slice(0, frames.length));
    expect(frames.length).toBeGreaterThanOrEqual(before);
    expect(end).toBeNull();
    before = frames.length;
  }
  expect(before).toBeGreaterThan(5);
});

test('something else is refused in one line', () => {
  const path = join(tempDir(), FRAMES_NAME);
  writeFileSync(path, 'hello');
  expect(() => readFrames(path, () => new Heard())).toThrow(/^cannot read .*frames\.jsonl\.gz: /);
  expect(() => readFrames(`${path}.not`, () => new Heard())).toThrow(/^cannot read /);
});

test('a run without --record leaves no recording of an earlier one', async () => {
  const outDir = tempDir();
  const workload = loadWorkload('swap');
  const { outDir: dir } = await runWorkload(workload, { outDir, record: true });
  expect(isRecorded(dir!)).toBe(true);
  await runWorkload(workload, { outDir });
  expect(isRecorded(dir!)).toBe(false);
});
