import type { UiState } from '../state/state.js';
import type { Glyphs } from '../text/glyphs.js';
import { fitted, type Line, line, plain, type Span, span } from '../text/line.js';
import type { View } from '../view.js';

const PROMPTS = {
  filter: 'filter cgroups: ',
  search: 'find in the log: ',
  seek: 'go to: ',
} as const;
const SEEK_HINT = '1.5s, 40%, kill 3, event 1200, start, end';

/** One row: what is being typed, what there is to say, or the keys that matter now. */
export function footerLine(
  view: View,
  state: UiState,
  { canCompare, closesIn }: { canCompare: boolean; closesIn: number | null },
  width: number,
  g: Glyphs,
): Line {
  if (state.prompt !== null) {
    const { kind, text } = state.prompt;
    const hint = kind === 'seek' && text === '' ? span(SEEK_HINT, 'dim') : '';
    const typed = span(plain(text));
    return fitted(
      line(span(PROMPTS[kind], 'focus'), typed, span(' ', 'selected'), ' ', hint),
      width,
    );
  }
  if (state.message !== '') return fitted(line(span(state.message, 'warn')), width, g.more);
  if (closesIn !== null) {
    return fitted(line(span(`closing in ${closesIn} s; any key stays`, 'warn')), width, g.more);
  }
  if (view.lastEvent !== null && view.moment.seq !== null) {
    const place = `event ${view.moment.seq}: `;
    return fitted(line(span(place, 'strong'), plain(view.lastEvent)), width, g.more);
  }
  return fitted(keys(state, canCompare, g), width, '');
}

function keys({ isPlaying, pane }: UiState, canCompare: boolean, g: Glyphs): Line {
  const shown: [string, string][] = [
    ['q', 'quit'],
    ['?', 'help'],
    ['Space', isPlaying ? 'pause' : 'play'],
    ['[ ]', 'kills'],
    [`${g.left} ${g.right}`, 'step'],
    ['- +', 'speed'],
    ['J', 'go to'],
    ...(canCompare ? ([['Tab', 'policy']] as [string, string][]) : []),
    [`${g.up} ${g.down}`, pane === 'tree' ? 'choose' : 'scroll'],
    ['Enter', 'fold'],
    ['s', 'sort'],
    ['/', pane === 'log' ? 'find' : 'filter'],
    ['w', 'why'],
    ['1 2 3', 'pane'],
  ];
  const spans: Span[] = [];
  for (const [key, word] of shown) spans.push(span(key, 'focus'), span(` ${word}  `));
  return spans;
}
