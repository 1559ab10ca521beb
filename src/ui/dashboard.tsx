import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { type Area, COLUMNS_MIN, layOut, ROWS_MIN } from './layout.js';
import { Lines } from './lines.js';
import { detailLines, explainedKill } from './panels/detail.js';
import { footerLine } from './panels/footer.js';
import { headerLine } from './panels/header.js';
import { helpLines } from './panels/help.js';
import { logLines } from './panels/log.js';
import { machineLines } from './panels/machine.js';
import { timelineLines } from './panels/timeline.js';
import { treeLines } from './panels/tree.js';
import type { UiState } from './state/state.js';
import type { Glyphs } from './text/glyphs.js';
import { exactly, type Line, line, span } from './text/line.js';
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

/** Rows of the pane that has the focus: how far a page scrolls. */
export function focusedRows(screen: Screen): number {
  const [view] = screen.views;
  if (view === undefined) return 0;
  return areasOf(view, screen)[screen.state.pane].rows - (screen.state.pane === 'tree' ? 2 : 1);
}

function areasOf(view: View, { state, columns, rows }: Screen) {
  return layOut({
    columns,
    rows: rows - FIXED_ROWS,
    focus: state.pane,
    treeRows: treeRows(view.frame, state).length + 2,
  });
}

/** One frame, as high and as wide as the terminal. */
export function Dashboard(screen: Screen): ReactNode {
  const { columns, rows, state, views, glyphs } = screen;
  const [view] = views;
  if (columns < COLUMNS_MIN || rows < ROWS_MIN) return <TooSmall {...screen} />;
  if (view === undefined) return <Text>starting</Text>;
  if (state.isHelp) {
    const help = helpLines(view.facts, { width: columns, rows: rows - 1 }, glyphs);
    const footer = footerLine(view, state, screen, columns, glyphs);
    return <Lines lines={[...exactly(help, rows - 1), footer]} width={columns} />;
  }
  return <OneRun {...screen} view={view} />;
}

function OneRun(screen: Screen & { readonly view: View }): ReactNode {
  const { view, state, columns, glyphs } = screen;
  const areas = areasOf(view, screen);
  const victimOf = explainedKill(view, state)?.kill.cgroup ?? null;
  const tree = treeLines(view, state, areas.tree, glyphs, victimOf);
  const detail = detailLines(view, state, areas.detail, glyphs);
  const log = logLines(view, state, areas.log, glyphs);
  return (
    <Box flexDirection="column" width={columns}>
      <Lines
        lines={[headerLine(view, state, columns, glyphs), ...machineLines(view, columns, glyphs)]}
        width={columns}
      />
      {areas.isWide ? (
        <Box>
          <Box flexDirection="column" flexShrink={0}>
            <Panel lines={tree} area={areas.tree} />
            <Panel lines={log} area={areas.log} />
          </Box>
          <Lines lines={divider(areas.detail.rows, glyphs)} width={1} />
          <Panel lines={detail} area={areas.detail} />
        </Box>
      ) : (
        <>
          <Panel lines={tree} area={areas.tree} />
          <Panel lines={detail} area={areas.detail} />
          <Panel lines={log} area={areas.log} />
        </>
      )}
      <Lines
        lines={[
          ...timelineLines(view, columns, glyphs),
          footerLine(view, state, screen, columns, glyphs),
        ]}
        width={columns}
      />
    </Box>
  );
}

function Panel({ lines, area }: { lines: readonly Line[]; area: Area }): ReactNode {
  return <Lines lines={exactly(lines, area.rows)} width={area.width} />;
}

function divider(rows: number, glyphs: Glyphs): Line[] {
  return Array.from({ length: rows }, () => line(span(glyphs.vertical, 'dim')));
}

function TooSmall({ columns, rows, glyphs }: Screen): ReactNode {
  const words = [
    `The dashboard needs ${COLUMNS_MIN}${glyphs.times}${ROWS_MIN},`,
    `this terminal has ${columns}${glyphs.times}${rows}.`,
    'Make it larger, or q to quit.',
  ];
  const lines = words.map((text) => line(text)).slice(0, Math.max(1, rows));
  return <Lines lines={lines} width={Math.max(1, columns)} />;
}
