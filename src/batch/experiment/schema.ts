/** The experiment file as written; of the same family as workload files. */
import * as z from 'zod';
import { cgroupPath, heading, integer, size, strict, text } from '../../workload/fields.js';
import { listOrKeyed, shortOrLong } from '../../workload/keyed.js';
import { REPLICATIONS_MAX } from './limits.js';

const scalar = z.union([z.string().min(1), z.number(), z.boolean()], {
  error: 'a text, a number, true or false',
});

const LEVELS_MAX = 1000;
const levelList = z
  .array(scalar, { error: 'a list of levels' })
  .min(1, { error: 'at least one level' })
  .max(LEVELS_MAX, { error: `at most ${LEVELS_MAX} levels` });

const place = z
  .union(
    [
      z.string().min(1),
      z.array(z.union([z.string(), z.number()])).min(1),
      z.array(z.array(z.union([z.string(), z.number()])).min(1)).min(1),
    ],
    { error: 'a place in the workload, such as processes.small.count' },
  )
  .describe(
    'Where in the workload: processes.NAME.count, cgroups./a.memory.max, machine.memory, …',
  );

export type ListForm = { kind: 'list'; levels: readonly (string | number | boolean)[] };
export type ValuesForm = {
  kind: 'values';
  at: z.output<typeof place>;
  levels: readonly (string | number | boolean)[];
};
export type RangeForm = {
  kind: 'range';
  at: z.output<typeof place> | null;
  from: string | number;
  to: string | number;
  steps: number;
  /** Other places that go along, from one value to another in the same steps. */
  with: Readonly<Record<string, { from: string | number; to: string | number }>>;
};
export type LevelsForm = {
  kind: 'levels';
  levels: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
export type FactorForm = ListForm | ValuesForm | RangeForm | LevelsForm;

const amount = z.union([z.string().min(1), z.number()], {
  error: 'a number, a size or a time',
});

const range = strict({
  from: amount.describe('What goes with the first level.'),
  to: amount.describe('What goes with the last level.'),
});

const factor = listOrKeyed<FactorForm>(
  'a list of levels, { at, values }, { from, to, steps } or { levels }',
  levelList.transform((levels): FactorForm => ({ kind: 'list', levels })),
  {
    levels: () =>
      strict({
        levels: z
          .record(
            text('the name of a level', 64),
            z.record(z.string().min(1), z.unknown()).nullable(),
            { error: 'a map from names of levels to what they change' },
          )
          .describe('What each level changes: { NAME: { PLACE: VALUE, … }, … }'),
      }).transform((v): FactorForm => {
        const levels = Object.entries(v.levels).map(([name, changes]) => [name, changes ?? {}]);
        return { kind: 'levels', levels: Object.fromEntries(levels) };
      }),
    values: () =>
      strict({ at: place, values: levelList.describe('The levels.') }).transform(
        (v): FactorForm => ({ kind: 'values', at: v.at, levels: v.values }),
      ),
    from: () =>
      strict({
        at: place.optional(),
        from: amount.describe('The first level.'),
        to: amount.describe('The last level.'),
        steps: integer(2, LEVELS_MAX).describe('How many levels, evenly spaced, with both ends.'),
        with: z
          .record(z.string().min(1), range, {
            error: 'a map from places to { from, to }',
          })
          .prefault({})
          .describe('Other places that go along in the same steps: { PLACE: { from, to } }.'),
      }).transform((v): FactorForm => ({ kind: 'range', ...v, at: v.at ?? null })),
  },
);

const METRIC = 'the name of a metric, such as kills or killed[NAME]';
const metric = z
  .string({ error: METRIC })
  .min(1, { error: METRIC })
  .describe('A metric: kills, killed[NAME], …; `oomsim list metrics` shows them.');

const replicationCount = integer(1, REPLICATIONS_MAX);
const replications = shortOrLong(
  'a number of runs of each cell, or { min, max, until }',
  replicationCount.transform((count) => ({
    min: count,
    max: count,
    step: count,
    until: undefined as { metric: string; half_width: string | number } | undefined,
  })),
  strict({
    min: replicationCount.prefault(10).describe('Runs of each cell before the rule is looked at.'),
    max: replicationCount.describe('Runs of each cell at most.'),
    step: replicationCount.prefault(10).describe('Runs between two looks at the rule.'),
    until: strict({
      metric,
      half_width: z
        .union([z.number().positive(), z.string().regex(/^[0-9]+(\.[0-9]+)?%$/)], {
          error: 'a number above 0, or a share of the mean such as 10%',
        })
        .describe('Of the 95 % confidence interval of the mean: 0.05, or 10% of the mean.'),
    }).describe('Stop when the interval of this metric is as small as that.'),
  }).refine((v) => v.min <= v.max, { error: 'no less than min', path: ['max'] }),
).describe('How often each cell is played, with other random numbers each time.');

const containerPaths = z.union([cgroupPath, z.array(cgroupPath).min(1)], {
  error: 'a cgroup path such as /a, or a list of them',
});
/** A list of paths is a map from each path to itself. */
const containers = z.preprocess(
  (v) => (Array.isArray(v) ? Object.fromEntries(v.map((path) => [String(path), path])) : v),
  z
    .record(z.string().regex(/^[^[\]",]{1,60}$/, { error: 'a name' }), containerPaths, {
      error: 'a map from names to cgroup paths, or a list of cgroup paths',
    })
    .refine((named) => Object.keys(named).length > 0, { error: 'at least one container' }),
);

const fraction = z
  .string({ error: 'a fraction such as 1/3' })
  .regex(/^1\/[1-9][0-9]{0,2}$/, { error: 'a fraction such as 1/3' })
  .transform((written) => Number(written.slice(2)))
  .describe('Which part of all combinations is played: 1/2, 1/3, …');

/** The whole file. */
export const experimentSchema = strict({
  ...heading,
  doc: z.string({ error: 'a text' }).prefault('').describe('The question that it asks.'),
  workload: z
    .union([z.string().min(1), z.record(z.string(), z.unknown())], {
      error: 'the name or file of a workload, or a workload itself',
    })
    .describe('The base workload: a shipped one, a file beside this one, or a workload itself.'),
  factors: z
    .record(
      z.string().regex(/^[^,"\n]{1,120}$/, { error: 'a name without commas and quotes' }),
      factor,
      {
        error: 'a map from factors to their levels',
      },
    )
    .describe('What is varied: policy, kernel, or a place in the workload, or a name with `at`.'),
  design: z
    .union([z.literal('full'), strict({ fraction })], { error: 'full, or { fraction: 1/3 }' })
    .prefault('full')
    .describe('full: every combination of levels; { fraction: 1/3 }: a balanced third of them.'),
  replications: replications.prefault(30),
  seed: z
    .union([z.string().min(1).max(200), integer(0, Number.MAX_SAFE_INTEGER)], {
      error: 'a string or an integer',
    })
    .transform(String)
    .prefault('1')
    .describe('Where all random draws come from. Run i of every cell draws the same numbers.'),
  containers: containers
    .optional()
    .describe('What counts as one container: { NAME: /path, … } or [/path, …]. Default: leaves.'),
  requests: z
    .record(z.string(), size, { error: 'a map from containers to sizes' })
    .prefault({})
    .describe('What containers are entitled to. Default: from memory.min, low, high, max.'),
  metrics: z
    .array(metric, { error: 'a list of metrics' })
    .min(1, { error: 'at least one metric' })
    .optional()
    .describe('What is shown and tested; everything is in runs.csv.'),
  compare: strict({
    factor: text('a factor', 120).describe('The factor whose levels are compared.'),
    to: scalar.transform(String).describe('The level that the others are compared with.'),
  })
    .optional()
    .describe('Default: the factor policy, with its first level.'),
  along: text('a factor', 120)
    .optional()
    .describe(
      'The horizontal axis of plots. Default: the first factor of numbers, sizes or times.',
    ),
  crossover: strict({
    metric,
    value: z.number({ error: 'a number' }).prefault(0.5).describe('Which value.'),
  })
    .optional()
    .describe('Report where this metric passes a value as the factor `along` grows.'),
}).describe('An experiment of oomsim: a workload, what is varied in it, what is measured.');
