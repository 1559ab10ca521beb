import type { RenderOptions } from 'ink';

/** Real time between two frames. */
export const FRAME_MS = 100;

/** How Ink draws the dashboard. */
export const INK_OPTIONS: RenderOptions = {
  exitOnCtrlC: false, // raw mode: Ctrl-C is a key like q
  patchConsole: false,
  debug: true, // whole frames, at once: FramePainter does the rest
};
