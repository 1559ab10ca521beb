/** Events: things that are done to the system from outside, at a time. */

import * as z from 'zod';
import { OOM_POLICIES } from './cgroupSchema.js';
import { cgroupPath, cgroupPathProblem, limit, strict, text, time } from './fields.js';
import { keyed } from './keyed.js';
import { signalName } from './signals.js';
import { hint } from './suggest.js';
import { SYSCTLS } from './sysctlSchema.js';
import type { EventSpec } from './types.js';

/** Turns the value of a knob as written into what types.ts promises, or says what it must be. */
type KnobReader = (written: string | number | boolean) => { value: string } | { expected: string };

const readLimit: KnobReader = (written) => {
  const parsed = limit.safeParse(written);
  if (!parsed.success) return { expected: 'a size such as 512MiB, or max' };
  return { value: parsed.data === Number.POSITIVE_INFINITY ? 'max' : String(parsed.data) };
};
const readSize: KnobReader = (written) => {
  const parsed = limit.safeParse(written);
  if (parsed.success && Number.isFinite(parsed.data)) return { value: String(parsed.data) };
  return { expected: 'a size such as 512MiB' };
};
const readKill: KnobReader = (written) =>
  String(written) === '1' ? { value: '1' } : { expected: '1' };
const readFlag: KnobReader = (written) => {
  if (['0', 'false'].includes(String(written))) return { value: '0' };
  if (['1', 'true'].includes(String(written))) return { value: '1' };
  return { expected: '0 or 1' };
};
const readPolicy: KnobReader = (written) =>
  (OOM_POLICIES as readonly unknown[]).includes(written)
    ? { value: String(written) }
    : { expected: 'none, cgroup or tree' };
const readSubtree: KnobReader = (written) =>
  /^[+-]\w+( [+-]\w+)*$/.test(String(written))
    ? { value: String(written) }
    : { expected: 'controllers with + or -, such as "-memory"' };

/** Files of a cgroup that an event may write. */
const KNOBS = new Map<string, KnobReader>([
  ['memory.max', readLimit],
  ['memory.high', readLimit],
  ['memory.low', readLimit],
  ['memory.min', readLimit],
  ['memory.swap.max', readLimit],
  ['memory.oom.group', readFlag],
  ['memory.oom_group', readFlag],
  ['memory.oom_policy', readPolicy],
  ['memory.reclaim', readSize],
  ['cgroup.kill', readKill],
  ['cgroup.subtree_control', readSubtree],
]);

const moments = {
  at: time.optional().describe('When, after the start of the run.'),
  after_first_kill: time.optional().describe('When, after the first OOM kill.'),
};

interface Moments {
  readonly at?: number | undefined;
  readonly after_first_kill?: number | undefined;
}
type Moment = Pick<EventSpec, 'atNs' | 'after'>;

function momentOf(v: Moments, ctx: z.core.$RefinementCtx): Moment {
  if (v.at !== undefined && v.after_first_kill === undefined) return { atNs: v.at, after: 'start' };
  if (v.at === undefined && v.after_first_kill !== undefined) {
    return { atNs: v.after_first_kill, after: 'first-kill' };
  }
  const both = v.at !== undefined;
  const message = both
    ? 'an event has either "at" or "after_first_kill"'
    : 'when? add "at: 3s" or "after_first_kill: 3s"';
  ctx.addIssue({ code: 'custom', message, params: { free: true } });
  return { atNs: 0, after: 'start' };
}

/** An event written `{ at: 3s, op: argument, … }`. */
function define<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  make: (
    written: z.output<z.ZodObject<Shape>>,
    moment: Moment,
    ctx: z.core.$RefinementCtx,
  ) => EventSpec,
): z.ZodType<EventSpec, unknown> {
  return strict({ ...moments, ...shape }).transform((written, ctx) => {
    const all = written as unknown as Moments & z.output<z.ZodObject<Shape>>;
    return make(all, momentOf(all, ctx), ctx);
  });
}

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'a value' });

function makeWrite(
  v: { write: string; value: string | number | boolean },
  moment: Moment,
  ctx: z.core.$RefinementCtx,
): EventSpec {
  const slash = v.write.lastIndexOf('/');
  const cgroup = slash <= 0 ? '/' : v.write.slice(0, slash);
  const file = v.write.slice(slash + 1);
  const read = KNOBS.get(file);
  const why = slash < 0 ? 'it must begin with /' : cgroupPathProblem(cgroup);
  if (why !== null) {
    const message = 'the path of a cgroup file, such as /a/memory.max';
    ctx.addIssue({ code: 'custom', message, path: ['write'], params: { why } });
  } else if (read === undefined) {
    const message = `there is no file "${file}" that can be written${hint(file, KNOBS.keys())}`;
    ctx.addIssue({ code: 'custom', message, path: ['write'], params: { free: true } });
  }
  const value = read?.(v.value) ?? { value: '' };
  if ('expected' in value) {
    ctx.addIssue({ code: 'custom', message: value.expected, path: ['value'] });
    return { ...moment, op: 'write', cgroup, file, value: '' };
  }
  return { ...moment, op: 'write', cgroup, file, value: value.value };
}

function makeSysctl(
  v: { sysctl: string; value: number },
  moment: Moment,
  ctx: z.core.$RefinementCtx,
): EventSpec {
  const schema = Object.hasOwn(SYSCTLS, v.sysctl)
    ? SYSCTLS[v.sysctl as keyof typeof SYSCTLS]
    : null;
  if (schema === null) {
    const message = `unknown sysctl "${v.sysctl}"${hint(v.sysctl, Object.keys(SYSCTLS))}`;
    ctx.addIssue({ code: 'custom', message, path: ['sysctl'], params: { free: true } });
    return { ...moment, op: 'sysctl', name: v.sysctl, value: 0 };
  }
  const parsed = schema.safeParse(v.value);
  if (!parsed.success) {
    const message = parsed.error.issues[0]!.message;
    ctx.addIssue({ code: 'custom', message, path: ['value'] });
  }
  return { ...moment, op: 'sysctl', name: v.sysctl, value: v.value };
}

const yes = z.literal(true, { error: 'true' });

/** One entry of `events`. */
export const event = keyed<EventSpec>(
  'an event',
  {
    write: () =>
      define(
        {
          write: z
            .string({ error: 'the path of a cgroup file, such as /a/memory.max' })
            .describe('A file of a cgroup: /a/memory.max.'),
          value: scalar.describe('What to write: 100MiB, max, 1, "-memory".'),
        },
        makeWrite,
      ),
    sysctl: () =>
      define(
        {
          sysctl: z.string({ error: 'the name of a sysctl' }).describe('vm.swappiness, …'),
          value: z.number({ error: 'a number' }).describe('Its new value.'),
        },
        makeSysctl,
      ),
    sysrq: () =>
      define(
        {
          sysrq: z.literal('f', { error: 'f, which runs the OOM killer' }).describe('f: OOM kill.'),
        },
        (v, moment) => ({ ...moment, op: 'sysrq', key: v.sysrq }),
      ),
    mkdir: () =>
      define({ mkdir: cgroupPath.describe('Make a cgroup.') }, (v, moment) => ({
        ...moment,
        op: 'mkdir',
        cgroup: v.mkdir,
      })),
    rmdir: () =>
      define({ rmdir: cgroupPath.describe('Remove a cgroup.') }, (v, moment) => ({
        ...moment,
        op: 'rmdir',
        cgroup: v.rmdir,
      })),
    remount: () =>
      define(
        {
          remount: z
            .enum(['groupoom', 'defaults'], { error: 'groupoom or defaults' })
            .describe("Remount cgroup2 with this option: the whole series' groupoom, or without."),
        },
        (v, moment) => ({ ...moment, op: 'remount', groupoom: v.remount === 'groupoom' }),
      ),
    freeze: () =>
      define({ freeze: yes.describe('Freeze the file system.') }, (_, moment) => ({
        ...moment,
        op: 'freeze',
      })),
    thaw: () =>
      define({ thaw: yes.describe('Thaw the file system.') }, (_, moment) => ({
        ...moment,
        op: 'thaw',
      })),
    kill: () =>
      define(
        {
          kill: text('the name of a process', 64).describe(
            'Send a signal to every process so named.',
          ),
          signal: signalName.prefault('TERM').describe('Which signal.'),
        },
        (v, moment) => ({ ...moment, op: 'kill', process: v.kill, signal: v.signal }),
      ),
  },
  null,
).meta({ id: 'event', description: 'Something that is done to the system from outside.' });
