import type { RunFacts } from '../../record/narrator.js';
import type { Glyphs } from '../text/glyphs.js';
import { fitted, type Line, line, span } from '../text/line.js';

const keysOf = (g: Glyphs): readonly (readonly [string, string])[] => [
  ['Space', 'pause, play; at the end: play again'],
  ['+  -', 'faster, slower: from 1/1000 of real time to as fast as it goes'],
  ['m', 'to the newest moment, as fast as it goes'],
  [`${g.right} ${g.left}  t T`, 'one event forward, back'],
  ['] [', 'next, previous kill'],
  ['> <', 'a fortieth of the run forward, back'],
  ['{ }', 'start, end'],
  ['J  :', 'go to a time, a share, a kill, an event'],
  ['', ''],
  ['1 2 3', 'to the cgroups, the details, the log (Shift-Tab: to the next)'],
  [`${g.up} ${g.down}  j k`, 'choose a cgroup, or scroll; PgUp PgDn, g G, Home End'],
  ['Enter', 'fold or unfold the cgroup; z: all of them'],
  ['s', 'sort the cgroups otherwise'],
  ['/', 'filter the cgroups, or find in the log; n N: next, previous'],
  ['w', 'why was the last one killed?'],
  ['Tab', 'the other policy on the same seed, then both side by side'],
  ['Esc', 'back'],
  ['q', 'quit; the summary stays on the screen'],
];

/** All keys, and how to get this run again. */
export function helpLines(
  facts: RunFacts,
  { width, rows }: { width: number; rows: number },
  g: Glyphs,
): Line[] {
  const lines: Line[] = [
    line(span('Keys', 'title')),
    ...keysOf(g).map(([key, text]) => line('  ', span(key.padEnd(16), 'focus'), text)),
    line(),
    line(span('This run  ', 'title'), facts.token),
  ];
  return lines.slice(0, rows).map((row) => fitted(row, width, g.more));
}
