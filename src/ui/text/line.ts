/** What a piece of text is meant to be; colors.ts says how that looks. */
export type Style =
  | 'title'
  | 'focus'
  | 'strong'
  | 'dim'
  | 'good'
  | 'warn'
  | 'bad'
  | 'info'
  | 'purple'
  | 'selected';

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** One row of the screen. */
export type Line = readonly Span[];

/** A span; `text` alone has no style. */
export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

export function line(...spans: readonly (Span | string)[]): Line {
  return spans.map((part) => (typeof part === 'string' ? span(part) : part));
}

export const EMPTY: Line = [];

export function widthOf(spans: Line): number {
  let width = 0;
  for (const { text } of spans) width += text.length;
  return width;
}

/** A row of exactly `width` columns: cut off, with `more` at its end, or filled up with spaces. */
export function fitted(spans: Line, width: number, more = '…'): Line {
  const missing = width - widthOf(spans);
  if (missing === 0) return spans;
  if (missing > 0) return [...spans, span(' '.repeat(missing))];
  const kept: Span[] = [];
  let left = Math.max(0, width - more.length);
  for (const part of spans) {
    if (left === 0) break;
    kept.push({ ...part, text: part.text.slice(0, left) });
    left -= Math.min(left, part.text.length);
  }
  kept.push(span(more.slice(0, width), 'dim'));
  return kept;
}

/** Left and right, with what is between them; the left gives way. */
export function spread(left: Line, right: Line, width: number, more?: string): Line {
  const room = width - widthOf(right);
  if (room <= 0) return fitted(right, width, more);
  return [...fitted(left, room, more), ...right];
}

/** As many rows as wanted: cut off, or filled up with empty ones. */
export function exactly(lines: readonly Line[], rows: number): readonly Line[] {
  if (lines.length >= rows) return lines.slice(0, rows);
  return [...lines, ...Array.from({ length: rows - lines.length }, () => EMPTY)];
}

/** Neighbours of one style as one span: each costs Ink time. */
export function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const next of spans) {
    const last = result.at(-1);
    if (last !== undefined && last.style === next.style) {
      result[result.length - 1] = { ...last, text: last.text + next.text };
    } else result.push(next);
  }
  return result;
}

/** The text of a row without its styles. */
export const textOf = (spans: Line): string => spans.map(({ text }) => text).join('');

/**
 * Text from outside as the screen can show it: one column a character, no control characters. What
 * is wider or does something else becomes `?`; names in the kernel are hardly ever anything but ASCII.
 */
export function plain(text: string): string {
  return text.replace(NOT_ONE_COLUMN, '?');
}

/** Control characters, marks that combine, and all blocks that hold wide characters. */
const NOT_ONE_COLUMN =
  /\p{Cc}|\p{Cf}|\p{M}|\p{Cs}|[\u1100-\u11ff\u2e80-\ufeff\uff00-\uffff]|[\u{10000}-\u{10ffff}]/gu;

/** Text of at most `width` columns; its end is what tells paths apart. */
export function keepEnd(text: string, width: number, more: string): string {
  return text.length <= width ? text : more + text.slice(text.length - width + more.length);
}
