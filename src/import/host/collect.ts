import { InputError, printable } from '../../workload/problems.js';
import { readCgroups } from './cgroups.js';
import { FileTree } from './file_tree.js';
import { readMachine } from './machine.js';
import { readProcesses } from './processes.js';
import type { HostSnapshot } from './snapshot.js';

/**
 * Reads what a machine's /proc and cgroup tree say about memory.
 * @param root `/` is this machine; else a folder that holds another's proc/ and sys/
 * @throws InputError when there is no /proc/meminfo below it
 */
export function collectHost(root: string): HostSnapshot {
  const tree = new FileTree(root);
  const machine = readMachine(tree);
  if (machine === null) {
    throw new InputError(`${printable(root)}: no proc/meminfo in it to be read`);
  }
  const { version, cgroups } = readCgroups(tree);
  const { processes, gone, denied } = readProcesses(tree, version);
  return {
    machine: { ...machine, cgroups: version, processesGone: gone, processesDenied: denied },
    cgroups,
    processes,
  };
}
