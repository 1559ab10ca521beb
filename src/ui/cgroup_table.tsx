import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { CgroupSnapshot } from '../kernel/snapshot.js';
import { COLORS } from './colors.js';
import { formatPages } from './sizes.js';

export interface CgroupTableProps {
  readonly cgroups: readonly CgroupSnapshot[];
  /** Rows for cgroups, besides the heading. */
  readonly rows: number;
  readonly columns: number;
}

const NUMBER_COLUMNS = 12 + 12 + 7 + 7;

/** The first cgroups in the order of the tree, one a row. */
export function CgroupTable({ cgroups, rows, columns }: CgroupTableProps): ReactNode {
  const pathWidth = Math.max(6, columns - NUMBER_COLUMNS);
  const hidden = cgroups.length > rows ? cgroups.length - rows + 1 : 0;
  const shown = cgroups.slice(0, cgroups.length - hidden);
  return (
    <>
      <Text bold wrap="truncate">
        {row(['cgroup', 'usage', 'limit', 'procs', 'killed'], pathWidth)}
      </Text>
      {shown.map((cgroup) => (
        <Text key={cgroup.path} wrap="truncate" {...colorOf(cgroup)}>
          {row(cellsOf(cgroup), pathWidth)}
        </Text>
      ))}
      {hidden > 0 && <Text dimColor>{`... and ${hidden} more`}</Text>}
    </>
  );
}

function cellsOf(cgroup: CgroupSnapshot): string[] {
  const { path, usagePages, maxPages, processes, events } = cgroup;
  const limit = path === '/' ? '' : formatPages(maxPages);
  return [path, formatPages(usagePages), limit, String(processes), String(events.oom_kill)];
}

function row(
  [path = '', usage = '', limit = '', processes = '', kills = '']: string[],
  width: number,
) {
  const shortPath = path.length > width ? `~${path.slice(1 - width)}` : path.padEnd(width);
  return (
    shortPath + usage.padStart(12) + limit.padStart(12) + processes.padStart(7) + kills.padStart(7)
  );
}

function colorOf({ events }: CgroupSnapshot): { color?: string } {
  return events.oom_kill > 0 ? { color: COLORS.vermilion } : {};
}
