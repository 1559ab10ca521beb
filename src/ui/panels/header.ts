import type { UiState } from '../state/state.js';
import type { Glyphs } from '../text/glyphs.js';
import { type Line, line, plain, type Span, span, spread } from '../text/line.js';
import { formatSpeed } from '../text/speed.js';
import { instant } from '../text/units.js';
import { isAtEnd, type View } from '../view.js';

const ENDINGS: Readonly<Record<string, string>> = {
  until: 'ended',
  quiet: 'ended: quiet',
  idle: 'ended: idle',
  panic: 'PANIC',
};

/** From here on there is room for the words … */
const WIDE = 100;
/** … and for the token. */
const WIDEST = 132;

/** One row: which run this is, and where in it we are. */
export function headerLine(view: View, state: UiState, width: number, g: Glyphs): Line {
  const { workload, kernel, policy, seed, token } = view.facts;
  const dot = ` ${g.dot} `;
  const left: (Span | string)[] = [
    span(plain(workload), 'strong'),
    width >= WIDE ? `${dot}kernel ${kernel}${dot}policy ` : `${dot}${kernel}${dot}`,
    span(plain(policy), 'strong'),
    `${dot}seed ${plain(seed)}`,
  ];
  if (width >= WIDEST) left.push(span(`${dot}${token}`, 'dim'));
  return spread(line(...left), line(...stateSpans(view, state, g)), width, g.more);
}

/** `▶ playing ×1/4   0.554 s of 5.000 s`: as wide at any time, so that nothing jumps. */
function stateSpans(view: View, state: UiState, g: Glyphs): (Span | string)[] {
  const { frontNs, endedBy, facts, moment, waiting } = view;
  const decimals = moment.seq === null ? 3 : 6;
  const endNs = endedBy === null ? facts.untilNs : frontNs;
  const end = instant(endNs, 3);
  const now = instant(moment.timeNs, decimals).padStart(end.length + decimals - 3);
  const where = [span(now, 'strong'), ` of ${end}`];
  return [' ', ...doing(view, state, g), waiting === '' ? '  ' : ` ${waiting} `, ...where];
}

function doing(view: View, state: UiState, g: Glyphs): Span[] {
  const speed = formatSpeed(state.speed, g.times);
  if (isAtEnd(view) && !state.isPlaying) {
    const why = (ENDINGS[view.endedBy ?? ''] ?? view.endedBy ?? '').padEnd(15);
    return [span(`${g.ended} ${why}`, view.endedBy === 'panic' ? 'bad' : 'good')];
  }
  if (state.isPlaying) return [span(`${g.playing} playing ${speed.padEnd(6)}`, 'good')];
  return [span(`${g.paused} paused  ${speed.padEnd(6)}`, 'warn')];
}
