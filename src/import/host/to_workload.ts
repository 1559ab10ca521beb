/** A snapshot of a machine as a workload: its zones, its cgroups, its processes as they stand. */
import { pathText } from '../../workload/problems.js';
import { formatSize, PAGE_BYTES } from '../../workload/units.js';
import type { WorkloadFile } from '../../workload/write.js';
import { parseVersion, presetFor } from '../dmesg/version.js';
import { type ImportedWorkload, type Notes, notesText } from '../imported.js';
import { commOf } from '../names.js';
import { memoryOf } from '../process_pages.js';
import { type Charges, placeCharges } from './charges.js';
import { checkScores } from './check_scores.js';
import type { HostCgroup, HostMachine, HostProcess, HostSnapshot } from './snapshot.js';

type ProcessFile = NonNullable<WorkloadFile['processes']>[number];
type Cgroups = NonNullable<WorkloadFile['cgroups']>;

/** Sysctls that a workload takes, too. */
const SYSCTLS = [
  'vm.swappiness',
  'vm.panic_on_oom',
  'vm.oom_kill_allocating_task',
  'vm.min_free_kbytes',
] as const;
const INIT_ADJ = -1000;
/** Memory is promised only as far as there is some: OVERCOMMIT_NEVER. */
const STRICT_OVERCOMMIT = 2;

/** Makes a workload of a snapshot. `source` is named in its comments. */
export function hostToWorkload(snapshot: HostSnapshot, source: string): ImportedWorkload {
  const notes: Notes = { comments: new Map(), missing: [], assumed: [] };
  const { machine, processes } = snapshot;
  const charges = placeCharges(snapshot, notes);
  const file: WorkloadFile = {
    name: 'host',
    doc: `${processes.length} processes in ${snapshot.cgroups.length + 1} cgroups.`,
    machine: machineOf(machine, notes),
    kernel: { version: kernelOf(machine, notes), oom_policy: 'process' },
    ...sysctlOf(machine),
    cgroups: cgroupsOf(snapshot, charges, notes),
    processes: processes.map((process) => processOf(process, snapshot, charges)),
    until: '10s',
  };
  explain(snapshot, notes);
  const head = [`Made by oomsim import host from ${source}.`, ...notesText(notes)];
  notes.comments.set('', head.join('\n'));
  return { file, ...notes };
}

/** Part of the memory by which zones and MemTotal may differ: they are not read at one moment. */
const TOTALS_DIFFER = 0.05;

/**
 * Whether the zones are those of the whole machine. Hot-plugged memory, balloons and sandboxes let
 * the two sources of its size disagree, and what is in use is counted against MemTotal.
 */
function zonesAddUp({ zones, totalBytes, pageBytes }: HostMachine, notes: Notes): boolean {
  const managed = zones.reduce((sum, zone) => sum + zone.managedPages, 0) * pageBytes;
  if (Math.abs(managed - totalBytes) <= TOTALS_DIFFER * totalBytes) return true;
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  notes.assumed.push(
    `a machine of ${mib(totalBytes)}, its MemTotal: the zones of /proc/zoneinfo add up to ${mib(managed)}`,
  );
  return false;
}

function machineOf(machine: HostMachine, notes: Notes): WorkloadFile['machine'] {
  const { zones, totalBytes, swapBytes, cpus } = machine;
  const size =
    zones.length > 0 && zones.every(({ node }) => node < 64) && zonesAddUp(machine, notes)
      ? {
          zones: zones.map((zone) => ({
            node: zone.node,
            name: zone.name,
            present: zone.presentPages,
            managed: zone.managedPages,
            ...(zone.minPages <= zone.lowPages && zone.lowPages <= zone.highPages
              ? { min: zone.minPages, low: zone.lowPages, high: zone.highPages }
              : {}),
            ...(zone.protectionPages.length === 0 ? {} : { protection: zone.protectionPages }),
          })),
        }
      : { memory: pagesText(totalBytes) };
  notes.comments.set('machine.zones', '/proc/zoneinfo, in pages.');
  return {
    ...size,
    swap: pagesText(swapBytes),
    cpus: Math.min(1024, cpus),
    exec: { anon: 0, file: 0, pgtables: 0, slab: 0 },
  };
}

function kernelOf({ kernel }: HostMachine, notes: Notes): string {
  const version = parseVersion(kernel);
  if (version === null) {
    notes.missing.push("the kernel's release");
    notes.assumed.push('Linux 6.1');
    return '6.1';
  }
  const preset = presetFor(version);
  notes.assumed.push(`the rules of Linux ${preset}, the nearest preset to ${kernel}`);
  return preset;
}

function sysctlOf({ sysctls }: HostMachine): Pick<WorkloadFile, 'sysctl'> {
  const known = SYSCTLS.filter((name) => (sysctls[name] ?? -1) >= 0);
  const found = Object.fromEntries(known.map((name) => [name, sysctls[name]]));
  return known.length === 0 ? {} : { sysctl: found as WorkloadFile['sysctl'] };
}

function cgroupsOf({ cgroups }: HostSnapshot, charges: Charges, notes: Notes): Cgroups {
  const made: Cgroups = { '/': { initial: charges.of('/') } };
  notes.comments.set(
    pathText(['cgroups', '/']),
    'initial: of what /proc/meminfo counts, what no process and no other cgroup has.',
  );
  for (const cgroup of cgroups) made[cgroup.path] = { ...knobsOf(cgroup), ...ownCharge(cgroup) };
  return made;

  function ownCharge({ path }: HostCgroup): { initial?: ReturnType<Charges['of']> } {
    const initial = charges.of(path);
    return Object.keys(initial).length === 0 ? {} : { initial };
  }
}

function knobsOf(cgroup: HostCgroup): NonNullable<Cgroups[string]> {
  const limits: [string, number | null][] = [
    ['memory.max', cgroup.maxBytes],
    ['memory.high', cgroup.highBytes],
    ['memory.low', cgroup.lowBytes || null],
    ['memory.min', cgroup.minBytes || null],
    ['memory.swap.max', cgroup.swapMaxBytes],
  ];
  const set = limits.filter((entry): entry is [string, number] => entry[1] !== null);
  return {
    ...Object.fromEntries(set.map(([name, bytes]) => [name, pagesText(bytes)])),
    ...(cgroup.oomGroup ? { 'memory.oom.group': 1 } : {}),
  };
}

function processOf(process: HostProcess, snapshot: HostSnapshot, charges: Charges): ProcessFile {
  const pages = charges.pages.get(process.pid)!;
  const comm = commOf(process.comm);
  const known = charges.paths.has(process.cgroup);
  const version = parseVersion(snapshot.machine.kernel);
  const bonus = process.capSysAdmin && version !== null && version.major < 5;
  return {
    name: `${comm}-${process.pid}`,
    comm,
    pid: process.pid,
    uid: process.uid,
    oom_score_adj: process.pid === 1 ? INIT_ADJ : process.oomScoreAdj,
    ...(known && process.cgroup !== '/' ? { cgroup: process.cgroup } : {}),
    ...(bonus ? { cap_sys_admin: true } : {}),
    memory: memoryOf(pages),
  };
}

/** Round sizes as people write them; others in pages. */
function pagesText(bytes: number): string | number {
  const whole = Math.floor(bytes / PAGE_BYTES);
  if (whole === 0) return 0;
  return whole % 256 === 0 ? formatSize(whole * PAGE_BYTES) : `${whole} pages`;
}

function explain(snapshot: HostSnapshot, notes: Notes): void {
  const { machine, processes } = snapshot;
  const { processesGone: gone, processesDenied: denied, cgroups, pageBytes } = machine;
  if (gone > 0) notes.missing.push(`${gone} processes that ended while they were read`);
  if (denied > 0) notes.missing.push(`${denied} processes that this user may not see (hidepid)`);
  if (cgroups === 'none') notes.missing.push('cgroups: no memory controller is mounted');
  if (cgroups === 'v1')
    notes.assumed.push('the v1 tree of the memory controller, as v2 would have it');
  if (pageBytes !== PAGE_BYTES) {
    notes.assumed.push(`pages of ${pageBytes} bytes are counted as pages of ${PAGE_BYTES}`);
  }
  if (machine.sysctls['vm.overcommit_memory'] === STRICT_OVERCOMMIT) {
    notes.assumed.push('no allocation is refused, although vm.overcommit_memory is 2');
  }
  notes.missing.push('parents, threads and start times of the processes, and what they will do');
  notes.assumed.push('processes hold still: give one a program to see what happens');
  notes.comments.set(
    'processes',
    '/proc/PID/status, oom_score_adj and cgroup, by pid. init cannot be killed: −1000.',
  );
  const { same, of } = checkScores(snapshot);
  if (of > 0) {
    notes.assumed.push(
      `the scores are right: ${same} of ${of} come out as /proc/PID/oom_score shows them`,
    );
  }
  if (processes.length === 0) notes.missing.push('processes with memory of their own');
}
