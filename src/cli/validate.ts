/** `oomsim validate FILE`: is this a workload, and what is in it? */

import { loadPolicyOf } from '../run/policy/load.js';
import { InputError } from '../workload/problems.js';
import type { Workload } from '../workload/types.js';
import { formatSize, formatTime } from '../workload/units.js';
import { loadSource } from './load_source.js';

/**
 * Checks a workload file, a shipped workload, or standard input (`-`).
 * @returns the exit code: 0, or 2 with the problems on stderr
 */
export async function runValidate(file: string): Promise<number> {
  try {
    const loaded = await loadSource(file);
    const { workload, hash } = loaded;
    await loadPolicyOf(loaded);
    process.stdout.write(`ok: ${describe(workload)}, sha256 ${hash.slice(0, 12)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
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
