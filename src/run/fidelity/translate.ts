/** A truth file's scenario as a workload: the machine, the cgroups, the processes, the events. */
import { InputError } from '../../workload/problems.js';
import { SYSCTLS } from '../../workload/sysctlSchema.js';
import type {
  CgroupSpec,
  EventSpec,
  MachineSpec,
  ProcessSpec,
  Workload,
  ZoneSpec,
} from '../../workload/types.js';
import { EMULATED_COSTS, EMULATED_CPUS, EMULATED_DEVICE, GUEST_PROCESS } from './guest.js';
import { constant, type Guest, programOf, signal_name } from './ops.js';
import type { Truth, TruthEvent, TruthKernel, TruthProcess, TruthScenario } from './truth.js';

const MS = 1_000_000;
const MIB = 1_048_576;

/** How the measured kernels map to presets and policies (DESIGN.md 7). */
export const TRUTH_KERNELS: Readonly<Record<string, { kernel: string; policy: string }>> = {
  '4.15-vanilla': { kernel: '4.15', policy: 'process' },
  '4.15-seed': { kernel: '4.15', policy: 'cgroup' },
  '4.15-series': { kernel: '4.15', policy: 'series' },
  '6.1': { kernel: '6.1', policy: 'process' },
};

/** Processes that init starts later than this before t0 are launched ahead and wait for t0. */
const EARLY_START_MS = 1000;
const LAUNCH_AHEAD_MS = 200;
/** guest.c leaves this long for launching: a constant and a share for each process. */
const SETUP_MS = 400;
const SETUP_PER_PROCESS_MS = 12;
const QUIET_MS = 1200;

/**
 * The workload that plays what `kernelName` was measured with.
 * @throws InputError for an operation or event that is not known
 */
export function translate(truth: Truth, kernelName: string, measured: TruthKernel): Workload {
  const { scenario } = measured;
  for (const name of Object.keys(scenario.sysctls ?? {})) known_sysctl(name);
  const t0_ns = setup_ns(scenario);
  const guest: Guest = {
    t0_ns,
    disk_file_mb: scenario.disk_file_mb ?? Number.POSITIVE_INFINITY,
    types: new Set(scenario.processes.map(({ id }) => id)),
  };
  const { kernel, policy } = TRUTH_KERNELS[kernelName]!;
  return {
    name: truth.name,
    doc: truth.doc ?? '',
    machine: machine_of(measured, kernel),
    kernel,
    policy,
    switches: {},
    sysctl: {
      swappiness: number_of(scenario.sysctls?.['vm.swappiness'], 60),
      panicOnOom: number_of(scenario.sysctls?.['vm.panic_on_oom'], 0) as 0 | 1 | 2,
      oomKillAllocatingTask: number_of(scenario.sysctls?.['vm.oom_kill_allocating_task'], 0) !== 0,
      oomDumpTasks: number_of(scenario.sysctls?.['vm.oom_dump_tasks'], 1) !== 0,
      minFreeKbytes: min_free_of(scenario),
      watermarkScaleFactor: number_of(scenario.sysctls?.['vm.watermark_scale_factor'], 10),
    },
    cgroups: (scenario.cgroups ?? []).map(cgroup_of),
    processes: scenario.processes.map((process) => process_of(process, guest)),
    killers: [],
    events: [
      ...mount_events(scenario),
      ...(scenario.events ?? []).flatMap((event) => event_of(event, t0_ns)),
    ],
    untilNs: t0_ns + scenario.duration_ms * MS,
    quietNs: scenario.quiet_ms === 0 ? null : (scenario.quiet_ms ?? QUIET_MS) * MS,
    seed: '1',
  };
}

/** Sysctls that a workload has, and those that change nothing that scenarios measure. */
const KNOWN_SYSCTLS: ReadonlySet<string> = new Set([
  ...Object.keys(SYSCTLS),
  'fs.pipe-user-pages-soft',
]);

function known_sysctl(name: string): string {
  if (!KNOWN_SYSCTLS.has(name)) throw new InputError(`unknown sysctl '${name}'`);
  return name;
}

const number_of = (value: unknown, otherwise: number): number =>
  value === undefined ? otherwise : Number(value);

function min_free_of({ sysctls }: TruthScenario): number | null {
  const value = sysctls?.['vm.min_free_kbytes'];
  return value === undefined ? null : Number(value);
}

/** When the guest lets everybody begin: launching takes time. */
function setup_ns(scenario: TruthScenario): number {
  const early = scenario.processes.filter(
    (p) => p.top !== false && (p.start_ms ?? 0) < EARLY_START_MS,
  );
  const count = early.reduce((sum, p) => sum + (p.count ?? 1), 0);
  return (SETUP_MS + SETUP_PER_PROCESS_MS * count) * MS;
}

function zones_of(zones: TruthKernel['zones']): ZoneSpec[] | null {
  const read = Object.entries(zones).map(([name, zone]) => ({
    node: 0,
    name,
    presentPages: zone.present,
    managedPages: zone.managed,
    freePages: zone.free,
    minPages: zone.min,
    lowPages: zone.low,
    highPages: zone.high,
    protectionPages: zone.protection ?? null,
  }));
  // A guest that panicked never reported its zones.
  return read.length === 0 ? null : read;
}

/** RAM as the guest's kernel counts it. */
function managed_bytes({ zones, scenario }: TruthKernel): number {
  const pages = Object.values(zones).reduce((sum, zone) => sum + zone.managed, 0);
  return pages === 0 ? scenario.mem_mb * MIB : pages * 4096;
}

function machine_of(measured: TruthKernel, kernel: string): MachineSpec {
  const { scenario } = measured;
  return {
    memoryBytes: scenario.mem_mb * MIB,
    zones: zones_of(measured.zones),
    nodes: 1,
    cpus: EMULATED_CPUS,
    hz: 250,
    swapBytes: (scenario.swap_mb ?? 0) * MIB,
    swapDevice: EMULATED_DEVICE,
    disk: EMULATED_DEVICE,
    // The lab built its 4.15 without.
    thp: scenario.thp === 'always' && kernel !== '4.15',
    // The guest mounts its tmpfs with size=90%.
    tmpfsBytes: Math.floor(managed_bytes(measured) * 0.9),
    cachePages: 0,
    referencedAnon: 0,
    referencedFile: 0,
    oomLockHandOff: 'barging',
    exec: GUEST_PROCESS[kernel]!,
    costs: EMULATED_COSTS[kernel]!,
  };
}

function pages_value(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value === 'max') return Number.POSITIVE_INFINITY;
  const match = /^(\d+)([KMGT]?)$/i.exec(String(value));
  if (match === null) throw new InputError(`unknown size '${value}'`);
  const power = ['', 'K', 'M', 'G', 'T'].indexOf((match[2] ?? '').toUpperCase());
  return Number(match[1]) * 1024 ** power;
}

/** Scenarios leave it open under which of the two names a kernel has it. */
const GROUP_KNOBS = ['oom_group', 'memory.oom.group', 'memory.oom_group'];

const LIMIT_KNOBS = ['max', 'high', 'low', 'min', 'swap.max'].map((name) => `memory.${name}`);
const KNOBS: ReadonlySet<string> = new Set(['path', ...LIMIT_KNOBS, ...GROUP_KNOBS]);

function cgroup_of(knobs: Record<string, unknown> & { path: string }): CgroupSpec {
  for (const [name, value] of Object.entries(knobs)) {
    if (value !== undefined && !KNOBS.has(name)) throw new InputError(`unknown knob '${name}'`);
  }
  return {
    path: knobs.path,
    memoryMax: pages_value(knobs['memory.max'], Number.POSITIVE_INFINITY),
    memoryHigh: pages_value(knobs['memory.high'], Number.POSITIVE_INFINITY),
    memoryLow: pages_value(knobs['memory.low'], 0),
    memoryMin: pages_value(knobs['memory.min'], 0),
    memorySwapMax: pages_value(knobs['memory.swap.max'], Number.POSITIVE_INFINITY),
    oomGroup: GROUP_KNOBS.some((knob) => Number(knobs[knob] ?? 0) !== 0),
    oomPolicy: null,
    cpusetMems: null,
    initial: null,
  };
}

/**
 * Top-level processes are forked and execed by init, in the root cgroup, and move from there: what
 * they are made of is charged to root.
 */
function process_of(process: TruthProcess, guest: Guest): ProcessSpec {
  const { t0_ns } = guest;
  const top = process.top !== false;
  const start_ms = process.start_ms ?? 0;
  const late = start_ms >= EARLY_START_MS;
  const cgroup = process.cgroup ?? null;
  const joins = top && cgroup !== null && cgroup !== '';
  return {
    name: process.id,
    comm: (process.comm || process.id).slice(0, 15),
    cgroup: top ? '/' : cgroup === '' ? null : cgroup,
    count: process.count ?? 1,
    pid: null,
    uid: 0,
    oomScoreAdj: top ? null : (process.oom_score_adj ?? null),
    start: constant(late ? t0_ns + (start_ms - LAUNCH_AHEAD_MS) * MS : 0),
    top,
    program: [
      ...(joins ? [{ op: 'cgroup' as const, path: cgroup }] : []),
      ...(top && process.oom_score_adj !== undefined
        ? [{ op: 'oom_score_adj' as const, value: process.oom_score_adj }]
        : []),
      ...(top && start_ms >= 0 ? wait_until(t0_ns + start_ms * MS) : []),
      ...programOf(process.program, guest),
      { op: 'exit' as const, code: 0 },
    ],
    memory: null,
    restart:
      process.respawn_ms === undefined
        ? { when: 'never', delayNs: 0, max: 0 }
        : {
            when: 'always',
            delayNs: process.respawn_ms * MS,
            max: process.respawn_max ?? Number.POSITIVE_INFINITY,
          },
    mempolicy: null,
    capSysAdmin: true,
  };
}

/** The guest sleeps in whole milliseconds, so it wakes up to one of them late. */
export function wait_until(time_ns: number): ProcessSpec['program'] {
  return [
    { op: 'at', time: time_ns },
    { op: 'sleep', duration: { kind: 'uniform', min: 0, max: MS } },
  ];
}

/** cgroup2 is mounted with groupoom, unless the scenario has options of its own. */
function mount_events({ cgroup_mount_opts: options }: TruthScenario): EventSpec[] {
  if (options === undefined || options === '' || options.split(',').includes('groupoom')) return [];
  return [{ atNs: 0, after: 'start', op: 'remount', groupoom: false }];
}

const PROC_SYS = '/proc/sys/';
const CGROUP_ROOT = '/sys/fs/cgroup';

function event_of(event: TruthEvent, t0_ns: number): EventSpec[] {
  const args = (event.args ?? []).map(String);
  const [a = '', b = '', c = ''] = args;
  const when =
    event.after_first_kill_ms !== undefined
      ? ({ atNs: event.after_first_kill_ms * MS, after: 'first-kill' } as const)
      : ({ atNs: t0_ns + (event.at_ms ?? 0) * MS, after: 'start' } as const);
  switch (event.op) {
    case 'set':
      return [{ ...when, op: 'write', cgroup: a, file: b, value: c }];
    case 'sysctl':
      return [{ ...when, op: 'sysctl', name: known_sysctl(a), value: Number(b) }];
    case 'freeze':
    case 'thaw':
      return [{ ...when, op: event.op }];
    case 'sysrq':
      return [{ ...when, op: 'sysrq', key: a }];
    case 'rmdir':
    case 'mkdir':
      return [{ ...when, op: event.op, cgroup: a }];
    case 'kill':
      return [{ ...when, op: 'kill', process: a, signal: signal_name(Number(b)) }];
    case 'write':
      return file_write(when, a, b);
    case 'snapshot':
      return []; // looks, changes nothing
    default:
      throw new InputError(`unknown event '${event.op}'`);
  }
}

function file_write(
  when: { atNs: number; after: 'start' | 'first-kill' },
  path: string,
  value: string,
): EventSpec[] {
  if (path === '/proc/sysrq-trigger') return [{ ...when, op: 'sysrq', key: value }];
  if (path.startsWith(PROC_SYS)) {
    const name = known_sysctl(path.slice(PROC_SYS.length).replaceAll('/', '.'));
    return [{ ...when, op: 'sysctl', name, value: Number(value) }];
  }
  if (!path.startsWith(`${CGROUP_ROOT}/`)) throw new InputError(`unknown file '${path}'`);
  const rest = path.slice(CGROUP_ROOT.length);
  const slash = rest.lastIndexOf('/');
  const cgroup = rest.slice(0, slash) || '/';
  return [{ ...when, op: 'write', cgroup, file: rest.slice(slash + 1), value }];
}
