import type { Frame } from '../record/frames.js';
import type { KillStory } from '../record/kill_stories.js';
import type { LogLine, RunFacts } from '../record/narrator.js';
import { countUntil, type Moment, type Pulse, type Track } from './track.js';

/** Everything that one screen shows of one run at one moment. Nothing in it is live. */
export interface View {
  readonly facts: RunFacts;
  readonly moment: Moment;
  readonly frame: Frame;
  /** All frames that are kept, in the order of time: for trends. */
  readonly frames: readonly Frame[];
  /** All kills that are known, and how many of them have happened. */
  readonly kills: readonly KillStory[];
  readonly killsDone: number;
  readonly log: readonly LogLine[];
  readonly logDone: number;
  readonly pulses: readonly Pulse[];
  /** Known up to here, ns. */
  readonly frontNs: number;
  readonly endedBy: string | null;
  /** The last tracepoint before this moment, where it is known exactly. */
  readonly lastEvent: string | null;
  /** What is being waited for, e.g. `seeking`; '' when the frame is the one asked for. */
  readonly waiting: string;
}

/** What the screen shows instead of a frame of the history. */
export interface Exact {
  readonly frame: Frame;
  readonly lastEvent: string | null;
}

/** The view of a track at a moment. @throws Error when the track has no frame yet */
export function viewOf(
  track: Track,
  asked: Moment,
  exact: Exact | null = null,
  waiting = '',
): View {
  const moment = { ...asked, timeNs: Math.min(asked.timeNs, track.frontNs) };
  const { frames } = track.history;
  const frame = exact?.frame ?? frames[track.history.indexAt(moment.timeNs)];
  if (frame === undefined) throw new Error('nothing has been seen of this run yet');
  return {
    facts: track.facts,
    moment,
    frame,
    frames,
    kills: track.kills,
    killsDone: countUntil(track.kills, moment),
    log: track.log,
    logDone: countUntil(track.log, moment),
    pulses: track.pulses,
    frontNs: track.frontNs,
    endedBy: track.endedBy,
    lastEvent: exact?.lastEvent ?? null,
    waiting,
  };
}

/** Whether the moment is the end of the run. */
export function isAtEnd({ endedBy, moment, frontNs }: View): boolean {
  return endedBy !== null && moment.timeNs >= frontNs;
}
