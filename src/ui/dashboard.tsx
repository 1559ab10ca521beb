import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { formatCount, formatSeconds } from '../run/summary.js';
import { CgroupTable } from './cgroup_table.js';
import { COLORS } from './colors.js';
import { MachinePanel } from './machine_panel.js';
import type { DashboardView } from './view.js';

export interface DashboardProps {
  readonly view: DashboardView;
  /** The terminal's size. */
  readonly columns: number;
  readonly rows: number;
}

/** Rows that are not of the cgroup table or the log: header, machine, titles, gaps, footer. */
const FIXED_ROWS = 10;
const LOG_ROWS_MIN = 3;

/** One frame. Never as high as the terminal: a full screen would scroll, and flicker for it. */
export function Dashboard({ view, columns, rows }: DashboardProps): ReactNode {
  const free = Math.max(2, rows - 1 - FIXED_ROWS);
  const cgroupRows = Math.min(view.cgroups.length, Math.max(1, free - LOG_ROWS_MIN));
  const logRows = Math.max(1, free - cgroupRows);
  return (
    <Box width={columns} height={rows - 1} overflow="hidden">
      <Box flexDirection="column" flexShrink={0} width={columns}>
        <Header view={view} />
        <Gap />
        <MachinePanel machine={view.machine} columns={columns} />
        <Gap />
        <CgroupTable cgroups={view.cgroups} rows={cgroupRows} columns={columns} />
        <Gap />
        <KernelLog lines={view.log} rows={logRows} />
        <Footer token={view.token} />
      </Box>
    </Box>
  );
}

function Header({ view }: { view: DashboardView }): ReactNode {
  const { workload, kernel, policy, seed, timeNs, untilNs, events, state } = view;
  return (
    <>
      <Text wrap="truncate">
        <Text bold>{workload}</Text>
        {`  kernel ${kernel}  policy ${policy}  seed ${seed}`}
      </Text>
      <Text wrap="truncate">
        <Text color={COLORS.blue}>{formatSeconds(timeNs)}</Text>
        {` of ${formatSeconds(untilNs)}  ${state}  ${formatCount(events)} events`}
      </Text>
    </>
  );
}

function KernelLog({ lines, rows }: { lines: readonly string[]; rows: number }): ReactNode {
  return (
    <Box flexDirection="column" height={rows + 1}>
      <Text bold>Kernel log</Text>
      {lines.slice(-rows).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its place
        <Text key={index} wrap="truncate">
          {line}
        </Text>
      ))}
    </Box>
  );
}

function Footer({ token }: { token: string }): ReactNode {
  return (
    <Text wrap="truncate" dimColor>
      {`q quit   ${token}`}
    </Text>
  );
}

function Gap(): ReactNode {
  return <Text> </Text>;
}
