import type { Pane } from './state/state.js';

export const COLUMNS_MIN = 80;
export const ROWS_MIN = 24;
/** From here on the details stand beside the cgroups. */
const WIDE_COLUMNS = 140;

export interface Area {
  readonly width: number;
  readonly rows: number;
}

/** Where the three panes go, between header and machine above and timeline and keys below. */
export interface Layout {
  readonly isWide: boolean;
  readonly tree: Area;
  readonly detail: Area;
  readonly log: Area;
}

export interface LayoutWish {
  readonly columns: number;
  /** For the three panes together. */
  readonly rows: number;
  readonly focus: Pane;
  /** What the tree would need to show all of its rows, title and heading included. */
  readonly treeRows: number;
  /** What the log would need at the end of the run. */
  readonly logRows: number;
}

/** Shares of the height where the panes are on top of each other, [tree, detail, log]. */
const SHARES: Readonly<Record<Pane, readonly [number, number, number]>> = {
  tree: [0.4, 0.38, 0.22],
  detail: [0.25, 0.6, 0.15],
  log: [0.25, 0.25, 0.5],
};
const PANE_ROWS_MIN = 3;
/** Title, heading, and four cgroups. */
const TREE_ROWS_MIN = 6;

/** Gives the rows to the panes: the one with the focus gets most, the tree and the log never more than they need. */
export function layOut(wish: LayoutWish): Layout {
  return wish.columns >= WIDE_COLUMNS ? sideBySide(wish) : stacked(wish);
}

function stacked({ columns, rows, focus, treeRows, logRows }: LayoutWish): Layout {
  const [treeShare, , logShare] = SHARES[focus];
  const tree = Math.min(treeRows, Math.max(TREE_ROWS_MIN, Math.round(rows * treeShare)));
  const log = Math.min(Math.max(2, logRows), Math.max(PANE_ROWS_MIN, Math.round(rows * logShare)));
  return {
    isWide: false,
    tree: { width: columns, rows: tree },
    detail: { width: columns, rows: Math.max(0, rows - tree - log) },
    log: { width: columns, rows: log },
  };
}

/** Cgroups and log on the left, the details in all of the height on the right. */
function sideBySide({ columns, rows, focus, treeRows }: LayoutWish): Layout {
  const left = Math.floor(columns * (focus === 'detail' ? 0.45 : 0.5));
  const share = focus === 'log' ? 0.3 : 0.65;
  const tree = Math.max(PANE_ROWS_MIN, Math.min(treeRows, Math.round(rows * share)));
  return {
    isWide: true,
    tree: { width: left, rows: tree },
    detail: { width: columns - left - 1, rows },
    log: { width: left, rows: rows - tree },
  };
}
