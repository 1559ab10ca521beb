import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Screen } from '../../src/ui/screen_layout.js';
import { initialState, type UiState } from '../../src/ui/state/state.js';
import { UNICODE } from '../../src/ui/text/glyphs.js';
import type { Track } from '../../src/ui/track.js';
import { viewOf } from '../../src/ui/view.js';

// Before Ink is loaded, which asks for these once: colours are another test's business, and the
// screen must be the same where the tests run in CI, though there Ink shows only the last frame.
process.env.FORCE_COLOR = '0';
delete process.env.CI;
delete process.env.CONTINUOUS_INTEGRATION;

/** A screen of a track at the time that the state says. */
export function screenOf(
  track: Track,
  state: Partial<UiState> = {},
  some: Partial<Screen> = {},
): Screen {
  const full = initialState(0.25, { isPlaying: false, timeNs: track.frontNs, ...state });
  return {
    state: full,
    views: [viewOf(track, full)],
    columns: 80,
    rows: 24,
    glyphs: UNICODE,
    canCompare: true,
    closesIn: null,
    ...some,
  };
}

/** What Ink makes of a screen, row by row, as the terminal gets it. */
export async function render(screen: Screen): Promise<string[]> {
  const ink = await import('ink');
  const { Dashboard } = await import('../../src/ui/dashboard.js');
  const { INK_OPTIONS } = await import('../../src/ui/ink_options.js');
  let frame = '';
  const stdout = Object.assign(new EventEmitter(), {
    columns: screen.columns,
    rows: screen.rows,
    write: (text: string) => {
      if (text !== '') frame = text;
      return true;
    },
  });
  const app = ink.render(<Dashboard {...screen} />, {
    ...INK_OPTIONS,
    stdout: stdout as never,
    stdin: new PassThrough() as never,
  });
  app.unmount();
  return frame.split('\n');
}
