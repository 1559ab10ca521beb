import type { MachineSnapshot } from '../kernel/snapshot.js';
import type { Tracepoints } from '../kernel/trace.js';
import { type Frame, type FramedSystem, takeFrame } from './frames.js';
import { KillStories, type KillStory } from './kill_stories.js';

/** What a run is: the same at every instant of it. */
export interface RunFacts {
  readonly workload: string;
  readonly kernel: string;
  readonly policy: string;
  readonly seed: string;
  /** The repro token, as far as it is known before the end. */
  readonly token: string;
  readonly untilNs: number;
}

export interface LogLine {
  readonly timeNs: number;
  /** The engine event in which it was printed. */
  readonly seq: number;
  readonly text: string;
}

/** Listens to all that the dashboard can show of a run. */
export interface RunListener {
  /** Whether a frame of this instant is worth taking. */
  wants(timeNs: number, cause: 'sample' | 'kill'): boolean;
  frame(frame: Frame): void;
  killed(story: KillStory): void;
  /** Something happened to a victim: its story has grown. */
  changed(story: KillStory): void;
  logged(line: LogLine): void;
}

/** A system that can be watched from its first event. */
export interface NarratedSystem extends FramedSystem {
  readonly trace: Tracepoints;
  machine(): MachineSnapshot;
}

/** Frames at kills beyond this many between two samples would crowd out everything else. */
const KILL_FRAMES_MAX = 4;

/** Tells a run to a listener as it goes: frames, kills, log lines, each when it is new. */
export class Narrator {
  readonly #listener: RunListener;
  #killFrames = 0;

  constructor(listener: RunListener) {
    this.#listener = listener;
  }

  /** To be called before the first event. */
  begin(system: NarratedSystem): void {
    const listener = this.#listener;
    new KillStories(() => system.machine(), {
      killed: (story) => {
        listener.killed(story);
        if (this.#killFrames >= KILL_FRAMES_MAX || !listener.wants(story.timeNs, 'kill')) return;
        this.#killFrames++;
        listener.frame(takeFrame(system));
      },
      changed: (story) => listener.changed(story),
    }).attach(system.trace);
    system.trace.subscribe(['oomsim:printk'], (_name, { timeNs, seq }, { line }) => {
      listener.logged({ timeNs, seq, text: String(line) });
    });
  }

  /** To be called at every sampled instant. */
  sample(system: NarratedSystem): void {
    this.#killFrames = 0;
    if (this.#listener.wants(system.nowNs, 'sample')) this.#listener.frame(takeFrame(system));
  }
}
