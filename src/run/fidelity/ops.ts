/** The guest program's operations as program steps (truth/SCENARIOS.md; guest.c where that is brief). */
import type { ProbeKind, Step, Variate } from '../../workload/types.js';
import type { TruthProcess } from './truth.js';

const MS = 1_000_000;
const MIB = 1_048_576;

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

const text = (op: Op, key: string): string => String(op[key] ?? '');

/** Steps of a whole program; `repeat` starts it again from its beginning. */
export function programOf(ops: readonly Op[], t0_ns: number): Step[] {
  const steps: Step[] = [];
  for (const op of ops) {
    if (op.op === 'repeat') return [{ op: 'loop', times: null, steps }];
    steps.push(...stepsOf(op, t0_ns));
  }
  return steps;
}

function stepsOf(op: Op, t0_ns: number): Step[] {
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
    case 'mapfile':
      return [
        {
          op: op.op === 'readfile' ? 'read' : 'map',
          size: bytes(op, 'mb', 64),
          file: '/mnt/f',
          skip: Math.round(number(op, 'skip_mb', 0) * MIB),
          times: number(op, 'loops', 1),
          every: every(op),
        },
      ];
    case 'writefile':
      return [{ op: 'write', size: bytes(op, 'mb', 16), file: '/mnt/w', every: every(op) }];
    case 'file':
      return [
        {
          op: 'read',
          size: bytes(op, 'mb', 16),
          file: '/mnt/f',
          skip: 0,
          times: number(op, 'loops', 1),
          every: every(op),
        },
      ];
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
      return [
        {
          op: op.op,
          process: text(op, 'type'),
          count: op.n === undefined ? null : number(op, 'n', 1),
        },
      ];
    case 'clonevm':
    case 'vfork':
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
          kind: text(op, 'kind') as ProbeKind,
          duration: constant(number(op, 'ms', 1000) * MS),
          every: constant(number(op, 'us', 1000) * 1000),
        },
      ];
    case 'mprot':
      return [{ op: 'mprotect', duration: constant(number(op, 'ms', 1000) * MS) }];
    default:
      return simpleSteps(op, t0_ns);
  }
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
      return [{ op: 'comm', value: text(op, 'v') }];
    case 'cg':
      return [{ op: 'cgroup', path: text(op, 'v') }];
    case 'ignore':
      return [{ op: 'ignore', signal: 'TERM' }];
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
          duration: op.ms === undefined ? null : constant(number(op, 'ms', 0) * MS),
        },
      ];
    case 'exit':
      return [{ op: 'exit', code: number(op, 'code', 0) }];
    default:
      return [];
  }
}
