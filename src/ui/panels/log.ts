import { formatLogLine } from '../../record/kernel_log.js';
import type { LogLine } from '../../record/narrator.js';
import type { UiState } from '../state/state.js';
import type { Glyphs } from '../text/glyphs.js';
import { fitted, type Line, line, plain, type Style, span } from '../text/line.js';
import type { View } from '../view.js';
import { titleLine } from './title.js';

/** The kernel log up to the moment shown, its last line at the bottom. */
export function logLines(
  view: Pick<View, 'log' | 'logDone'>,
  state: Pick<UiState, 'logScroll' | 'pane' | 'search'>,
  { width, rows }: { width: number; rows: number },
  g: Glyphs,
): Line[] {
  const room = Math.max(0, rows - 1);
  const bottom = Math.max(Math.min(room, view.logDone), view.logDone - state.logScroll);
  const first = Math.max(0, bottom - room);
  const newer = view.logDone - bottom;
  const right = newer > 0 ? `${newer} newer below` : view.logDone > room ? `${first} above` : '';
  return [
    titleLine({ key: '3', text: 'Kernel log', right, isFocused: state.pane === 'log' }, width, g),
    ...view.log
      .slice(first, bottom)
      .map((entry) => fitted(logLine(entry, state.search), width, g.more)),
  ];
}

function logLine({ timeNs, text }: LogLine, search: string): Line {
  const [stamp] = formatLogLine(timeNs, '').split('] ');
  // Mem-Info breaks its lines inside of one message.
  const shown = plain(text.replaceAll(/\n\s*/g, ' '));
  const found = search === '' ? -1 : shown.indexOf(search);
  if (found === -1) return line(span(`${stamp}] `, 'dim'), span(shown, styleOf(text)));
  return line(
    span(`${stamp}] `, 'dim'),
    shown.slice(0, found),
    span(shown.slice(found, found + search.length), 'selected'),
    shown.slice(found + search.length),
  );
}

function styleOf(text: string): Style | undefined {
  if (/^(Memory cgroup out of memory|Out of memory|Killed process|Kernel panic)/.test(text)) {
    return 'bad';
  }
  if (/^oom_reaper|invoked oom-killer|page allocation failure/.test(text)) return 'warn';
  return undefined;
}
