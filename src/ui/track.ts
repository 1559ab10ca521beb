import type { Frame } from '../record/frames.js';
import type { KillStory } from '../record/kill_stories.js';
import type { LogLine, RunFacts } from '../record/narrator.js';
import { FrameHistory } from './history.js';

/** The machine at a sampled instant: a few numbers, kept of all samples. */
export interface Pulse {
  readonly timeNs: number;
  readonly freePages: number;
  /** Threads that wait for memory, and all of them. */
  readonly stalled: number;
  readonly threads: number;
}

/** More are in kernel.log. */
const LOG_LINES_MAX = 200_000;

/** Everything that is known of a run so far. It only grows, and holds nothing live. */
export class Track {
  readonly facts: RunFacts;
  readonly history = new FrameHistory();
  readonly kills: KillStory[] = [];
  readonly log: LogLine[] = [];
  readonly pulses: Pulse[] = [];
  /** Lines dropped from the beginning of the log. */
  logDropped = 0;
  /** Known up to here, ns. */
  frontNs = 0;
  /** Why the run ended; null: it goes on. */
  endedBy: string | null = null;
  /** Changes whenever something is added: what was drawn may have to be drawn again. */
  version = 0;

  constructor(facts: RunFacts) {
    this.facts = facts;
  }

  addFrame(frame: Frame): void {
    this.history.add(frame);
    this.pulses.push(pulseOf(frame));
    this.advance(frame.timeNs, frame.endedBy);
  }

  addKill(story: KillStory): void {
    this.kills[story.index] = story;
    this.version++;
  }

  addLog(line: LogLine): void {
    this.log.push(line);
    this.version++;
    if (this.log.length <= LOG_LINES_MAX) return;
    const dropped = LOG_LINES_MAX / 4; // rarely: shifting an array of this size takes time
    this.log.splice(0, dropped);
    this.logDropped += dropped;
  }

  /** Something of it changed. */
  touch(): void {
    this.version++;
  }

  advance(frontNs: number, endedBy: string | null): void {
    this.frontNs = Math.max(this.frontNs, frontNs);
    this.endedBy = endedBy;
    this.version++;
  }
}

function pulseOf({ timeNs, machine, cgroups }: Frame): Pulse {
  const root = cgroups[0];
  return {
    timeNs,
    freePages: machine.freePages,
    stalled: root?.stalled ?? 0,
    threads: root?.states.reduce((sum, count) => sum + count, 0) ?? 0,
  };
}

/** An instant of a run, or, where several events happen at the same time, after one of them. */
export interface Moment {
  readonly timeNs: number;
  /** Engine events dispatched; null: all that are due. */
  readonly seq: number | null;
}

/** How many of the items, in the order in which they happened, have happened at a moment. */
export function countUntil(
  items: readonly { readonly timeNs: number; readonly seq: number }[],
  { timeNs, seq }: Moment,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle]!;
    if (seq === null ? item.timeNs <= timeNs : item.seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
