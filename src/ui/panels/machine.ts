import type { MachineSnapshot } from '../../kernel/snapshot.js';
import type { Frame } from '../../record/frames.js';
import { bar, columnsOf, stackedBar } from '../text/bars.js';
import type { Glyphs } from '../text/glyphs.js';
import {
  fitted,
  type Line,
  line,
  plain,
  type Span,
  type Style,
  span,
  widthOf,
} from '../text/line.js';
import { duration, percent, size } from '../text/units.js';
import type { View } from '../view.js';

/** Three rows: what memory is used for, how much is free against the watermarks, who waits for whom. */
export function machineLines(view: View, width: number, g: Glyphs): Line[] {
  return [
    memoryLine(view.frame, width, g),
    freeLine(view.frame.machine, width, g),
    activityLine(view, width, g),
  ].map((row) => fitted(row, width, g.more));
}

/** The first two of them where there is room for no more. */
export function narrowMachineLines({ frame }: View, width: number, g: Glyphs): Line[] {
  const free = freeSpans(watermarksOf(frame.machine));
  const { style } = scarcity(watermarksOf(frame.machine));
  const gaugeWidth = Math.max(0, width - 'FREE '.length - widthOf(free));
  const drawn = gauge(watermarksOf(frame.machine), gaugeWidth, style, g);
  const rows = [memoryLine(frame, width, g), [span('FREE ', 'strong'), ...drawn, ...free]];
  return rows.map((row) => fitted(row, width, g.more));
}

interface Kind {
  readonly name: string;
  readonly pages: number;
  readonly glyph: string;
  readonly style: Style;
}

function kindsOf({ cgroups, machine }: Frame, g: Glyphs): Kind[] {
  const root = cgroups[0];
  if (root === undefined) return [];
  const kernel =
    root.slabPages + root.kernelStackPages + root.pgtablesPages + root.sockPages + root.pipePages;
  const known = root.anonPages + root.filePages + root.shmemPages + kernel;
  const used = machine.totalPages - machine.freePages;
  return [
    { name: 'anon', pages: root.anonPages, glyph: g.anon, style: 'info' },
    { name: 'file', pages: root.filePages, glyph: g.file, style: 'good' },
    { name: 'shmem', pages: root.shmemPages, glyph: g.shmem, style: 'purple' },
    { name: 'kern', pages: kernel, glyph: g.kernel, style: 'warn' },
    { name: 'other', pages: Math.max(0, used - known), glyph: g.other, style: 'dim' },
  ];
}

const BAR_WIDTH_MIN = 16;

function memoryLine(frame: Frame, width: number, g: Glyphs): Line {
  const { totalPages, freePages } = frame.machine;
  const kinds = kindsOf(frame, g);
  const amounts = ` ${size(totalPages - freePages).padStart(6)} of ${size(totalPages)}`;
  // The legend is cut first to what there is, then to what has room.
  const legend: Span[] = [];
  let room = width - 'MEM  '.length - amounts.length - BAR_WIDTH_MIN;
  for (const { name, pages, glyph, style } of kinds) {
    const text = `${name} ${size(pages).padStart(6)}`;
    if (room < text.length + 2) break;
    if (name === 'shmem' && pages === 0 && width < 120) continue;
    legend.push(span(' '), span(glyph, style), span(text));
    room -= text.length + 2;
  }
  const barWidth = Math.max(0, width - 'MEM  '.length - amounts.length - widthOf(legend));
  const parts = kinds.map(({ pages, glyph, style }) => ({ amount: pages, glyph, style }));
  const drawn = stackedBar(parts, totalPages, barWidth, g.empty);
  return [span('MEM  ', 'strong'), ...drawn, span(amounts), ...legend];
}

interface Watermarks {
  readonly free: number;
  readonly min: number;
  readonly low: number;
  readonly high: number;
}

function watermarksOf({ zones, freePages }: MachineSnapshot): Watermarks {
  const sum = { free: freePages, min: 0, low: 0, high: 0 };
  for (const zone of zones) {
    sum.min += zone.minPages;
    sum.low += zone.lowPages;
    sum.high += zone.highPages;
  }
  return sum;
}

const GAUGE_WIDTH_MIN = 12;
const GAUGE_WIDTH_MAX = 60;

/** Free memory on a scale of its own: the watermarks are a hundredth of the memory. */
function freeLine(machine: MachineSnapshot, width: number, g: Glyphs): Line {
  const marks = watermarksOf(machine);
  const { style } = scarcity(marks);
  const swap = swapSpans(machine, g);
  const free = freeSpans(marks);
  const limits = line(`  min ${size(marks.min)} low ${size(marks.low)} high ${size(marks.high)}`);
  const room = width - 'FREE '.length - widthOf(free) - widthOf(swap) - 3 - GAUGE_WIDTH_MIN;
  const text = widthOf(limits) <= room ? [...free, ...limits] : free;
  const gaugeWidth = width - 'FREE '.length - widthOf(text) - widthOf(swap) - 3;
  return [
    span('FREE ', 'strong'),
    ...gauge(marks, Math.min(gaugeWidth, GAUGE_WIDTH_MAX), style, g),
    ...text,
    span('   '),
    ...swap,
  ];
}

function freeSpans(marks: Watermarks): Line {
  const { words, style } = scarcity(marks);
  return line(` ${size(marks.free).padStart(6)} `, span(words.padEnd(10), style));
}

function scarcity({ free, min, low, high }: Watermarks): { words: string; style: Style } {
  if (free <= min) return { words: 'below min', style: 'bad' };
  if (free <= low) return { words: 'below low', style: 'warn' };
  if (free <= high) return { words: 'below high', style: 'warn' };
  return { words: 'enough', style: 'good' };
}

/** m, l and h stand where free memory would be at a watermark; the scale ends at twice the highest. */
function gauge(marks: Watermarks, width: number, style: Style, g: Glyphs): Line {
  const scale = Math.max(1, 2 * marks.high);
  const cells: Span[] = [];
  const full = columnsOf(marks.free / scale, width);
  if (width === 0) return cells;
  for (let i = 0; i < width; i++) {
    cells.push(i < full ? span(g.full, style) : span(g.empty, 'dim'));
  }
  for (const [pages, letter] of [
    [marks.high, 'h'],
    [marks.low, 'l'],
    [marks.min, 'm'],
  ] as const) {
    const at = Math.min(width - 1, Math.round((pages / scale) * width));
    cells[at] = span(letter, 'strong');
  }
  return cells;
}

function swapSpans({ swapTotalPages, swapFreePages }: MachineSnapshot, g: Glyphs): Line {
  if (swapTotalPages === 0) return line(span('SWAP', 'strong'), ' none');
  const used = swapTotalPages - swapFreePages;
  const drawn = bar(used / swapTotalPages, 8, g, 'purple');
  return line(
    span('SWAP ', 'strong'),
    ...drawn,
    ` ${size(used).padStart(6)} of ${size(swapTotalPages)}`,
  );
}

/** Who waits for memory, who holds the lock that all killing needs, what kswapd and the reaper do. */
function activityLine(view: View, width: number, g: Glyphs): Line {
  const { machine, cgroups, allocFailures } = view.frame;
  const root = cgroups[0];
  const stalled = root?.stalled ?? 0;
  const threads = root?.states.reduce((sum, n) => sum + n, 0) ?? 0;
  const parts: (Span | string)[] = [
    span('STALL', 'strong'),
    span(` ${`${stalled}/${threads}`.padStart(7)} tasks`, stalled > 0 ? 'warn' : undefined),
  ];
  if (root !== undefined && (root.psi.someTotalNs > 0 || view.facts.kernel >= '4.20')) {
    parts.push(` psi ${percent(root.psi.someAvg10)}/${percent(root.psi.fullAvg10)}`);
  }
  parts.push('  ', span('kswapd', 'strong'), ` ${KSWAPD[machine.kswapd] ?? machine.kswapd}`);
  parts.push('  ', span('oom_lock', 'strong'), ...lockSpans(view));
  parts.push('  ', span('reaper', 'strong'), ...reaperSpans(view, g));
  if (allocFailures > 0 && width >= 100) {
    parts.push('  ', span(`${allocFailures} failed allocations`, 'bad'));
  }
  return line(...parts);
}

const KSWAPD: Readonly<Record<string, string>> = {
  R: 'reclaims',
  S: 'sleeps  ',
  D: 'waits   ',
};

function nameOf(view: View, pid: number): string {
  const task = view.frame.tasks.find((other) => other.pid === pid);
  const comm = task?.comm ?? view.kills.find(({ kill }) => kill.pid === pid)?.kill.comm;
  return comm === undefined ? String(pid) : `${plain(comm)} (${pid})`;
}

function lockSpans(view: View): Span[] {
  const pid = view.frame.machine.oomLockHolderPid;
  return pid === 0 ? [span(' free')] : [span(` ${nameOf(view, pid)}`, 'warn')];
}

/** What the reaper does, and for how long its victim has been waiting. */
function reaperSpans(view: View, g: Glyphs): Span[] {
  const { machine, timeNs } = view.frame;
  const { pid } = machine.reaper;
  if (pid === 0) return [span(' sleeps')];
  const story = view.kills.slice(0, view.killsDone).findLast(({ kill }) => kill.pid === pid);
  const began = story?.reapingNs ?? null;
  const isReaping = began !== null && began <= timeNs;
  const since = isReaping ? began : (story?.timeNs ?? null);
  const time = since === null ? '' : `, ${duration(timeNs - since, g.micro)}`;
  if (isReaping) return [span(` reaps ${nameOf(view, pid)}${time}`, 'warn')];
  const cause = machine.oomLockHolderPid === 0 ? 'for a CPU' : 'for oom_lock';
  return [span(` waits ${cause} to reap ${nameOf(view, pid)}${time}`, 'bad')];
}
