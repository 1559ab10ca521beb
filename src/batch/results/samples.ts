/** The rows of runs.csv, a block at a time. */
import type { Block, Cell, Plan } from '../plan/types.js';
import type { ResultStore, RunRow } from './store.js';

/** What is known of a cell. */
export interface CellSamples {
  readonly cell: Cell;
  /** Numbers of the runs that have values, ascending. */
  readonly runs: readonly number[];
  readonly failed: readonly RunRow[];
  /** Values of a metric by its column, one a run of `runs`. */
  column(at: number): Float64Array;
}

export interface BlockSamples {
  readonly block: Block;
  readonly cells: readonly CellSamples[];
}

/**
 * Reads the sorted runs.csv once, with the rows of one block in memory.
 * @param targetOf how many runs of a cell count: those beyond are of an experiment with more of them
 */
export function* blockSamples(
  plan: Plan,
  store: ResultStore,
  targetOf: (cell: number) => number,
): Generator<BlockSamples> {
  const rows = store.rows();
  let row = rows.next();
  for (const block of plan.blocks) {
    const cells = block.cells.map((cell) => {
      const own: RunRow[] = [];
      for (; row.done !== true && row.value.cell === cell.index; row = rows.next()) {
        if (row.value.run <= targetOf(cell.index)) own.push(row.value);
      }
      return samplesOf(cell, own);
    });
    yield { block, cells };
  }
}

function samplesOf(cell: Cell, rows: readonly RunRow[]): CellSamples {
  const played = rows.filter(({ status }) => status !== 'failed');
  return {
    cell,
    runs: played.map(({ run }) => run),
    failed: rows.filter(({ status }) => status === 'failed'),
    column: (at) => Float64Array.from(played, ({ values }) => values[at]!),
  };
}
