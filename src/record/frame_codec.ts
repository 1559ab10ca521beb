/**
 * Frames as they are written: rows instead of objects, and 0 instead of a row that is the same as in
 * the frame before. Most cgroups and processes of a large workload do nothing most of the time.
 */
import {
  type PsiSnapshot,
  TASK_STATES,
  type TaskSnapshot,
  type TaskState,
} from '../kernel/snapshot.js';
import type { CgroupFrame, Frame } from './frames.js';

/** Numbers of a cgroup in the order in which they are written; null stands for Infinity. */
const CGROUP_NUMBERS = [
  'usagePages',
  'anonPages',
  'filePages',
  'shmemPages',
  'swapPages',
  'unevictablePages',
  'slabPages',
  'kernelStackPages',
  'pgtablesPages',
  'sockPages',
  'pipePages',
  'dirtyPages',
  'writebackPages',
  'maxPages',
  'highPages',
  'lowPages',
  'minPages',
  'swapMaxPages',
  'processes',
  'pgscan',
  'pgsteal',
  'stalled',
] as const;
const EVENTS = ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'] as const;
const PSI: readonly (keyof PsiSnapshot)[] = [
  'someAvg10',
  'someAvg60',
  'someAvg300',
  'someTotalNs',
  'fullAvg10',
  'fullAvg60',
  'fullAvg300',
  'fullTotalNs',
];
const TASK_NUMBERS = [
  'pid',
  'tgid',
  'oomScoreAdj',
  'anonPages',
  'filePages',
  'shmemPages',
  'swapPages',
  'pgtablesPages',
] as const;

type Numbers = readonly (number | null)[];
type CgroupRow = [
  path: string,
  numbers: Numbers,
  events: Numbers,
  psi: Numbers,
  states: Numbers,
  score: number | null,
  oomGroup: number,
];
type TaskRow = [comm: string, cgroup: string, wchan: string, state: number, flags: number, Numbers];

/** A frame as one line of JSON holds it. */
export interface EncodedFrame extends Omit<Frame, 'cgroups' | 'tasks'> {
  readonly cgroups: readonly (CgroupRow | 0)[];
  readonly tasks: readonly (TaskRow | 0)[];
}

/** Encodes the frames of one run, each against the one before. */
export class FrameEncoder {
  #cgroups: readonly string[] = [];
  #tasks: readonly string[] = [];

  encode(frame: Frame): EncodedFrame {
    const cgroups = frame.cgroups.map(cgroupRow);
    const tasks = frame.tasks.map(taskRow);
    const cgroupTexts = cgroups.map((row) => JSON.stringify(row));
    const taskTexts = tasks.map((row) => JSON.stringify(row));
    const encoded = {
      ...frame,
      cgroups: cgroups.map((row, i) => (cgroupTexts[i] === this.#cgroups[i] ? 0 : row)),
      tasks: tasks.map((row, i) => (taskTexts[i] === this.#tasks[i] ? 0 : row)),
    };
    this.#cgroups = cgroupTexts;
    this.#tasks = taskTexts;
    return encoded;
  }
}

/** Does the opposite; what stayed the same is the same object. */
export class FrameDecoder {
  #before: Frame | null = null;

  /** @throws TypeError when a row that is said to be the same has none before it */
  decode(encoded: EncodedFrame): Frame {
    const before = this.#before;
    const frame: Frame = {
      ...encoded,
      cgroups: encoded.cgroups.map((row, i) =>
        row === 0 ? same(before?.cgroups[i]) : cgroupOf(row),
      ),
      tasks: encoded.tasks.map((row, i) => (row === 0 ? same(before?.tasks[i]) : taskOf(row))),
    };
    this.#before = frame;
    return frame;
  }
}

function same<T>(before: T | undefined): T {
  if (before === undefined) throw new TypeError('a row without one before it');
  return before;
}

const finite = (n: number): number | null => (n === Infinity ? null : n);
const unlimited = (n: number | null | undefined): number => n ?? Infinity;

function cgroupRow(cgroup: CgroupFrame): CgroupRow {
  return [
    cgroup.path,
    CGROUP_NUMBERS.map((name) => finite(cgroup[name])),
    EVENTS.map((name) => cgroup.events[name]),
    PSI.map((name) => cgroup.psi[name]),
    cgroup.states,
    cgroup.score,
    cgroup.oomGroup ? 1 : 0,
  ];
}

function cgroupOf([path, numbers, events, psi, states, score, oomGroup]: CgroupRow): CgroupFrame {
  return {
    path,
    ...named(CGROUP_NUMBERS, numbers),
    events: named(EVENTS, events),
    psi: named(PSI, psi),
    states: states.map(unlimited),
    score,
    oomGroup: oomGroup === 1,
  };
}

function named<K extends string>(names: readonly K[], values: Numbers): Record<K, number> {
  const result = {} as Record<K, number>;
  names.forEach((name, i) => {
    result[name] = unlimited(values[i]);
  });
  return result;
}

function taskRow(task: TaskSnapshot): TaskRow {
  const flags = (task.oomVictim ? 1 : 0) | (task.memdie ? 2 : 0) | (task.mmfOomSkip ? 4 : 0);
  return [
    task.comm,
    task.cgroup,
    task.wchan,
    TASK_STATES.indexOf(task.state),
    flags,
    TASK_NUMBERS.map((name) => task[name]),
  ];
}

function taskOf([comm, cgroup, wchan, state, flags, numbers]: TaskRow): TaskSnapshot {
  return {
    ...named(TASK_NUMBERS, numbers),
    comm,
    cgroup,
    wchan,
    state: TASK_STATES[state] as TaskState,
    oomVictim: (flags & 1) !== 0,
    memdie: (flags & 2) !== 0,
    mmfOomSkip: (flags & 4) !== 0,
  };
}
