import type { RenderOptions } from 'ink';

export const FRAME_MS = 100;

/** How Ink draws the dashboard. */
export const INK_OPTIONS: RenderOptions = {
  exitOnCtrlC: false, // raw mode: Ctrl-C is a key like q
  patchConsole: false,
  maxFps: 1000 / FRAME_MS,
  // Not incremental: in 6.8 it goes up one row too few when the frame is not the whole screen
  // (fixed in 7, vadimdemedes/ink#910), so that frames drift down over each other.
  incrementalRendering: false,
};
