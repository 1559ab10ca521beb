import { Text } from 'ink';
import type { ReactNode } from 'react';
import type { MachineSnapshot, ZoneSnapshot } from '../kernel/snapshot.js';
import { COLORS } from './colors.js';
import { bar, formatPages } from './sizes.js';

export interface MachinePanelProps {
  readonly machine: MachineSnapshot;
  readonly columns: number;
}

/** Two rows: how full memory is, and where the free pages stand against the watermarks. */
export function MachinePanel({ machine, columns }: MachinePanelProps): ReactNode {
  const { totalPages, freePages, swapTotalPages, swapFreePages, kills } = machine;
  const usedPages = totalPages - freePages;
  const amounts = `${formatPages(usedPages)} of ${formatPages(totalPages)}`;
  const pressure = pressureOf(machine.zones);
  const width = Math.max(0, columns - amounts.length - 'memory [] '.length);
  const swapUsed = formatPages(swapTotalPages - swapFreePages);
  const swap = swapTotalPages === 0 ? 'no swap' : `swap ${swapUsed} used`;
  return (
    <>
      <Text wrap="truncate">
        {'memory ['}
        <Text color={pressure.color}>{bar(usedPages / totalPages, width)}</Text>
        {`] ${amounts}`}
      </Text>
      <Text wrap="truncate">
        {`free ${formatPages(freePages)}, `}
        <Text color={pressure.color}>{pressure.words}</Text>
        {`  ${swap}  ${kills} killed${oomWords(machine)}`}
      </Text>
    </>
  );
}

/** How scarce memory is, in the terms of the zone watermarks. */
function pressureOf(zones: readonly ZoneSnapshot[]): { words: string; color: string } {
  const sum = (pages: (zone: ZoneSnapshot) => number): number =>
    zones.reduce((total, zone) => total + pages(zone), 0);
  const free = sum((zone) => zone.freePages);
  const min = sum((zone) => zone.minPages);
  const low = sum((zone) => zone.lowPages);
  const high = sum((zone) => zone.highPages);
  if (free <= min) return { words: `below min ${formatPages(min)}`, color: COLORS.vermilion };
  if (free <= low) return { words: `below low ${formatPages(low)}`, color: COLORS.orange };
  if (free <= high) return { words: `below high ${formatPages(high)}`, color: COLORS.orange };
  return { words: `above high ${formatPages(high)}`, color: COLORS.green };
}

function oomWords({ oomLockHolderPid, reaper }: MachineSnapshot): string {
  const lock = oomLockHolderPid === 0 ? '' : `  oom_lock: ${oomLockHolderPid}`;
  const reaping = reaper.pid === 0 ? '' : `  reaping: ${reaper.pid}`;
  return lock + reaping;
}
