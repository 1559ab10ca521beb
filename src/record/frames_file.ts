import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AppendFile, type FileCalls } from './append_file.js';
import { FrameEncoder } from './frame_codec.js';
import type { KillStory } from './kill_stories.js';
import { type NarratedSystem, Narrator, type RunFacts } from './narrator.js';

/** Beside the files of RUN_FILES, in the folder of a run that was played with `--record`. */
export const FRAMES_NAME = 'frames.jsonl.gz';
export const FRAMES_FORMAT = 'oomsim-frames/1';

/** Whether a run folder holds a recording. */
export function isRecorded(dir: string): boolean {
  return existsSync(join(dir, FRAMES_NAME));
}

/** Text is compressed in blocks of this size, or of what there is when the file is flushed. */
const BLOCK_CHARACTERS = 1_000_000;

/**
 * All that the dashboard can show of a run, a line of JSON each: first the facts, then frames, log
 * lines, kills and what came of them as they happened, and how it ended. Each block of lines is a gzip
 * member of its own, so that `zcat` reads the file and a run that is killed leaves a readable one.
 */
export class FramesFile {
  readonly #file: AppendFile;
  readonly #encoder = new FrameEncoder();
  readonly #narrator: Narrator;
  #lines: string[] = [];
  #characters = 0;

  /** @throws OutputError when the file cannot be created */
  constructor(path: string, facts: RunFacts, calls?: FileCalls) {
    this.#file = new AppendFile(path, calls);
    this.#narrator = new Narrator({
      wants: () => true,
      frame: (frame) => this.#add({ frame: this.#encoder.encode(frame) }),
      killed: (story) => this.#add({ kill: story }),
      changed: (story) => this.#add({ after: aftermathOf(story) }),
      logged: ({ timeNs, seq, text }) => this.#add({ log: [timeNs, seq, text] }),
    });
    this.#add({ format: FRAMES_FORMAT, facts });
  }

  /** Records from now on; to be called before the first event. */
  begin(system: NarratedSystem): void {
    this.#narrator.begin(system);
  }

  /** @throws OutputError */
  sample(system: NarratedSystem): void {
    this.#narrator.sample(system);
    if (this.#characters >= BLOCK_CHARACTERS) this.flush();
  }

  /** @throws OutputError */
  flush(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#characters = 0;
    this.#file.append(gzipSync(text, { level: 4 }));
  }

  /** Says how it ended and closes the file. @throws OutputError */
  close(end: { readonly timeNs: number; readonly endedBy: string | null }): void {
    try {
      this.#add({ end });
      this.flush();
    } finally {
      this.#file.close();
    }
  }

  #add(value: unknown): void {
    const text = `${JSON.stringify(value)}\n`;
    this.#lines.push(text);
    this.#characters += text.length;
  }
}

/** What can change of a kill after it happened. */
export type Aftermath = Pick<
  KillStory,
  | 'index'
  | 'sigkillNs'
  | 'markedNs'
  | 'reapingNs'
  | 'reapedNs'
  | 'skipNs'
  | 'skipCause'
  | 'exitedNs'
  | 'freedNs'
  | 'freedPages'
>;

function aftermathOf(story: KillStory): Aftermath {
  const { index, sigkillNs, markedNs, reapingNs, reapedNs, skipNs, skipCause } = story;
  const { exitedNs, freedNs, freedPages } = story;
  return {
    index,
    sigkillNs,
    markedNs,
    reapingNs,
    reapedNs,
    skipNs,
    skipCause,
    exitedNs,
    freedNs,
    freedPages,
  };
}
