/** Random workload files, valid by construction, in the shape in which they are written. */

import * as fc from 'fast-check';
import type { WorkloadFile } from '../../src/workload/write.js';

const size = fc.oneof(
  fc.integer({ min: 1, max: 900 }).map((n) => `${n}MiB`),
  fc.integer({ min: 1, max: 900 }).map((n) => `${n} pages`),
  fc.constantFrom('0.5GiB', '64 kB', '1M'),
  fc.integer({ min: 1, max: 2 ** 30 }),
);
const time = fc.oneof(
  fc.integer({ min: 1, max: 900 }).map((n) => `${n}ms`),
  fc.constantFrom('250ns', '1.5s', '10 us', '1m'),
);
const orVariate = (scalar: fc.Arbitrary<string | number>) =>
  fc.oneof(
    { weight: 4, arbitrary: scalar as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: fc.record({ exponential: scalar }) },
    { weight: 1, arbitrary: fc.record({ constant: scalar }) },
    { weight: 1, arbitrary: fc.record({ normal: fc.tuple(scalar, scalar) }) },
    {
      weight: 1,
      arbitrary: fc.record({ choice: fc.array(scalar, { minLength: 1, maxLength: 4 }) }),
    },
    { weight: 1, arbitrary: scalar.map((value) => ({ uniform: [value, value] })) },
  );
const sizes = orVariate(size);
const times = orVariate(time);
const counts = fc.integer({ min: 1, max: 20 });
const flags = fc.constantFrom(true, false, 0, 1);
/** Anything that may be in a name: quotes, colons, hashes, accents, but no control characters. */
const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((word) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(word) && Buffer.byteLength(word) <= 15);

const optional = (model: Record<string, fc.Arbitrary<unknown>>, ...required: string[]) =>
  fc.record(model, { requiredKeys: required });

const CGROUPS = ['/a', '/a/b', '/c', '/c/d/e'];
const CHILD = 'child';

const leafStep: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom('hold', 'free', 'mlock', 'frozen_write', 'ready', 'wait', 'stop', 'exit'),
  optional({ anon: sizes, step: sizes, every: times }, 'anon'),
  optional({ shm: sizes, step: sizes, every: times }, 'shm'),
  optional({ tmpfs: sizes, every: times }, 'tmpfs'),
  optional({ read: sizes, file: words, skip: size, times: counts, every: times }, 'read'),
  optional({ map: sizes, file: words, times: counts }, 'map'),
  optional({ write: sizes, file: words, every: times }, 'write'),
  optional({ churn: times, every: times }, 'churn'),
  optional({ threads: counts, anon: sizes }, 'threads'),
  optional({ bomb: fc.integer({ min: 0, max: 4 }), anon: sizes, every: times }, 'bomb'),
  optional({ kmem: sizes, order: fc.integer({ min: 0, max: 10 }), accounted: flags }, 'kmem'),
  optional({ probe: fc.constantFrom('pipe', 'mmap'), for: times, every: times }, 'probe', 'for'),
  optional({ pipes: counts, every: times }, 'pipes'),
  optional({ spawn: fc.constant(CHILD), count: counts }, 'spawn'),
  fc.constantFrom({ fork: CHILD }, { clone_vm: CHILD }, { vfork: CHILD }),
  fc.record({ oom_score_adj: fc.integer({ min: -1000, max: 1000 }) }),
  fc.record({ cgroup: fc.constantFrom(...CGROUPS) }),
  fc.record({ comm: words }),
  fc.record({ sleep: times }),
  fc.record({ hold: times }),
  fc.record({ at: time }),
  optional({ await: counts, timeout: time }, 'await'),
);
const step = fc.oneof(
  { weight: 8, arbitrary: leafStep },
  {
    weight: 1,
    arbitrary: optional(
      { loop: fc.array(leafStep, { maxLength: 3 }), times: counts },
      'loop',
      'times',
    ),
  },
);

const pageCounts = fc.integer({ min: 0, max: 50 }).map((n) => `${n} pages`);
const process = optional(
  {
    name: words,
    comm: words,
    cgroup: fc.constantFrom(...CGROUPS),
    count: counts,
    uid: fc.integer({ min: 0, max: 70_000 }),
    oom_score_adj: fc.integer({ min: -1000, max: 1000 }),
    start: times,
    top: flags,
    program: fc.array(step, { maxLength: 6 }),
    memory: optional({ anon: pageCounts, file: pageCounts, pgtables: pageCounts }),
    restart: fc.oneof(
      fc.constantFrom('never', 'on-kill', 'always'),
      optional({ when: fc.constantFrom('on-kill', 'always'), delay: time, max: counts }),
    ),
    cap_sys_admin: flags,
  },
  'name',
);

const event = fc.oneof(
  fc.record({ at: time, sysrq: fc.constant('f') }),
  fc.record({ after_first_kill: time, thaw: fc.constant(true) }),
  fc.record({
    at: time,
    write: fc.constantFrom(...CGROUPS.map((path) => `${path}/memory.max`)),
    value: fc.oneof(size, fc.constant('max')),
  }),
  fc.record({ at: time, rmdir: fc.constantFrom(...CGROUPS) }),
  fc.record({
    at: time,
    sysctl: fc.constant('vm.swappiness'),
    value: fc.integer({ min: 0, max: 99 }),
  }),
  fc.record({ at: time, kill: fc.constant(CHILD), signal: fc.constantFrom('TERM', 'KILL') }),
);

const knobs = fc.option(
  optional({
    'memory.max': fc.oneof(size, fc.constant('max')),
    'memory.low': size,
    'memory.oom.group': flags,
  }),
);

/** Lines of any text, as `doc` may hold. */
const prose = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter((text) => !/\p{Cs}/u.test(text) && !text.includes('\0'));

/** A valid workload file. */
export const workloadFile: fc.Arbitrary<WorkloadFile> = optional(
  {
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/),
    doc: prose,
    machine: optional(
      {
        memory: fc.constantFrom('512MiB', '4G', 2 ** 30),
        swap: fc.oneof(fc.constantFrom(0, '1GiB'), fc.constant({ size: '1GiB', latency: '50us' })),
        cpus: counts,
        hz: fc.constantFrom(100, 250, 300, 1000),
        costs: optional({ touch_page: time, fork: time }),
      },
      'memory',
    ),
    kernel: fc.oneof(
      fc.constantFrom('4.15', '6.1'),
      optional({
        version: fc.constantFrom('4.15', '5.0'),
        oom_policy: fc.constantFrom('process', 'cgroup', './mine.ts'),
        root_bonus: fc.boolean(),
      }),
    ),
    sysctl: optional({ 'vm.swappiness': counts, 'vm.panic_on_oom': fc.constantFrom(0, 1, 2) }),
    cgroups: fc.tuple(knobs, knobs, knobs, knobs).map((all) => {
      return Object.fromEntries(CGROUPS.map((path, index) => [path, all[index]]));
    }),
    processes: fc
      .uniqueArray(process, {
        maxLength: 4,
        selector: (each) => (each as { name: string }).name,
      })
      .map((all) => [
        { name: CHILD, top: false },
        ...all.filter((each) => (each as { name: string }).name !== CHILD),
      ]),
    events: fc.array(event, { maxLength: 4 }),
    until: time,
    quiet: time,
    seed: fc.oneof(fc.integer(), words),
  },
  'machine',
  'cgroups',
  'processes',
) as fc.Arbitrary<WorkloadFile>;
