/** Plots as SVG, the same from the same numbers. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Metric, titleOf } from '../metrics/definitions.js';
import type { Cell } from '../plan/types.js';
import { crossoversOf } from '../results/crossover.js';
import type { Summary } from '../results/summary.js';
import { comparedAt, comparedLevels } from './tables.js';

/** What is used of an element. */
interface SvgElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
}

const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'] as const;
/** Wide enough for three series; more facets make the plot wider than the page, which scrolls then. */
const WIDTH = 620;
const WIDTH_LARGE = 960;
const FACET_WIDTH = 260;
const POINTS_MAX = 1000;

interface Point {
  readonly x: number | string;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  /** The level of the factor that is compared. */
  readonly series: string;
  /** The levels of the factors that are neither compared nor the axis. */
  readonly facet: string;
}

/** One metric over all cells. */
export function chartOf(summary: Summary, metric: Metric, isLarge: boolean): string {
  const points = pointsOf(summary, metric);
  if (points.length === 0) return '';
  const { along, factors } = summary.plan.experiment;
  const axis = factors.find(({ name }) => name === along);
  const facets = facetsOf(summary);
  const width = Math.max(
    isLarge ? WIDTH_LARGE : WIDTH,
    facets.length > 1 ? facets.length * FACET_WIDTH : 0,
  );
  const levels = comparedLevels(summary);
  const marks = axis === undefined ? intervalMarks(points) : lineMarks(points, levels);
  const unit = axis?.unit ?? '';
  const { document } = parseHTML('<html></html>');
  const plot = Plot.plot({
    document: document as unknown as Document,
    className: 'plot',
    width,
    height: isLarge ? 380 : 280,
    marginLeft: 56,
    marginBottom: 44,
    x: {
      label: axis === undefined ? null : `${axis.name}${unit === '' ? '' : ` (${unit})`}`,
      ...(axis === undefined ? { type: 'band' as const } : {}),
    },
    y: { label: null, grid: true, nice: true, zero: true },
    fx: { label: null, ...(facets.length > 1 ? { domain: facets } : {}) },
    color: colorScale(summary),
    symbol: { domain: levels, range: [...SYMBOLS] },
    marks: [Plot.ruleY([0]), ...crossoverMarks(summary, metric), ...marks],
  }) as unknown as SvgElement; // the types of a browser's DOM are not at hand here
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', `${metric.id}: ${titleOf(metric)}`);
  return plot.outerHTML;
}

/** Colours are the style sheet's, for light and dark. */
function colorScale(summary: Summary): Plot.ScaleOptions {
  const domain = comparedLevels(summary);
  return { type: 'ordinal', domain, range: domain.map((_, index) => seriesColor(index)) };
}

export const seriesColor = (index: number): string => `var(--series-${index % SYMBOLS.length})`;

/** Lines that lie on one another are all seen. */
const DASHES = ['none', '9 5', '2 4', '12 4 2 4', '5 5', '1 6'] as const;

const channels = { x: 'x', fx: 'facet' };

function lineMarks(points: readonly Point[], levels: readonly string[]): Plot.Markish[] {
  const isFaceted = points.some(({ facet }) => facet !== '');
  const at = isFaceted ? channels : { x: 'x' };
  const known = points.filter(({ low }) => !Number.isNaN(low));
  const lines = levels.map((level, index) => {
    const line = points.filter(({ series }) => series === level);
    const strokeDasharray = DASHES[index % DASHES.length]!;
    return Plot.lineY(line, {
      ...at,
      y: 'y',
      z: 'series',
      stroke: 'series',
      strokeWidth: 2,
      strokeDasharray,
    });
  });
  return [
    Plot.areaY(known, {
      ...at,
      y1: 'low',
      y2: 'high',
      z: 'series',
      fill: 'series',
      fillOpacity: 0.18,
    }),
    ...lines,
    Plot.dot(points, { ...at, y: 'y', stroke: 'series', fill: 'series', symbol: 'series', r: 3 }),
  ];
}

/** Without an axis of numbers: one interval a level. */
function intervalMarks(points: readonly Point[]): Plot.Markish[] {
  const isFaceted = points.some(({ facet }) => facet !== '');
  const at = isFaceted ? channels : { x: 'x' };
  const known = points.filter(({ low }) => !Number.isNaN(low));
  return [
    Plot.ruleX(known, { ...at, y1: 'low', y2: 'high', stroke: 'series', strokeWidth: 3 }),
    Plot.dot(points, { ...at, y: 'y', stroke: 'series', fill: 'series', symbol: 'series', r: 5 }),
  ];
}

/** The value to pass, and where it is passed. */
function crossoverMarks(summary: Summary, metric: Metric): Plot.Markish[] {
  const { crossover } = summary.plan.experiment;
  if (crossover === null || crossover.metric !== metric.id) return [];
  const passed = crossoversOf(summary).filter(({ between }) => between !== null);
  const marks = passed.map(({ line, at }) => ({ x: at, facet: facetOf(summary, line.cells[0]!) }));
  const isFaceted = facetsOf(summary).length > 1;
  const faint = { stroke: 'currentColor', strokeOpacity: 0.5 };
  return [
    Plot.ruleY([crossover.value], { ...faint, strokeDasharray: '4 4' }),
    Plot.ruleX(marks, { ...(isFaceted ? channels : { x: 'x' }), ...faint, strokeDasharray: '2 4' }),
  ];
}

/** The levels of a cell that are neither compared nor on the axis. */
function facetOf(summary: Summary, cell: Cell): string {
  const { factors, along } = summary.plan.experiment;
  const compared = comparedAt(summary);
  return cell.levels
    .map(({ label }, at) => ({ label, name: factors[at]!.name, isSeries: at === compared }))
    .filter(({ name, isSeries }) => name !== along && !isSeries)
    .map(({ name, label }) => `${name} ${label}`)
    .join(', ');
}

/** All facets, in the order of the plan. */
function facetsOf(summary: Summary): string[] {
  return [...new Set(summary.plan.cells.map((cell) => facetOf(summary, cell)))];
}

function pointsOf(summary: Summary, metric: Metric): Point[] {
  const { factors, along } = summary.plan.experiment;
  const axis = factors.findIndex(({ name }) => name === along);
  const compared = comparedAt(summary);
  const points = summary.plan.cells.flatMap((cell): Point[] => {
    const interval = summary.estimates[cell.index]?.get(metric.id)?.interval;
    if (interval === undefined || Number.isNaN(interval.mean)) return [];
    const series = cell.levels[compared]?.label ?? '';
    return [
      {
        x: cell.levels[axis]?.number ?? series,
        y: interval.mean,
        low: interval.low,
        high: interval.high,
        series,
        facet: facetOf(summary, cell),
      },
    ];
  });
  const every = Math.ceil(points.length / POINTS_MAX);
  return points
    .filter((_, index) => index % every === 0)
    .sort((a, b) => (typeof a.x === 'number' && typeof b.x === 'number' ? a.x - b.x : 0));
}
