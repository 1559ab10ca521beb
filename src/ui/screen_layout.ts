import { type Layout, layOut } from './layout.js';
import type { UiState } from './state/state.js';
import type { Glyphs } from './text/glyphs.js';
import { treeRows } from './tree_rows.js';
import type { View } from './view.js';

/** One screen: what is to be drawn, and on how much room. */
export interface Screen {
  readonly state: UiState;
  /** The run that is shown, or both of them side by side. */
  readonly views: readonly View[];
  readonly columns: number;
  readonly rows: number;
  readonly glyphs: Glyphs;
  readonly canCompare: boolean;
  /** Real seconds after which the dashboard closes if nobody touches it; null: it stays. */
  readonly closesIn: number | null;
}

/** Rows besides the panes: header, machine, timeline, keys. */
const FIXED_ROWS = 1 + 3 + 2 + 1;

/** Where the panes of a screen are. */
export function panesOf(view: View, { state, columns, rows }: Screen): Layout {
  return layOut({
    columns,
    rows: rows - FIXED_ROWS,
    focus: state.pane,
    treeRows: treeRows(view.frame, state).length + 2,
    logRows: view.log.length + 1,
  });
}

/** Rows of the pane that has the focus: how far a page scrolls. */
export function focusedRows(view: View, screen: Screen): number {
  const { pane } = screen.state;
  return panesOf(view, screen)[pane].rows - (pane === 'tree' ? 2 : 1);
}
