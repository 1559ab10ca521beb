/** `oomsim validate FILE`: is this a workload, and what is in it? */

import { loadPolicyOf } from '../run/policy/load.js';
import type { Workload } from '../workload/types.js';
import { formatSize, formatTime } from '../workload/units.js';
import { EXIT } from './exit_codes.js';
import { loadSource } from './load_source.js';
import { printResult } from './output.js';

/**
 * Checks a workload file, a shipped workload, or standard input (`-`).
 * @throws InputError with every problem found
 */
export async function runValidate(file: string): Promise<number> {
  const loaded = await loadSource(file);
  const { workload, hash } = loaded;
  await loadPolicyOf(loaded);
  printResult(`ok: ${describe(workload)}, sha256 ${hash.slice(0, 12)}\n`);
  return EXIT.ok;
}

function describe(workload: Workload): string {
  const { name, machine, processes, cgroups, events, kernel, policy, untilNs } = workload;
  const atStart = processes.reduce((sum, process) => sum + (process.top ? process.count : 0), 0);
  const parts = [
    `${counted(atStart, 'process', 'es')} in ${counted(cgroups.length, 'cgroup')}`,
    events.length === 0 ? '' : counted(events.length, 'event'),
    `${formatSize(machine.memoryBytes)} of memory`,
    machine.swapBytes === 0 ? 'no swap' : `${formatSize(machine.swapBytes)} of swap`,
    counted(machine.cpus, 'CPU'),
    `kernel ${kernel}`,
    `policy ${policy}`,
    `until ${formatTime(untilNs)}`,
  ];
  return `${name}: ${parts.filter((part) => part !== '').join(', ')}`;
}

function counted(count: number, noun: string, ending = 's'): string {
  return `${count} ${noun}${count === 1 ? '' : ending}`;
}
