import type { Summary } from '../results/summary.js';
import { intervalText, pText, shortNumber } from './numbers.js';
import type { Table } from './tables.js';

/** Every tested difference, one a row. */
export function differenceTable({ plan, metrics, estimates }: Summary): Table {
  const { factors } = plan.experiment;
  const rows = metrics.flatMap(({ id }) =>
    plan.cells.flatMap((cell) => {
      const compared = estimates[cell.index]?.get(id)?.compared ?? null;
      if (compared === null) return [];
      const { difference, dz, dominance, pHolm, verdict, pairs } = compared;
      return [
        [
          id,
          ...cell.levels.map(({ label }) => label),
          String(pairs),
          intervalText(difference),
          shortNumber(dz),
          shortNumber(dominance),
          pText(pHolm),
          verdict,
        ],
      ];
    }),
  );
  const head = ['metric', ...factors.map(({ name }) => name)];
  const numbers = ['pairs', 'difference', 'd_z', 'dominance', 'adjusted p', 'verdict'];
  return { title: '', head: [...head, ...numbers], rows, names: head.length };
}
