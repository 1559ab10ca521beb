import type { Glyphs } from '../text/glyphs.js';
import { type Line, line, type Span, span, widthOf } from '../text/line.js';

export interface TitleOptions {
  /** The key that goes there. */
  readonly key: string;
  readonly text: string;
  readonly right?: string;
  readonly isFocused: boolean;
}

/** The rule above a pane with its name in it; the focus is marked without colour, too. */
export function titleLine(
  { key, text, right = '', isFocused }: TitleOptions,
  width: number,
  g: Glyphs,
): Line {
  const mark = isFocused ? g.selected : g.rule;
  const name = span(` ${key} ${text} `, isFocused ? 'focus' : 'title');
  const left: Span[] = [span(mark, isFocused ? 'focus' : 'dim'), name];
  const end = right === '' ? '' : ` ${right} `;
  const room = width - widthOf(left) - end.length - 1;
  if (room < 0) return line(...left);
  return [...left, span(g.rule.repeat(room), 'dim'), span(end), span(g.rule, 'dim')];
}
