import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { OutputError, reasonOf } from './errors.js';
import { type EncodedFrame, FrameDecoder } from './frame_codec.js';
import type { Frame } from './frames.js';
import { type Aftermath, FRAMES_FORMAT } from './frames_file.js';
import type { KillStory } from './kill_stories.js';
import type { LogLine, RunFacts } from './narrator.js';

/** Takes what a file of frames tells, in the order in which it happened. */
export interface FramesReader {
  frame(frame: Frame): void;
  killed(story: KillStory): void;
  /** Later news of a kill. */
  after(aftermath: Aftermath): void;
  logged(line: LogLine): void;
  ended(end: { readonly timeNs: number; readonly endedBy: string | null }): void;
}

/** One line of the file: one of these is there. */
interface Line {
  readonly format?: string;
  readonly facts?: RunFacts;
  readonly frame?: EncodedFrame;
  readonly kill?: KillStory;
  readonly after?: Aftermath;
  readonly log?: readonly [timeNs: number, seq: number, text: string];
  readonly end?: { readonly timeNs: number; readonly endedBy: string | null };
}

/**
 * Reads a file of frames. What a killed run left incomplete at its end is left out.
 * @param open makes the reader of a run with these facts
 * @throws OutputError when it cannot be read or is something else
 */
export function readFrames<R extends FramesReader>(path: string, open: (facts: RunFacts) => R): R {
  const lines = linesOf(unpacked(path));
  const first = parse(lines.next().value ?? '');
  if (first?.format !== FRAMES_FORMAT || first.facts === undefined) {
    throw new OutputError(`${path} is not a recording of the format ${FRAMES_FORMAT}`);
  }
  const reader = open(first.facts);
  const decoder = new FrameDecoder();
  for (const text of lines) {
    const line = parse(text);
    if (line === null) break; // cut off in the middle
    pass(line, reader, decoder);
  }
  return reader;
}

function unpacked(path: string): Buffer {
  try {
    // SYNC_FLUSH: the end of a member that was not finished is read as far as it goes.
    return gunzipSync(readFileSync(path), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw new OutputError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

const NEWLINE = 10;

/** One line after the other: all of them together may be longer than a string can be. */
function* linesOf(bytes: Buffer): Generator<string, undefined> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from);
    yield bytes.toString('utf8', from, end === -1 ? bytes.length : end);
    from = end === -1 ? bytes.length : end + 1;
  }
}

function parse(text: string): Line | null {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return null;
  }
}

function pass(line: Line, reader: FramesReader, decoder: FrameDecoder): void {
  if (line.frame !== undefined) reader.frame(decoder.decode(line.frame));
  else if (line.kill !== undefined) reader.killed(withScores(line.kill));
  else if (line.after !== undefined) reader.after(line.after);
  else if (line.log !== undefined) {
    const [timeNs, seq, text] = line.log;
    reader.logged({ timeNs, seq, text });
  } else if (line.end !== undefined) reader.ended(line.end);
}

/** JSON has no -Infinity, which is the score of a process that is never chosen (5.9 and later). */
function withScores(story: KillStory): KillStory {
  const { selection } = story;
  if (selection === null) return story;
  const tasks = selection.tasks.map((task) => ({
    ...task,
    points: task.points ?? Number.NEGATIVE_INFINITY,
  }));
  return { ...story, selection: { ...selection, tasks } };
}
