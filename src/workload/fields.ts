/**
 * The atoms of the schema: sizes, times, distributions, integers, names.
 *
 * Convention for messages: what a schema reports is the phrase that follows "expected"; issues.ts
 * adds what was found. Issues with `params.free` are whole sentences of their own.
 */

import * as z from 'zod';
import { keyed } from './keyed.js';
import type { Variate } from './types.js';
import { type Parsed, parsePages, parseSize, parseTime } from './units.js';

/** A map that takes these keys and no others. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  // For unknown keys the message lists the known ones, from which issues.ts picks a suggestion.
  const known = Object.keys(shape).join(' ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : 'a map'),
  });
}

/** A whole number within bounds. */
export function integer(min: number, max: number) {
  const error = `an integer between ${min} and ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A switch, as YAML's true/false or as the kernel's 0/1. */
export function flag() {
  return z
    .union([z.boolean(), z.literal(0), z.literal(1)], { error: '0, 1, true or false' })
    .transform((value) => value === true || value === 1);
}

/** A string with a bounded length and without control characters. */
export function text(what: string, lengthMax: number) {
  return z
    .string({ error: what })
    .min(1, { error: what })
    .max(lengthMax, { error: `${what} of at most ${lengthMax} characters` })
    .refine((value) => printableOnly(value), { error: `${what} without control characters` });
}

function printableOnly(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(value);
}

/**
 * Lets zod report a unit error the way the rest of the schema does.
 * @param pattern of the string form, and
 * @param numbers what the JSON Schema says of the number form; `parse` is what decides
 */
function amount(
  expected: string,
  pattern: string,
  parse: (written: string | number) => Parsed,
  numbers: Readonly<Record<string, unknown>> = { type: 'integer', minimum: 0 },
) {
  return z
    .union([z.string().meta({ pattern }), z.number().meta(numbers)], { error: expected })
    .transform((written, ctx): number => {
      const parsed = parse(written);
      // Math.trunc(): V8 keeps `value` as a float, large or not, and whatever is added to a float, too.
      if (parsed.ok) return Math.trunc(parsed.value);
      ctx.addIssue({ code: 'custom', message: expected, params: { why: parsed.why } });
      return z.NEVER;
    });
}

const SIZE_PATTERN = '^\\s*[0-9]+(\\.[0-9]+)?\\s*([KkMmGgTtPp]([Ii]?[Bb]?)?|[Bb]|pages?)?\\s*$';
const TIME_PATTERN = '^\\s*([0-9]+(\\.[0-9]+)?\\s*(ns|us|µs|ms|s|m|min|h)|0)\\s*$';

/** Bytes. */
export const size = amount('a size such as 512MiB', SIZE_PATTERN, parseSize).meta({
  id: 'size',
  description:
    'A size: 512MiB, 4G (1024-based, as the kernel reads it), 300 pages, or a number of bytes.',
});

/** Pages, written as a size. */
export const pages = amount(
  'a whole number of pages, such as 300 pages or 512MiB',
  SIZE_PATTERN,
  parsePages,
).meta({
  id: 'pages',
  description: 'A size that is a whole number of pages: 300 pages, 512MiB.',
});

/** Bytes, or Infinity for `max`. */
export const limit = amount(
  'a size such as 512MiB, or max',
  `^max$|${SIZE_PATTERN}`,
  (written): Parsed =>
    written === 'max' ? { ok: true, value: Number.POSITIVE_INFINITY } : parseSize(written),
).meta({
  id: 'limit',
  description: 'A size as the kernel reads it (512MiB, 4G), or max for no limit.',
});

/** Nanoseconds. */
export const time = amount('a time such as 20ms', TIME_PATTERN, parseTime, { const: 0 }).meta({
  id: 'time',
  description: 'A time: 250ns, 500us, 10ms, 2s, 5m, 1h.',
});

/** Bytes a second. */
export const bandwidth = amount(
  'a size a second such as 500MiB/s',
  SIZE_PATTERN.replace('\\s*$', '\\s*(/\\s*s)?\\s*$'),
  (written): Parsed => {
    const size = parseSize(
      typeof written === 'number' ? written : written.replace(/\/\s*s\s*$/, ''),
    );
    return size.ok && size.value === 0 ? { ok: false, why: 'nothing would ever arrive' } : size;
  },
).meta({
  id: 'bandwidth',
  description: 'A size a second: 500MiB/s.',
});

const PERCENT = 'a percentage such as 10%';

/** Hundredths of a percent, from 0 to 10000. */
export const percent = z
  .string({ error: PERCENT })
  .regex(/^(100(\.00?)?|[0-9]{1,2}(\.[0-9]{1,2})?)%$/, { error: PERCENT })
  .transform((written) => Math.round(Number(written.slice(0, -1)) * 100))
  .meta({ id: 'percent', description: 'A percentage with at most two decimals: 10%, 12.5%.' });

type Scalar = typeof size;

function variate(what: string, scalar: Scalar): z.ZodType<Variate, unknown> {
  const pair = (names: string) =>
    z.tuple([scalar, scalar], { error: `a list of two: [${names}]` }).describe(`[${names}]`);
  const members = {
    constant: () =>
      strict({ constant: scalar }).transform(
        (v): Variate => ({ kind: 'constant', value: v.constant }),
      ),
    exponential: () =>
      strict({ exponential: scalar.describe('The mean.') }).transform(
        (v): Variate => ({ kind: 'exponential', mean: v.exponential }),
      ),
    uniform: () =>
      strict({ uniform: pair('smallest, largest') })
        .refine((v) => v.uniform[0] <= v.uniform[1], {
          error: 'the smallest before the largest',
          path: ['uniform'],
        })
        .transform((v): Variate => ({ kind: 'uniform', min: v.uniform[0], max: v.uniform[1] })),
    normal: () =>
      strict({ normal: pair('mean, standard deviation') }).transform(
        (v): Variate => ({ kind: 'normal', mean: v.normal[0], sd: v.normal[1] }),
      ),
    choice: () =>
      strict({
        choice: z
          .array(scalar, { error: 'a list of values' })
          .min(1, { error: 'at least one value' })
          .max(10_000, { error: 'at most 10000 values' })
          .describe('One of these, each as likely as the others; repeat one to make it likelier.'),
      }).transform((v): Variate => ({ kind: 'choice', values: v.choice })),
  };
  return keyed(
    what,
    members,
    scalar.transform((value): Variate => ({ kind: 'constant', value })),
  );
}

/** Bytes, or a distribution of them. */
export const sizeVariate = variate('a size such as 512MiB, or a distribution', size).meta({
  id: 'sizeOrDistribution',
  description: 'A size, or a distribution: { uniform: [40MiB, 80MiB] }, { exponential: 1MiB }, …',
});

/** Nanoseconds, or a distribution of them. */
export const timeVariate = variate('a time such as 20ms, or a distribution', time).meta({
  id: 'timeOrDistribution',
  description: 'A time, or a distribution: { exponential: 60ms }, { uniform: [1ms, 5ms] }, …',
});

/** The largest value that a variate surely can draw above 0: false only for a constant 0. */
export function canBePositive(variate: Variate): boolean {
  switch (variate.kind) {
    case 'constant':
      return variate.value > 0;
    case 'exponential':
      return variate.mean > 0;
    case 'uniform':
      return variate.max > 0;
    case 'normal':
      return variate.mean > 0 || variate.sd > 0;
    case 'choice':
      return variate.values.some((value) => value > 0);
  }
}

/** An absolute cgroup path: `/`, `/a`, `/a/b`. */
export const cgroupPath = z
  .string({ error: 'a cgroup path such as /a/b' })
  .superRefine((path, ctx) => {
    const why = cgroupPathProblem(path);
    if (why === null) return;
    ctx.addIssue({ code: 'custom', message: 'a cgroup path such as /a/b', params: { why } });
  })
  .meta({
    id: 'cgroupPath',
    pattern: '^/$|^(/[^/]+)+$',
    description: 'A cgroup path from the root of the cgroup2 file system: /a/b.',
  });

/** Deeper trees are refused: the kernel model walks ancestors on every charge. */
const CGROUP_DEPTH_MAX = 32;

/** Why the path can't be a cgroup's, or null. */
export function cgroupPathProblem(path: string): string | null {
  if (!path.startsWith('/')) return 'it must begin with /';
  if (path === '/') return null;
  const parts = path.slice(1).split('/');
  if (parts.some((part) => part === '')) return 'an empty name between, or after, the slashes';
  if (parts.some((part) => part === '.' || part === '..')) return 'no . or .. in it, please';
  if (parts.some((part) => part.length > 255)) return 'a name of more than 255 characters';
  if (parts.length > CGROUP_DEPTH_MAX) return `deeper than ${CGROUP_DEPTH_MAX} levels`;
  if (!printableOnly(path)) return 'control characters in it';
  return null;
}

/** NUMA nodes, by number. */
export const nodes = z
  .array(integer(0, 63), { error: 'a list of node numbers, such as [0, 1]' })
  .min(1, { error: 'at least one node' });

/** What files of every kind may begin with. */
export const heading = {
  $schema: z.string({ error: 'a URL' }).optional().describe('For editors; has no effect.'),
  name: z
    .string({ error: 'a name' })
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
      error: 'a name of letters, digits, dots, dashes and underscores (it becomes a folder name)',
    })
    .optional()
    .describe('Default: the name of the file.'),
};
