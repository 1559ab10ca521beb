import { type Line, type Span, type Style, span } from './line.js';

export interface Part {
  readonly amount: number;
  readonly glyph: string;
  readonly style?: Style;
}

/**
 * A bar of exactly `width` columns that several amounts share; what is left of the total stays empty.
 * Every amount above nothing that makes half a column has one.
 */
export function stackedBar(
  parts: readonly Part[],
  total: number,
  width: number,
  empty: string,
): Line {
  const spans: Span[] = [];
  let sum = 0;
  let drawn = 0;
  for (const { amount, glyph, style } of parts) {
    sum += amount;
    const end = Math.min(width, Math.round((sum / Math.max(1, total)) * width));
    if (end > drawn) spans.push(span(glyph.repeat(end - drawn), style));
    drawn = Math.max(drawn, end);
  }
  if (drawn < width) spans.push(span(empty.repeat(width - drawn), 'dim'));
  return spans;
}

/** How many of `width` columns a share of 0 to 1 takes; anything above nothing takes one. */
export function columnsOf(share: number, width: number): number {
  if (!(share > 0)) return 0;
  return Math.max(1, Math.min(width, Math.round(share * width)));
}

/** A bar of one amount. */
export function bar(
  share: number,
  width: number,
  glyphs: { full: string; empty: string },
  style?: Style,
): Line {
  const full = columnsOf(share, width);
  return [span(glyphs.full.repeat(full), style), span(glyphs.empty.repeat(width - full), 'dim')];
}

/** One character a value, its height the value's share of `max`. */
export function sparkline(
  values: readonly number[],
  max: number,
  levels: readonly string[],
): string {
  const top = levels.length - 1;
  return values
    .map((value) => {
      if (!(value > 0) || !(max > 0)) return levels[0]!;
      return levels[Math.max(1, Math.min(top, Math.round((value / max) * top)))]!;
    })
    .join('');
}
