import { type Frame, takeFrame } from '../record/frames.js';
import { KillStories } from '../record/kill_stories.js';
import type { RunObserver } from '../run/drive.js';
import type { ObservedSystem } from '../run/observed_system.js';
import type { Pulse, Track } from './track.js';

/** Frames at kills beyond this many between two samples would crowd out everything else. */
const KILL_FRAMES_MAX = 4;

/** Fills a track from a run as it goes; the run never waits for it. */
export class TrackRecorder implements RunObserver {
  readonly #track: Track;
  #killFrames = 0;

  constructor(track: Track) {
    this.#track = track;
  }

  begin(system: ObservedSystem): void {
    const track = this.#track;
    new KillStories(() => system.machine(), {
      killed: (story) => {
        track.addKill(story);
        if (this.#killFrames++ < KILL_FRAMES_MAX) track.addFrame(takeFrame(system));
      },
      changed: () => {
        track.version++;
      },
    }).attach(system.trace);
    system.trace.subscribe(['oomsim:printk'], (_name, { timeNs, seq }, { line }) => {
      track.addLog({ timeNs, seq, text: String(line) });
    });
  }

  sample(system: ObservedSystem): void {
    this.#killFrames = 0;
    const { history } = this.#track;
    if (!history.wants(system.nowNs) && system.endedBy === null) return;
    const frame = takeFrame(system);
    this.#track.addFrame(frame);
    this.#track.addPulse(pulseOf(frame));
  }

  slice(system: ObservedSystem): void {
    this.#track.advance(system.nowNs, system.endedBy);
  }
}

export function pulseOf({ timeNs, machine, cgroups }: Frame): Pulse {
  const root = cgroups[0];
  return {
    timeNs,
    freePages: machine.freePages,
    stalled: root?.stalled ?? 0,
    threads: root?.states.reduce((sum, count) => sum + count, 0) ?? 0,
  };
}
