import type { CgroupFrame, Frame } from '../../record/frames.js';
import { cgroupOf } from '../history.js';
import type { UiState } from '../state/state.js';
import { bar, sparkline } from '../text/bars.js';
import type { Glyphs } from '../text/glyphs.js';
import {
  fitted,
  keepEnd,
  type Line,
  line,
  plain,
  type Span,
  type Style,
  span,
} from '../text/line.js';
import { count, size } from '../text/units.js';
import { type TreeRow, treeRows } from '../tree_rows.js';
import type { View } from '../view.js';
import { titleLine } from './title.js';

/** What a cell needs to know besides its row. */
interface Context {
  readonly view: View;
  readonly g: Glyphs;
  /** The highest score of a cgroup that the policy compares. */
  readonly topScore: number;
  /** Path of the cgroup in which the explained kill happened. */
  readonly victimOf: string | null;
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly cell: (cgroup: CgroupFrame, context: Context) => Span | Line;
}

const NAME_WIDTH_MIN = 16; // at 80 columns all up to STALL, USE and TREND have room

/** In the order of their importance: those at the end go first when there is no room. */
const COLUMNS: readonly Column[] = [
  { title: 'USED', width: 7, cell: ({ usagePages }) => span(size(usagePages)) },
  { title: 'LIMIT', width: 8, cell: (cgroup) => span(limitText(cgroup), 'dim') },
  { title: 'SCORE', width: 7, cell: scoreCell },
  { title: 'KILLS', width: 6, cell: killsCell },
  { title: 'PROCS', width: 6, cell: ({ processes }) => span(count(processes)) },
  { title: 'STALL', width: 6, cell: stallCell },
  { title: 'USE', width: 9, cell: usageBar },
  { title: 'TREND', width: 11, cell: trendCell },
  { title: 'RUN', width: 5, cell: ({ states }) => span(count(states[0]!, 4)) },
  { title: 'D', width: 5, cell: ({ states }) => span(count(states[2]! + states[3]!, 4)) },
  { title: 'SLEEP', width: 6, cell: ({ states }) => span(count(states[1]!)) },
  { title: 'SWAP', width: 7, cell: ({ swapPages }) => span(size(swapPages)) },
  { title: 'ANON', width: 7, cell: ({ anonPages }) => span(size(anonPages)) },
  { title: 'FILE', width: 7, cell: ({ filePages }) => span(size(filePages)) },
];

/** The order on the screen. */
const PLACES = [
  'USED',
  'USE',
  'LIMIT',
  'TREND',
  'ANON',
  'FILE',
  'SWAP',
  'SCORE',
  'KILLS',
  'PROCS',
  'RUN',
  'D',
  'SLEEP',
  'STALL',
];

function columnsFor(width: number): readonly Column[] {
  let room = width - NAME_WIDTH_MIN;
  const shown = new Set<Column>();
  for (const column of COLUMNS) {
    if (column.width > room) break;
    shown.add(column);
    room -= column.width;
  }
  return [...shown].sort((a, b) => PLACES.indexOf(a.title) - PLACES.indexOf(b.title));
}

export interface TreeSize {
  readonly width: number;
  readonly rows: number;
}

/** The cgroup tree: a title, a heading, and as many rows around the selected one as fit. */
export function treeLines(
  view: View,
  state: UiState,
  { width, rows }: TreeSize,
  g: Glyphs,
  victimOf: string | null,
): Line[] {
  const all = treeRows(view.frame, state);
  const room = Math.max(0, rows - 2);
  const first = firstRow(all, state.selected, room);
  const columns = columnsFor(width);
  const nameWidth = width - columns.reduce((sum, column) => sum + column.width, 0);
  const context = { view, g, victimOf, topScore: topScoreOf(view.frame) };
  const below = all.length - first - room;
  return [
    titleLine(
      {
        key: '1',
        text: `Cgroups${state.filter === '' ? '' : ` with "${plain(state.filter)}"`}`,
        right: rightTitle(all.length, first, below, state),
        isFocused: state.pane === 'tree',
      },
      width,
      g,
    ),
    heading(columns, nameWidth),
    ...all.slice(first, first + room).map((row) => {
      const isSelected = row.cgroup.path === state.selected;
      return treeLine(row, columns, nameWidth, context, isSelected);
    }),
  ];
}

function rightTitle(all: number, first: number, below: number, { sort }: UiState): string {
  const order = sort === 'tree' ? '' : `by ${sort}`;
  if (first === 0 && below <= 0) return order;
  const hidden = `${first} above, ${Math.max(0, below)} below of ${all}`;
  return order === '' ? hidden : `${order}, ${hidden}`;
}

/** The selected row stays in sight, with a row before it where there is one. */
function firstRow(all: readonly TreeRow[], selected: string | null, room: number): number {
  const at = all.findIndex(({ cgroup }) => cgroup.path === selected);
  if (at === -1 || all.length <= room) return 0;
  return Math.max(0, Math.min(at - Math.floor(room / 2), all.length - room));
}

function topScoreOf({ cgroups }: Frame): number {
  let top = 1;
  for (const { score } of cgroups) if (score !== null && score > top) top = score;
  return top;
}

function heading(columns: readonly Column[], nameWidth: number): Line {
  const titles = columns.map(({ title, width }) =>
    title === 'USE' || title === 'TREND' ? ` ${title}`.padEnd(width) : title.padStart(width),
  );
  return line(span(`  ${'NAME'.padEnd(nameWidth - 2)}${titles.join('')}`, 'title'));
}

function treeLine(
  row: TreeRow,
  columns: readonly Column[],
  nameWidth: number,
  context: Context,
  isSelected: boolean,
): Line {
  const spans: Span[] = [...nameCell(row, nameWidth, context, isSelected)];
  for (const { width, cell } of columns) {
    const content = cell(row.cgroup, context);
    if ('text' in content) spans.push({ ...content, text: content.text.padStart(width) });
    else spans.push(...content);
  }
  return isSelected ? spans.map(({ text }) => span(text, 'selected')) : spans;
}

function nameCell(
  row: TreeRow,
  width: number,
  { g, victimOf }: Context,
  isSelected: boolean,
): Line {
  const { cgroup, depth, isFolded } = row;
  const name =
    depth === 0 ? '/ (machine)' : plain(cgroup.path.slice(cgroup.path.lastIndexOf('/') + 1));
  const mark = isFolded === null ? ' ' : isFolded ? g.folded : g.open;
  const indent = '  '.repeat(Math.max(0, Math.min(depth - 1, Math.floor(width / 4))));
  const isVictim = victimOf === cgroup.path;
  const lead = `${isSelected ? g.selected : isVictim ? g.kill : ' '}${indent}${mark} `;
  const group = !cgroup.oomGroup || depth === 0 ? '' : width < 24 ? ' [g]' : ' [group]';
  const text = keepEnd(`${name}${group}`, width - lead.length - 1, g.more);
  const style: Style | undefined = isVictim ? 'bad' : undefined;
  return fitted(line(span(lead, style), span(text, style)), width, g.more);
}

/** memory.max; where there is none memory.high, marked with an h. */
function limitText({ path, maxPages, highPages }: CgroupFrame): string {
  if (path === '/') return '';
  if (maxPages !== Infinity) return size(maxPages);
  return highPages === Infinity ? 'max' : `h${size(highPages)}`;
}

function usageBar(cgroup: CgroupFrame, { view, g }: Context): Line {
  const { maxPages, highPages, usagePages, path } = cgroup;
  const hasLimit = path !== '/' && Math.min(maxPages, highPages) !== Infinity;
  const limit = hasLimit ? Math.min(maxPages, highPages) : view.frame.machine.totalPages;
  const share = usagePages / Math.max(1, limit);
  const style: Style = !hasLimit ? 'info' : share >= 0.98 ? 'bad' : share >= 0.8 ? 'warn' : 'info';
  return [span(' '), ...bar(share, 8, g, style)];
}

function scoreCell({ score, path }: CgroupFrame, { topScore }: Context): Span {
  if (score === null) return span('-', 'dim');
  if (score < 0) return span('dying', 'warn');
  if (path !== '/' && score > 0 && score === topScore) return span(size(score), 'warn');
  return span(size(score));
}

function killsCell({ events, path }: CgroupFrame, { view, g }: Context): Span {
  const kills = path === '/' ? view.killsDone : events.oom_kill;
  return kills > 0 ? span(`${g.kill}${count(kills, 4)}`, 'bad') : span('0', 'dim');
}

function stallCell({ stalled }: CgroupFrame): Span {
  return stalled > 0 ? span(count(stalled), 'warn') : span('0', 'dim');
}

const TREND_POINTS = 10;
/** The time of one point is this part of the longest the run may take. */
const POINTS_A_RUN = 100;

/** Usage over the last tenth of the run, each point at a whole multiple of its step. */
function trendCell({ path, usagePages }: CgroupFrame, { view, g }: Context): Line {
  const stepNs = Math.max(1, Math.floor(view.facts.untilNs / POINTS_A_RUN));
  const lastStep = Math.floor(view.moment.timeNs / stepNs);
  const values: number[] = [];
  for (let step = lastStep - TREND_POINTS + 2; step <= lastStep; step++) {
    values.push(step < 0 ? 0 : usageAt(view.frames, step * stepNs, path));
  }
  values.push(usagePages);
  return [span(' '), span(sparkline(values, Math.max(...values), g.levels), 'info')];
}

function usageAt(frames: readonly Frame[], timeNs: number, path: string): number {
  let low = 0;
  let high = frames.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (frames[middle]!.timeNs <= timeNs) low = middle;
    else high = middle - 1;
  }
  const frame = frames[low];
  return frame === undefined ? 0 : (cgroupOf(frame, path)?.usagePages ?? 0);
}
