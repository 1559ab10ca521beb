import type { Frame } from '../record/frames.js';
import { Narrator } from '../record/narrator.js';
import type { RunObserver } from '../run/drive.js';
import type { ObservedSystem } from '../run/observed_system.js';
import type { Track } from './track.js';

/** Fills a track from a run as it goes; the run never waits for it. */
export class TrackRecorder implements RunObserver {
  readonly #track: Track;
  readonly #narrator: Narrator;

  constructor(track: Track) {
    this.#track = track;
    this.#narrator = new Narrator({
      wants: (timeNs) => track.history.wants(timeNs),
      frame: (frame: Frame) => track.addFrame(frame),
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
}
