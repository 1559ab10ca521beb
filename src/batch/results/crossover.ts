/** Where a metric passes a value as a factor of numbers grows. */
import type { Factor, Level } from '../experiment/types.js';
import type { Cell } from '../plan/types.js';
import type { Summary } from './summary.js';

/** One line of cells along the axis: all other levels are the same. */
export interface Line {
  /** The levels that they share, with their factors. */
  readonly shared: readonly { readonly factor: Factor; readonly level: Level }[];
  /** In the order of the axis' numbers. */
  readonly cells: readonly Cell[];
}

export interface Crossover {
  readonly line: Line;
  /** The two levels between which it passes, and where by linear interpolation; null if it does not. */
  readonly between: readonly [Level, Level] | null;
  readonly at: number;
  readonly direction:
    | 'rises above'
    | 'falls below'
    | 'stays above'
    | 'stays below'
    | 'has no value';
  /** Whether it passes the value again further on. */
  readonly again: boolean;
}

/** All lines along a factor, in the order of the plan. */
export function linesAlong(
  cells: readonly Cell[],
  factors: readonly Factor[],
  along: string,
): Line[] {
  const axis = factors.findIndex(({ name }) => name === along);
  const lines = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = cell.levels.map(({ label }, at) => (at === axis ? '' : label)).join('\n');
    const line = lines.get(key) ?? [];
    line.push(cell);
    lines.set(key, line);
  }
  return [...lines.values()].map((line) => ({
    shared: factors
      .map((factor, at) => ({ factor, level: line[0]!.levels[at]! }))
      .filter((_, at) => at !== axis),
    cells: line.toSorted((a, b) => numberAt(a, axis) - numberAt(b, axis)),
  }));
}

const numberAt = (cell: Cell, axis: number): number => cell.levels[axis]!.number ?? 0;

/** The crossovers that the experiment asks for; none if it does not. */
export function crossoversOf({ plan, estimates }: Summary): Crossover[] {
  const { crossover, along, factors } = plan.experiment;
  if (crossover === null || along === null) return [];
  const axis = factors.findIndex(({ name }) => name === along);
  return linesAlong(plan.cells, factors, along).map((line) => {
    const points = line.cells.flatMap((cell) => {
      const mean = estimates[cell.index]?.get(crossover.metric)?.interval.mean ?? Number.NaN;
      return Number.isNaN(mean)
        ? []
        : [{ level: cell.levels[axis]!, above: mean - crossover.value }];
    });
    return { line, ...passage(points) };
  });
}

interface Point {
  readonly level: Level;
  /** How far the metric is above the value. */
  readonly above: number;
}

/** The first place where the sign changes; exactly on the value counts as above. */
export function passage(points: readonly Point[]): Omit<Crossover, 'line'> {
  const nowhere = { between: null, at: Number.NaN, again: false };
  const first = points[0];
  if (first === undefined) return { ...nowhere, direction: 'has no value' };
  const changes = points
    .slice(1)
    .map((point, index) => [points[index]!, point] as const)
    .filter(([before, after]) => before.above >= 0 !== after.above >= 0);
  const [change] = changes;
  if (change === undefined) {
    return { ...nowhere, direction: first.above >= 0 ? 'stays above' : 'stays below' };
  }
  const [before, after] = change;
  const [from, to] = [before.level.number ?? 0, after.level.number ?? 0];
  const at = from + ((to - from) * -before.above) / (after.above - before.above);
  const direction = before.above >= 0 ? 'falls below' : 'rises above';
  return { between: [before.level, after.level], at, direction, again: changes.length > 1 };
}
