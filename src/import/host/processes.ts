/** Processes: /proc/PID/status, oom_score_adj, oom_score and cgroup, which everybody may read. */
import type { FileTree } from './file_tree.js';
import { kilobytes } from './machine.js';
import type { HostMachine, HostProcess } from './snapshot.js';

/** Processes, and how many could not be read. */
export interface Processes {
  readonly processes: readonly HostProcess[];
  readonly gone: number;
  readonly denied: number;
}

const CAP_SYS_ADMIN = 21n;
const PROCESSES_MAX = 50_000;

/** Reads all processes that have memory of their own, by pid. */
export function readProcesses(tree: FileTree, cgroups: HostMachine['cgroups']): Processes {
  const pids = tree.names('proc', 'folders').filter((name) => /^[1-9]\d{0,9}$/.test(name));
  const processes: HostProcess[] = [];
  let gone = 0;
  let denied = 0;
  for (const pid of pids
    .map(Number)
    .sort((a, b) => a - b)
    .slice(0, PROCESSES_MAX)) {
    const status = tree.read(`proc/${pid}/status`);
    if (status.text === null) {
      if (status.why === 'gone') gone++;
      else denied++;
    } else {
      const read = readProcess(tree, pid, status.text, cgroups);
      if (read === 'gone') gone++;
      else if (read !== null) processes.push(read);
    }
  }
  return { processes, gone, denied };
}

/** null: a kernel thread or a zombie, which have no memory. */
function readProcess(
  tree: FileTree,
  pid: number,
  status: string,
  cgroups: HostMachine['cgroups'],
): HostProcess | 'gone' | null {
  const sizes = kilobytes(status);
  if (!sizes.has('VmSize') && !sizes.has('VmRSS')) return null;
  const adj = tree.read(`proc/${pid}/oom_score_adj`);
  // It may have ended since; then nothing of it is taken.
  if (adj.text === null) return 'gone';
  const bytes = (key: string): number => (sizes.get(key) ?? 0) * 1024;
  const rss = bytes('VmRSS');
  // Before 4.5 only the sum is printed.
  const split = sizes.has('RssAnon');
  return {
    pid,
    comm: nameIn(status),
    uid: Number(/^Uid:\s+(\d{1,10})/m.exec(status)?.[1] ?? 0),
    cgroup: cgroupOf(tree.text(`proc/${pid}/cgroup`), cgroups),
    oomScoreAdj: clamp(Number(adj.text.trim()) || 0),
    oomScore: scoreOf(tree.text(`proc/${pid}/oom_score`)),
    vmBytes: bytes('VmSize'),
    anonBytes: split ? bytes('RssAnon') : rss,
    fileBytes: bytes('RssFile'),
    shmemBytes: bytes('RssShmem'),
    swapBytes: bytes('VmSwap'),
    pgtablesBytes: bytes('VmPTE') + bytes('VmPMD'),
    capSysAdmin: hasSysAdmin(status),
  };
}

/** status escapes backslashes and newlines. */
function nameIn(status: string): string {
  const name = /^Name:\t(.{0,64})$/m.exec(status)?.[1] ?? '';
  return name.replaceAll(/\\(?:([\\n])|([0-7]{3}))/g, (whole, letter: string, octal: string) => {
    if (letter === 'n') return '\n';
    return letter === '\\' ? '\\' : octal ? String.fromCharCode(Number.parseInt(octal, 8)) : whole;
  });
}

function clamp(adj: number): number {
  return Math.max(-1000, Math.min(1000, Math.trunc(adj)));
}

function scoreOf(text: string): number | null {
  return /^-?\d{1,10}$/.test(text.trim()) ? Number(text.trim()) : null;
}

function hasSysAdmin(status: string): boolean {
  const hex = /^CapEff:\t([0-9a-f]{1,16})$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${hex}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}

/** The process's path in the hierarchy that has the memory controller. */
function cgroupOf(text: string, cgroups: HostMachine['cgroups']): string {
  const line = cgroups === 'v1' ? /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(.*)$/m : /^0::(.*)$/m;
  const path = line.exec(text)?.[1]?.replace(/ \(deleted\)$/, '') ?? '/';
  // A cgroup namespace shows what lies outside as /..
  return path.startsWith('/') && !path.includes('/..') ? path : '/';
}
