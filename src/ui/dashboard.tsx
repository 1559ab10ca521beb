import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { type Area, COLUMNS_MIN, ROWS_MIN } from './layout.js';
import { Lines } from './lines.js';
import { detailLines, explainedKill } from './panels/detail.js';
import { footerLine } from './panels/footer.js';
import { headerLine } from './panels/header.js';
import { helpLines } from './panels/help.js';
import { killListLines } from './panels/kill_list.js';
import { logLines } from './panels/log.js';
import { machineLines, narrowMachineLines } from './panels/machine.js';
import { killsLine, timelineLines } from './panels/timeline.js';
import { titleLine } from './panels/title.js';
import { treeLines } from './panels/tree.js';
import { panesOf, type Screen } from './screen_layout.js';
import type { UiState } from './state/state.js';
import type { Glyphs } from './text/glyphs.js';
import { exactly, type Line, line, plain, span } from './text/line.js';
import { instant } from './text/units.js';
import { treeRows } from './tree_rows.js';
import { isAtEnd, type View } from './view.js';

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
  const [, other] = views;
  if (other === undefined) return <OneRun {...screen} view={view} />;
  return <TwoRuns {...screen} first={view} second={other} />;
}

function OneRun(screen: Screen & { readonly view: View }): ReactNode {
  const { view, state, columns, glyphs } = screen;
  const areas = panesOf(view, screen);
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

/** Rows besides the two runs: header, a line of kills each, keys. */
const FIXED_ROWS_OF_TWO = 4;

/** Both runs at the same time of the same seed: what differs is the policy. */
function TwoRuns(screen: Screen & { readonly first: View; readonly second: View }): ReactNode {
  const { first, second, state, columns, rows, glyphs } = screen;
  const left = { width: Math.floor((columns - 1) / 2), rows: rows - FIXED_ROWS_OF_TWO };
  const right = { width: columns - 1 - left.width, rows: left.rows };
  const endNs = Math.max(...[first, second].map(endOf));
  return (
    <Box flexDirection="column" width={columns}>
      <Lines lines={[headerLine(first, state, columns, glyphs)]} width={columns} />
      <Box>
        <Panel lines={sideLines(first, state, left, glyphs)} area={left} />
        <Lines lines={divider(left.rows, glyphs)} width={1} />
        <Panel lines={sideLines(second, state, right, glyphs)} area={right} />
      </Box>
      <Lines
        lines={[
          killsLine(first, endNs, columns, glyphs),
          killsLine(second, endNs, columns, glyphs),
          footerLine(first, state, screen, columns, glyphs),
        ]}
        width={columns}
      />
    </Box>
  );
}

const endOf = ({ endedBy, facts, frontNs }: View): number =>
  Math.max(1, endedBy === null ? facts.untilNs : frontNs);

/** One of two runs: its machine, its cgroups, and who died. */
function sideLines(view: View, state: UiState, { width, rows }: Area, glyphs: Glyphs): Line[] {
  const title = {
    key: '',
    text: `policy ${plain(view.facts.policy)}`,
    right: isAtEnd(view) ? `ended at ${instant(view.frontNs)}` : '',
    isFocused: false,
  };
  const treeRoom = Math.min(treeRows(view.frame, state).length + 2, Math.floor(rows / 2));
  const victimOf = explainedKill(view, { ...state, detail: 'auto' })?.kill.cgroup ?? null;
  const tree = treeLines(view, state, { width, rows: treeRoom }, glyphs, victimOf);
  const above = [
    titleLine(title, width, glyphs),
    ...narrowMachineLines(view, width, glyphs),
    ...tree,
  ];
  return [...above, ...killListLines(view, { width, rows: rows - above.length }, glyphs)];
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
