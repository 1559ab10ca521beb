/**
 * "And if …?": a workload with an oom_score_adj, a limit or the machine's size changed. Names are the
 * kernel's own, behind what they belong to: `pid:1234.oom_score_adj=-500`,
 * `comm:java.oom_score_adj=300`, `cgroup:/kubepods/pod1.memory.max=2GiB`, `machine.swap=0`,
 * `vm.panic_on_oom=1`.
 */
import { InputError, printable } from '../../workload/problems.js';
import { hint } from '../../workload/suggest.js';
import type { CgroupSpec, ProcessSpec, Sysctls, Workload } from '../../workload/types.js';
import { formatSize, PAGE_BYTES, parseSize } from '../../workload/units.js';

/** One change as it was asked for. */
export interface Change {
  readonly text: string;
  readonly target: 'pid' | 'comm' | 'cgroup' | 'machine' | 'sysctl';
  /** A pid, a name, a path; '' where the target says all. */
  readonly of: string;
  readonly knob: string;
  readonly value: string;
}

/** A changed workload, and what was changed from what, in words. */
export interface Changed {
  readonly workload: Workload;
  readonly notes: readonly string[];
}

/** More than any machine has. */
const SIZE_MAX = 2 ** 50;
const OF_PROCESS = /^(pid|comm):(.{1,64})\.(oom_score_adj)=(.{0,64})$/s;
const OF_CGROUP =
  /^(cgroup):(\/.{0,4096})\.(memory\.max|memory\.swap\.max|memory\.oom\.group)=(.{0,64})$/s;
const OF_MACHINE = /^(machine)()\.(memory|swap)=(.{0,64})$/s;
const OF_SYSCTL = /^(vm)()\.(panic_on_oom|oom_kill_allocating_task)=(.{0,64})$/s;

/** What the syntax is, for messages and help. */
export const CHANGE_SYNTAX =
  'pid:N.oom_score_adj=N, comm:NAME.oom_score_adj=N, cgroup:PATH.memory.max=SIZE ' +
  '(or memory.swap.max, memory.oom.group), machine.memory=SIZE, machine.swap=SIZE, ' +
  'vm.panic_on_oom=N, vm.oom_kill_allocating_task=N';

/**
 * Reads one change; null when the text has not the form of one (a kernel switch has no `:` or `.`).
 * @throws InputError when it has, and names nothing that can be changed
 */
export function parseChange(text: string): Change | null {
  const name = text.slice(0, Math.max(0, text.indexOf('=')));
  if (!/[:.]/.test(name)) return null;
  const match = [OF_PROCESS, OF_CGROUP, OF_MACHINE, OF_SYSCTL]
    .map((form) => form.exec(text))
    .find((found) => found !== null);
  if (match == null) {
    throw new InputError(`can't change ${printable(name)}; known: ${CHANGE_SYNTAX}`);
  }
  const [, target = '', of = '', knob = '', value = ''] = match;
  const kind = (target === 'vm' ? 'sysctl' : target) as Change['target'];
  return { text, target: kind, of, knob, value };
}

/**
 * Makes the changes, in their order.
 * @throws InputError when one names nobody, or a value that cannot be
 */
export function applyChanges(workload: Workload, changes: readonly Change[]): Changed {
  const notes: string[] = [];
  let changed = workload;
  for (const change of changes) changed = apply(changed, change, notes);
  return { workload: changed, notes };
}

function apply(workload: Workload, change: Change, notes: string[]): Workload {
  switch (change.target) {
    case 'pid':
    case 'comm':
      return withAdj(workload, change, notes);
    case 'cgroup':
      return withKnob(workload, change, notes);
    case 'machine':
      return withMachine(workload, change, notes);
    default:
      return withSysctl(workload, change, notes);
  }
}

function withAdj(workload: Workload, change: Change, notes: string[]): Workload {
  const adj = integer(change, -1000, 1000);
  const meant = (process: ProcessSpec): boolean =>
    change.target === 'pid'
      ? String(process.pid) === change.of
      : process.comm === change.of || process.name === change.of;
  const found = workload.processes.filter(meant);
  if (found.length === 0) {
    const known =
      change.target === 'pid'
        ? workload.processes.map((process) => String(process.pid ?? ''))
        : workload.processes.map((process) => process.comm);
    const what = change.target === 'pid' ? 'process with pid' : 'process called';
    throw new InputError(`no ${what} ${printable(change.of)}${hint(change.of, new Set(known))}`);
  }
  const before = new Set(found.map((process) => process.oomScoreAdj ?? 0));
  const was = before.size === 1 ? `was ${[...before][0]}` : 'was not the same for all';
  const count = found.reduce((sum, process) => sum + process.count, 0);
  const whose =
    change.target === 'pid'
      ? `${found[0]?.comm} (pid ${change.of})`
      : `${change.of} (${count} process${count === 1 ? '' : 'es'})`;
  notes.push(`oom_score_adj of ${whose} is ${adj} (${was})`);
  const processes = workload.processes.map((process) =>
    meant(process) ? { ...process, oomScoreAdj: adj } : process,
  );
  return { ...workload, processes };
}

function withKnob(workload: Workload, change: Change, notes: string[]): Workload {
  const cgroup = workload.cgroups.find(({ path }) => path === change.of);
  if (cgroup === undefined) {
    const known = workload.cgroups.map(({ path }) => path);
    const list = known.length === 0 ? 'none is named' : `known: ${known.slice(0, 8).join(', ')}`;
    throw new InputError(
      `no cgroup ${printable(change.of)} here${hint(change.of, known)}; ${list}`,
    );
  }
  const edited = editedCgroup(cgroup, change, notes);
  const cgroups = workload.cgroups.map((known) => (known === cgroup ? edited : known));
  return { ...workload, cgroups };
}

function editedCgroup(cgroup: CgroupSpec, change: Change, notes: string[]): CgroupSpec {
  const { path } = cgroup;
  if (change.knob === 'memory.oom.group') {
    const oomGroup = integer(change, 0, 1) === 1;
    notes.push(
      `memory.oom.group of ${path} is ${oomGroup ? 1 : 0} (was ${cgroup.oomGroup ? 1 : 0})`,
    );
    return { ...cgroup, oomGroup };
  }
  const bytes = change.value === 'max' ? Number.POSITIVE_INFINITY : size(change);
  const isMax = change.knob === 'memory.max';
  const was = limitText(isMax ? cgroup.memoryMax : cgroup.memorySwapMax);
  notes.push(`${change.knob} of ${path} is ${limitText(bytes)} (was ${was})`);
  return isMax ? { ...cgroup, memoryMax: bytes } : { ...cgroup, memorySwapMax: bytes };
}

function withMachine(workload: Workload, change: Change, notes: string[]): Workload {
  const bytes = size(change);
  const { machine } = workload;
  if (change.knob === 'swap') {
    notes.push(`swap is ${formatSize(bytes)} (was ${formatSize(machine.swapBytes)})`);
    return { ...workload, machine: { ...machine, swapBytes: bytes } };
  }
  const smallest = 16 * 2 ** 20;
  if (bytes < smallest) throw bad(change, `at least ${formatSize(smallest)}`);
  notes.push(`memory is ${formatSize(bytes)} (was ${formatSize(machine.memoryBytes)})`);
  // The printed zones fit the old size only.
  return { ...workload, machine: { ...machine, memoryBytes: bytes, zones: null } };
}

function withSysctl(workload: Workload, change: Change, notes: string[]): Workload {
  const { sysctl } = workload;
  const edited: Sysctls =
    change.knob === 'panic_on_oom'
      ? { ...sysctl, panicOnOom: integer(change, 0, 2) as Sysctls['panicOnOom'] }
      : { ...sysctl, oomKillAllocatingTask: integer(change, 0, 1) === 1 };
  notes.push(`vm.${change.knob} is ${change.value}`);
  return { ...workload, sysctl: edited };
}

function integer(change: Change, min: number, max: number): number {
  const value = Number(change.value);
  if (/^-?\d{1,5}$/.test(change.value) && value >= min && value <= max) return value;
  throw bad(change, `an integer from ${min} to ${max}`);
}

/** A size in bytes, whole pages. */
function size(change: Change): number {
  const parsed = parseSize(change.value);
  if (!parsed.ok) throw bad(change, `a size (${parsed.why})`);
  if (parsed.value > SIZE_MAX) throw bad(change, 'at most 1 PiB');
  return Math.floor(parsed.value / PAGE_BYTES) * PAGE_BYTES;
}

function bad(change: Change, expected: string): InputError {
  return new InputError(`${printable(change.text)}: expected ${expected}`);
}

function limitText(bytes: number): string {
  return Number.isFinite(bytes) ? formatSize(bytes) : 'max';
}
