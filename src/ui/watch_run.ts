import type { Frame } from '../record/frames.js';
import { Narrator } from '../record/narrator.js';
import type { RunObserver } from '../run/drive.js';
import type { ObservedSystem } from '../run/observed_system.js';
import type { Track } from './track.js';

const HUGE = 1000;
/** Frames of a huge population take so small a part of the time that it is played in, 1 / … */
const FRAMES_SHARE = 20;

/**
 * Fills a track from a run as it goes; the run never waits for it. Where a frame costs much there are
 * fewer of them: the moments in between are the ExactCursor's.
 */
export class TrackRecorder implements RunObserver {
  readonly #track: Track;
  readonly #narrator: Narrator;
  #frameMs = 0;
  #nextMs = 0;

  constructor(track: Track) {
    this.#track = track;
    this.#narrator = new Narrator({
      wants: (timeNs, cause) => this.#wants(timeNs, cause),
      frame: (frame: Frame) => this.#add(frame),
      killed: (story) => track.addKill(story),
      changed: () => track.touch(),
      logged: (line) => track.addLog(line),
    });
  }

  begin(system: ObservedSystem): void {
    this.#narrator.begin(system);
  }

  sample(system: ObservedSystem): void {
    this.#narrator.sample(system);
  }

  slice(system: ObservedSystem): void {
    this.#track.advance(system.nowNs, system.endedBy);
  }

  #wants(timeNs: number, cause: 'sample' | 'kill'): boolean {
    this.#frameMs = performance.now();
    if (this.#frameMs < this.#nextMs) return false;
    return cause === 'kill' || this.#track.history.wants(timeNs);
  }

  /** The narrator takes a frame right after it has asked whether it is wanted. */
  #add(frame: Frame): void {
    this.#track.addFrame(frame);
    if (frame.cgroups.length + frame.processes < HUGE) return;
    const nowMs = performance.now();
    this.#nextMs = nowMs + FRAMES_SHARE * (nowMs - this.#frameMs);
  }
}
