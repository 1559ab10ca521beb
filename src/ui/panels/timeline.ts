import { sparkline } from '../text/bars.js';
import type { Glyphs } from '../text/glyphs.js';
import { type Line, type Span, type Style, span } from '../text/line.js';
import { count, instant } from '../text/units.js';
import type { View } from '../view.js';

const LABEL = 6;

/** A stall is worth a mark when so many of the tasks wait for memory. */
const STALL_SHARE = 0.2;

/** What the buckets of the timeline hold, a column each. */
interface Buckets {
  readonly usedShare: readonly number[];
  readonly stallShare: readonly number[];
  readonly kills: readonly number[];
  readonly front: number;
  readonly now: number;
}

/**
 * Two rows over the whole run: how full memory was, and the kills and stalls, with a mark at the
 * moment that is shown. What is not simulated yet is dotted.
 */
export function timelineLines(view: View, width: number, g: Glyphs): Line[] {
  const endNs = Math.max(1, view.endedBy === null ? view.facts.untilNs : view.frontNs);
  const kills = ` ${count(view.kills.length)} ${g.kill}`;
  const right = ` ${instant(endNs)}`;
  const tail = Math.max(kills.length, right.length);
  const chart = Math.max(1, width - LABEL - tail);
  const buckets = bucketsOf(view, chart, endNs);
  return [
    [
      span('USED  ', 'strong'),
      span(sparkline(buckets.usedShare, 1, g.levels), 'info'),
      span(kills.padStart(tail), view.kills.length > 0 ? 'bad' : 'dim'),
    ],
    [span('TIME  ', 'strong'), ...marks(buckets, g), span(right.padStart(tail), 'dim')],
  ];
}

/** The kills and stalls of one of several runs, on a common scale that ends at `endNs`. */
export function killsLine(view: View, endNs: number, width: number, g: Glyphs): Line {
  const label = view.facts.policy.slice(0, POLICY_WIDTH).padEnd(POLICY_WIDTH + 1);
  const right = ` ${count(view.kills.length).padStart(5)} ${g.kill}`;
  const chart = Math.max(1, width - label.length - right.length);
  const buckets = bucketsOf(view, chart, endNs);
  return [span(label, 'strong'), ...marks(buckets, g), span(right, 'bad')];
}

const POLICY_WIDTH = 12;

function bucketsOf(view: View, chart: number, endNs: number): Buckets {
  const columnOf = (timeNs: number): number =>
    Math.max(0, Math.min(chart - 1, Math.floor((timeNs / endNs) * chart)));
  const total = Math.max(1, view.frame.machine.totalPages);
  const front = columnOf(view.frontNs);
  const used = new Array<number>(chart).fill(Number.NaN);
  const stalls = new Array<number>(chart).fill(Number.NaN);
  const kills = new Array<number>(chart).fill(0);
  for (const { timeNs, stalled, threads, freePages } of view.pulses) {
    const at = columnOf(timeNs);
    used[at] = 1 - freePages / total;
    stalls[at] = Math.max(stalls[at] || 0, stalled / Math.max(1, threads));
  }
  // Between two samples it is taken to have stayed as it was.
  for (let i = 1; i <= front; i++) {
    if (!Number.isNaN(used[i]!)) continue;
    used[i] = used[i - 1]!;
    stalls[i] = stalls[i - 1]!;
  }
  for (const { timeNs } of view.kills) kills[columnOf(timeNs)]!++;
  const now = columnOf(view.moment.timeNs);
  return { usedShare: used, stallShare: stalls, kills, front, now };
}

function marks({ kills, stallShare, front, now }: Buckets, g: Glyphs): Span[] {
  return kills.map((n, i) => {
    const [text, style] = markOf(n, stallShare[i]! >= STALL_SHARE, i > front, g);
    if (i !== now) return span(text, style);
    return span(n > 0 ? text : g.cursor, 'selected');
  });
}

/** One kill is a cross, more are their number; a stall is a wave. */
function markOf(kills: number, isStall: boolean, isFuture: boolean, g: Glyphs): [string, Style] {
  if (kills > 1) return [kills > 9 ? '+' : String(kills), 'bad'];
  if (kills === 1) return [g.kill, 'bad'];
  if (isStall) return [g.stall, 'warn'];
  return isFuture ? [g.future, 'dim'] : [g.rule, 'dim'];
}
