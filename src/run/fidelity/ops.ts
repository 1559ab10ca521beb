/** The guest program's operations as program steps (truth/SCENARIOS.md; guest.c where that is brief). */
import { InputError } from '../../workload/problems.js';
import type { ProbeKind, Step, Variate } from '../../workload/types.js';
import type { TruthProcess } from './truth.js';

const MS = 1_000_000;
const MIB = 1_048_576;
const DISK_FILE = '/mnt/f';

export const constant = (value: number): Variate => ({ kind: 'constant', value });

type Op = TruthProcess['program'][number];

const number = (op: Op, key: string, otherwise: number): number => {
  const value = op[key];
  return value === undefined ? otherwise : Number(value);
};

const bytes = (op: Op, key: string, otherwise: number): Variate =>
  constant(Math.round(number(op, key, otherwise) * MIB));

const every = (op: Op): Variate | null => {
  const ms = number(op, 'every_ms', 0);
  return ms > 0 ? constant(ms * MS) : null;
};

const text = (op: Op, key: string, otherwise = ''): string => String(op[key] ?? otherwise);

/** What programs find in the guest that they run in. */
export interface Guest {
  readonly t0_ns: number;
  /** Size of /mnt/f, where reading it ends. */
  readonly disk_file_mb: number;
  /** Process types by their id. */
  readonly types: ReadonlySet<string>;
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'HUP',
  2: 'INT',
  3: 'QUIT',
  6: 'ABRT',
  9: 'KILL',
  15: 'TERM',
  18: 'CONT',
  19: 'STOP',
};

export const signal_name = (number: number): string => SIGNALS[number] ?? 'TERM';

const PROBES: ReadonlySet<string> = new Set<ProbeKind>([
  'pipe',
  'sock',
  'tmpfs',
  'fork',
  'open',
  'mmap',
]);

function probe_kind(op: Op): ProbeKind {
  const kind = text(op, 'kind');
  if (!PROBES.has(kind)) throw new InputError(`unknown kind of probe '${kind}'`);
  return kind as ProbeKind;
}

/**
 * Steps of a whole program; `repeat` starts it again from its beginning.
 * @throws InputError for an operation that is not known
 */
export function programOf(ops: readonly Op[], guest: Guest): Step[] {
  const steps: Step[] = [];
  for (const op of ops) {
    if (op.op === 'repeat') return [{ op: 'loop', times: null, steps }];
    steps.push(...stepsOf(op, guest));
  }
  return steps;
}

function stepsOf(op: Op, guest: Guest): Step[] {
  switch (op.op) {
    case 'anon':
      return [
        {
          op: 'anon',
          size: bytes(op, 'mb', 1),
          step: op.step_mb === undefined ? null : bytes(op, 'step_mb', 1),
          every: every(op),
        },
      ];
    case 'shm':
      return [
        {
          op: 'shm',
          size: bytes(op, 'mb', 16),
          step: op.step_mb === undefined ? null : bytes(op, 'step_mb', 16),
          every: every(op),
        },
      ];
    case 'tmpfile':
      // Sleeps, if at all, after every 16 blocks of 64 KiB.
      return [{ op: 'tmpfs', size: bytes(op, 'mb', 16), step: constant(MIB), every: every(op) }];
    case 'readfile':
      return [read_step(op, 64, guest)];
    case 'mapfile':
      // Always from its beginning and without a pause.
      return [
        {
          op: 'map',
          size: bytes(op, 'mb', 64),
          file: text(op, 'path', DISK_FILE),
          skip: 0,
          times: number(op, 'loops', 1),
          every: null,
        },
      ];
    case 'writefile':
      return [{ op: 'write', size: bytes(op, 'mb', 16), file: '/mnt/w', every: every(op) }];
    case 'file':
      return [read_step(op, 16, guest)];
    case 'churn':
      return [
        {
          op: 'churn',
          duration: constant(number(op, 'ms', 1000) * MS),
          every: constant(number(op, 'every_ms', 10) * MS),
        },
      ];
    case 'threads':
      return [{ op: 'threads', count: number(op, 'n', 1), size: bytes(op, 'mb', 0) }];
    case 'spawn':
    case 'fork':
      if (!guest.types.has(text(op, 'type'))) return []; // the guest goes on with the next one
      return [
        {
          op: op.op,
          process: text(op, 'type'),
          count: op.n === undefined ? null : number(op, 'n', 1),
        },
      ];
    case 'clonevm':
    case 'vfork':
      if (!guest.types.has(text(op, 'type'))) return [];
      return [{ op: op.op === 'vfork' ? 'vfork' : 'clone_vm', process: text(op, 'type') }];
    case 'bomb':
      return [
        {
          op: 'bomb',
          generations: number(op, 'gen', 5),
          size: bytes(op, 'mb', 1),
          every: constant(number(op, 'every_ms', 5) * MS),
        },
      ];
    case 'pipes':
    case 'socks':
      return [
        {
          op: op.op === 'pipes' ? 'pipes' : 'sockets',
          count: number(op, 'n', 100),
          every: every(op),
        },
      ];
    case 'fds':
      return [{ op: 'fds', count: number(op, 'n', 1000), every: null }];
    case 'probe':
      return [
        {
          op: 'probe',
          kind: probe_kind(op),
          duration: constant(number(op, 'ms', 1000) * MS),
          every: constant(number(op, 'us', 1000) * 1000),
        },
      ];
    case 'mprot':
      return [{ op: 'mprotect', duration: constant(number(op, 'ms', 1000) * MS) }];
    default:
      return simpleSteps(op, guest.t0_ns);
  }
}

/** read(2) to the end of what was asked for, or of the file. */
function read_step(op: Op, default_mb: number, guest: Guest): Step {
  const file = text(op, 'path', DISK_FILE);
  const skip_mb = number(op, 'skip_mb', 0);
  const end_mb = file === DISK_FILE ? guest.disk_file_mb : Number.POSITIVE_INFINITY;
  const mb = Math.max(0, Math.min(number(op, 'mb', default_mb), end_mb - skip_mb));
  return {
    op: 'read',
    size: constant(Math.round(mb * MIB)),
    file,
    skip: Math.round(skip_mb * MIB),
    times: number(op, 'loops', 1),
    every: every(op),
  };
}

function simpleSteps(op: Op, t0_ns: number): Step[] {
  switch (op.op) {
    case 'free':
      return [{ op: 'free' }];
    case 'mlock':
      return [{ op: 'mlock', future: number(op, 'future', 0) !== 0 }];
    case 'stop':
    case 'wait':
      return [{ op: op.op }];
    case 'ready':
      return [{ op: 'ready' }];
    case 'await':
      return [
        { op: 'await', count: number(op, 'n', 1), timeout: number(op, 'timeout_ms', 10_000) * MS },
      ];
    case 'frozenwrite':
      return [{ op: 'frozen_write' }];
    case 'adj':
      return [{ op: 'oom_score_adj', value: number(op, 'v', 0) }];
    case 'comm':
      return [{ op: 'comm', value: text(op, 'v', 'x') }];
    case 'cg':
      return [{ op: 'cgroup', path: text(op, 'v', '/') }];
    case 'ignore':
      return [{ op: 'ignore', signal: signal_name(number(op, 'sig', 15)) }];
    case 'sleep':
      return [{ op: 'sleep', duration: constant(number(op, 'ms', 0) * MS) }];
    case 'at':
      return [
        { op: 'at', time: t0_ns + number(op, 'ms', 0) * MS },
        { op: 'sleep', duration: { kind: 'uniform', min: 0, max: MS } },
      ];
    case 'hold':
      return [
        {
          op: 'hold',
          duration: number(op, 'ms', -1) < 0 ? null : constant(number(op, 'ms', 0) * MS),
        },
      ];
    case 'exit':
      return [{ op: 'exit', code: number(op, 'code', 0) }];
    default:
      throw new InputError(`unknown op '${op.op}'`);
  }
}
