/** The steps of a process's program: one member for each `op` of types.ts. */

import * as z from 'zod';
import {
  cgroupPath,
  flag,
  integer,
  size,
  sizeVariate,
  strict,
  text,
  time,
  timeVariate,
} from './fields.js';
import { keyed, type Members } from './keyed.js';
import { signalName } from './signals.js';
import type { Step } from './types.js';

/** Steps that need no argument, and what each is without one. */
const WORDS = new Map<string, Step>([
  ['hold', { op: 'hold', duration: null }],
  ['free', { op: 'free' }],
  ['mlock', { op: 'mlock', future: false }],
  ['frozen_write', { op: 'frozen_write' }],
  ['ready', { op: 'ready' }],
  ['wait', { op: 'wait' }],
  ['stop', { op: 'stop' }],
  ['exit', { op: 'exit', code: 0 }],
]);
const words = [...WORDS.keys()];

const word = z
  .enum(words as [string, ...string[]], { error: `a step: one of ${words.join(', ')}, or a map` })
  .transform((name): Step => WORDS.get(name)!)
  .describe('A step without arguments.');

type StepSchema = z.ZodType<Step, unknown>;

/** A step written `{ op: argument, modifier: …, modifier: … }`. */
function define<Arg, Shape extends z.core.$ZodLooseShape>(
  op: string,
  argument: z.ZodType<Arg, unknown>,
  modifiers: Shape,
  make: (argument: Arg, modifiers: z.output<z.ZodObject<Shape>>) => Step,
): StepSchema {
  return strict({ [op]: argument, ...modifiers }).transform((written) => {
    // TypeScript can't see through the computed key; the schema has checked both.
    const all = written as Record<string, unknown>;
    return make(all[op] as Arg, all as z.output<z.ZodObject<Shape>>);
  });
}

const COUNT_MAX = 1_000_000;
const count = integer(1, COUNT_MAX);
const processName = text('the name of a process', 64);
const fileName = text('a file name', 200)
  .prefault('data')
  .describe('Which file; processes that name the same one share its page cache.');
const every = timeVariate.optional().describe('Sleep this long after each piece.');
const everyMiB = timeVariate.optional().describe('Sleep this long after each MiB.');
/** Touching nothing at a time would never end. */
const piece = sizeVariate
  .refine((v) => v.kind !== 'constant' || v.value > 0, { error: 'a size above 0' })
  .optional()
  .describe('Touch this much at once; without it, everything at once.');

const fill = (op: 'anon' | 'shm' | 'tmpfs', doc: string) => () =>
  define(op, sizeVariate.describe(doc), { step: piece, every }, (amount, m) => ({
    op,
    size: amount,
    step: m.step ?? null,
    every: m.every ?? null,
  }));

const scan = (op: 'read' | 'map', doc: string) => () =>
  define(
    op,
    sizeVariate.describe(doc),
    {
      file: fileName,
      skip: size.prefault(0).describe('Begin this far into the file.'),
      times: count.prefault(1).describe('Go over it this often.'),
      every: everyMiB,
    },
    (amount, m) => ({
      op,
      size: amount,
      file: m.file,
      skip: m.skip,
      times: m.times,
      every: m.every ?? null,
    }),
  );

const many = (op: 'pipes' | 'sockets' | 'fds', doc: string) => () =>
  define(op, count.describe(doc), { every }, (n, m) => ({ op, count: n, every: m.every ?? null }));

const memorySteps: Members<Step> = {
  // These two take `anon` as a modifier, so they are looked for first.
  threads: (op) =>
    define(
      op,
      integer(1, 100_000).describe('Start this many threads, which then sleep.'),
      { anon: sizeVariate.prefault(0).describe('Private memory that each thread touches.') },
      (n, m) => ({ op: 'threads', count: n, size: m.anon }),
    ),
  bomb: (op) =>
    define(
      op,
      integer(0, 19).describe('Generations: each process forks once in each, so 2^n in all.'),
      {
        anon: sizeVariate.prefault('1MiB').describe('Private memory that each touches at the end.'),
        every: timeVariate.prefault('5ms').describe('Sleep this long after each fork.'),
      },
      (generations, m) => ({ op: 'bomb', generations, size: m.anon, every: m.every }),
    ),
  anon: fill('anon', 'Map and touch this much private anonymous memory.'),
  shm: fill('shm', 'Map and touch this much shared anonymous memory.'),
  tmpfs: fill('tmpfs', 'Write this much to a new file in tmpfs; it outlives the process.'),
  read: scan('read', 'Read this much of a file through the page cache.'),
  map: scan('map', 'Map this much of a file and touch it.'),
  write: (op) =>
    define(
      op,
      sizeVariate.describe('Write this much to a file through the page cache.'),
      { file: fileName, every: everyMiB },
      (amount, m) => ({ op: 'write', size: amount, file: m.file, every: m.every ?? null }),
    ),
  churn: (op) =>
    define(
      op,
      timeVariate.describe('Touch everything mapped again and again for so long.'),
      { every: timeVariate.prefault('10ms').describe('Sleep this long after each round.') },
      (duration, m) => ({ op: 'churn', duration, every: m.every }),
    ),
  mlock: (op) =>
    define(
      op,
      z
        .enum(['current', 'future'], { error: 'current or future' })
        .describe('mlockall(): what is mapped now, or also what will be.'),
      {},
      (which) => ({ op: 'mlock', future: which === 'future' }),
    ),
  mmu_notifier: (op) =>
    define(
      op,
      z
        .enum(['blocking', 'nonblocking'], { error: 'blocking or nonblocking' })
        .describe('Register an MMU notifier, as KVM does; blocking: it may have to wait.'),
      {},
      (kind) => ({ op: 'mmu_notifier', blocking: kind === 'blocking' }),
    ),
  kmem: (op) =>
    define(
      op,
      sizeVariate.describe('Allocate this much kernel memory.'),
      {
        class: z
          .enum(['user', 'kernel', 'nofs', 'nofail', 'atomic'], {
            error: 'user, kernel, nofs, nofail or atomic',
          })
          .prefault('kernel')
          .describe(
            'user: GFP_HIGHUSER_MOVABLE; kernel: GFP_KERNEL; nofs: GFP_NOFS; ' +
              'nofail: GFP_KERNEL|__GFP_NOFAIL; atomic: GFP_ATOMIC.',
          ),
        order: integer(0, 10).prefault(0).describe('In blocks of 2^order pages.'),
        accounted: flag().prefault(true).describe('__GFP_ACCOUNT: charge it to the cgroup.'),
        every,
      },
      (amount, m) => ({
        op: 'kmem',
        size: amount,
        class: m.class,
        order: m.order,
        accounted: m.accounted,
        every: m.every ?? null,
      }),
    ),
  pipes: many('pipes', 'Open this many pipes and fill them.'),
  sockets: many('sockets', 'Open this many socket pairs and fill them.'),
  fds: many('fds', 'Open this many files.'),
};

const start = (op: 'spawn' | 'fork', doc: string) => () =>
  define(
    op,
    processName.describe(doc),
    {
      count: count
        .optional()
        .describe('How many; without it, as many as that process says in its own count.'),
    },
    (process, m) => ({ op, process, count: m.count ?? null }),
  );

const share = (op: 'clone_vm' | 'vfork', doc: string) => () =>
  define(op, processName.describe(doc), {}, (process) => ({ op, process }));

const pass =
  (
    op: 'mmap_sem' | 'mprotect' | 'sleep' | 'compute' | 'uninterruptible' | 'core_dump' | 'hold',
    doc: string,
  ) =>
  () =>
    define(op, timeVariate.describe(doc), {}, (duration) => ({ op, duration }));

const taskSteps: Members<Step> = {
  spawn: start('spawn', 'Fork, and exec this process.'),
  fork: start('fork', 'Fork; the child keeps the memory copy-on-write and runs this program.'),
  clone_vm: share('clone_vm', 'clone(CLONE_VM): the child shares this memory.'),
  vfork: share('vfork', 'As clone_vm, and wait until the child execs or exits.'),
  probe: (op) =>
    define(
      op,
      z
        .enum(['pipe', 'sock', 'tmpfs', 'fork', 'open', 'mmap'], {
          error: 'pipe, sock, tmpfs, fork, open or mmap',
        })
        .describe('Make this system call again and again; count those that fail with ENOMEM.'),
      {
        for: timeVariate.describe('How long.'),
        every: timeVariate.prefault('4ms').describe('Sleep this long after each call.'),
      },
      (kind, m) => ({ op: 'probe', kind, duration: m.for, every: m.every }),
    ),
  mmap_sem: pass('mmap_sem', 'Hold mmap_sem for write for so long.'),
  mprotect: pass('mprotect', 'Take mmap_sem for write and drop it, in a loop, for so long.'),
  sleep: pass('sleep', 'Sleep.'),
  compute: pass('compute', 'Use this much CPU time.'),
  core_dump: pass('core_dump', 'Crash, and write a core file for this long before memory goes.'),
  uninterruptible: pass('uninterruptible', 'Sleep in D state: a kill has no effect until it ends.'),
  hold: pass('hold', 'Do nothing for so long.'),
  at: (op) =>
    define(op, time.describe('Wait until this time after the start of the run.'), {}, (at) => ({
      op: 'at',
      time: at,
    })),
  await: (op) =>
    define(
      op,
      integer(0, COUNT_MAX).describe('Wait until so many processes have said ready.'),
      { timeout: time.prefault('10s').describe('Wait no longer than this.') },
      (n, m) => ({ op: 'await', count: n, timeout: m.timeout }),
    ),
  exit: (op) =>
    define(op, integer(0, 255).describe('Exit with this code.'), {}, (code) => ({
      op: 'exit',
      code,
    })),
  oom_score_adj: (op) =>
    define(
      op,
      integer(-1000, 1000).describe('Write this to /proc/self/oom_score_adj.'),
      {},
      (value) => ({ op: 'oom_score_adj', value }),
    ),
  comm: (op) =>
    define(op, text('a name', 15).describe('prctl(PR_SET_NAME).'), {}, (value) => ({
      op: 'comm',
      value,
    })),
  cgroup: (op) =>
    define(op, cgroupPath.describe('Move to this cgroup.'), {}, (path) => ({
      op: 'cgroup',
      path,
    })),
  ignore: (op) =>
    define(op, signalName.describe('Ignore this signal.'), {}, (signal) => ({
      op: 'ignore',
      signal,
    })),
  loop: (op) =>
    define(
      op,
      z
        .array(
          z.lazy(() => step),
          { error: 'a list of steps' },
        )
        .describe('Run these steps again and again; time has to pass in them.'),
      {
        times: integer(1, 1_000_000_000).optional().describe('How often; without it, for ever.'),
      },
      (steps, m) => ({ op: 'loop', times: m.times ?? null, steps }),
    ),
};

/** One step of a program, as written: a bare word, or a map with the step's name as a key. */
export const step: StepSchema = keyed('a step', { ...memorySteps, ...taskSteps }, word, words).meta(
  { id: 'step', description: 'A step of a program.' },
);
