import { join } from 'node:path';
import { FRAMES_NAME } from '../record/frames_file.js';
import type { RunFacts } from '../record/narrator.js';
import { readFrames } from '../record/read_frames.js';
import { Track } from './track.js';

/** A run as its file of frames tells it, of whatever model played it. @throws OutputError */
export function recordedTrack(dir: string): Track {
  const { track } = readFrames(join(dir, FRAMES_NAME), (facts: RunFacts) => {
    const track = new Track(facts);
    return {
      track,
      frame: (frame) => {
        if (track.history.wants(frame.timeNs)) track.addFrame(frame);
      },
      killed: (story) => track.addKill(story),
      after: (aftermath) => Object.assign(track.kills[aftermath.index] ?? {}, aftermath),
      logged: (line) => track.addLog(line),
      ended: ({ timeNs, endedBy }) => track.advance(timeNs, endedBy),
    };
  });
  // A run that was killed has no end in its file; what is there is all there is.
  if (track.endedBy === null) track.advance(track.frontNs, 'interrupted');
  return track;
}
