/** The rulesets of oomd (facebookincubator/oomd: docs/core_plugins.md), as YAML rather than JSON. */

import * as z from 'zod';
import { flag, integer, size, strict, text, time } from './fields.js';
import { keyed } from './keyed.js';
import type { OomdAction, OomdDetector, OomdRuleset } from './killerTypes.js';

const PATTERN = 'cgroup paths, which may hold * and ?, with commas between: system.slice/*';

/** As oomd's `cgroup` argument; a leading slash is fine too. */
const patterns = text(PATTERN, 1000)
  .refine((written) => written.split(',').every((part) => /^\/?[^/]+(\/[^/]+)*$/.test(part)), {
    error: PATTERN,
  })
  .transform((written) => written.split(',').map((part) => `/${part.replace(/^\//, '')}`))
  .describe('Cgroup paths with * and ?, separated by commas.');

const memoryOnly = z
  .literal('memory', { error: 'memory, the only resource that is modelled' })
  .optional()
  .describe('memory.');
const percentNumber = (what: string) => integer(0, 100).describe(`${what}, in percent.`);

const pressure = {
  cgroup: patterns,
  resource: memoryOnly,
  threshold: percentNumber('Pressure (full) above this'),
  duration: time.describe('For so long.'),
};

const ratio = (doc: string) =>
  z
    .number({ error: 'a number between 0 and 1000' })
    .min(0, { error: 'a number between 0 and 1000' })
    .max(1000, { error: 'a number between 0 and 1000' })
    .describe(doc);

const detectors = {
  pressure_above: () =>
    strict({
      pressure_above: strict(pressure).describe('The 10 s average is above a threshold.'),
    }).transform(
      ({ pressure_above: v }): OomdDetector => ({
        name: 'pressure_above',
        cgroup: v.cgroup,
        threshold: v.threshold * 100,
        durationNs: v.duration,
      }),
    ),
  pressure_rising_beyond: () =>
    strict({
      pressure_rising_beyond: strict({
        ...pressure,
        fast_fall_ratio: ratio('Falling faster than this is falling fast.').prefault(0.85),
      }).describe('The 60 s average is above a threshold, the 10 s one too, and not falling fast.'),
    }).transform(
      ({ pressure_rising_beyond: v }): OomdDetector => ({
        name: 'pressure_rising_beyond',
        cgroup: v.cgroup,
        threshold: v.threshold * 100,
        durationNs: v.duration,
        fastFallRatio: v.fast_fall_ratio,
      }),
    ),
  memory_reclaim: () =>
    strict({
      memory_reclaim: strict({
        cgroup: patterns,
        duration: time.describe('In the last so much time.'),
      }).describe('Pages were scanned lately.'),
    }).transform(
      ({ memory_reclaim: v }): OomdDetector => ({
        name: 'memory_reclaim',
        cgroup: v.cgroup,
        durationNs: v.duration,
      }),
    ),
  swap_free: () =>
    strict({
      swap_free: strict({ threshold_pct: percentNumber('Less than this is free') }).describe(
        'Swap is nearly full.',
      ),
    }).transform(
      ({ swap_free: v }): OomdDetector => ({ name: 'swap_free', thresholdPct: v.threshold_pct }),
    ),
  memory_above: () =>
    strict({
      memory_above: strict({
        cgroup: patterns,
        threshold: size.describe('More than this.'),
        duration: time.describe('For so long.'),
      }).describe('A cgroup uses more than this.'),
    }).transform(
      ({ memory_above: v }): OomdDetector => ({
        name: 'memory_above',
        cgroup: v.cgroup,
        thresholdBytes: v.threshold,
        durationNs: v.duration,
      }),
    ),
};

const kill = {
  cgroup: patterns,
  recursive: flag().prefault(false).describe('Choose again among the children of the chosen one.'),
  post_action_delay: time.prefault('15s').describe('After a kill, the ruleset does nothing.'),
};

interface Kill {
  readonly cgroup: string[];
  readonly recursive: boolean;
  readonly post_action_delay: number;
}

const killOf = (v: Kill) => ({
  cgroup: v.cgroup,
  recursive: v.recursive,
  postActionDelayNs: v.post_action_delay,
});

const actions = {
  kill_by_memory_size_or_growth: () =>
    strict({
      kill_by_memory_size_or_growth: strict({
        ...kill,
        size_threshold: percentNumber('Of all candidates together: first the ones above').prefault(
          50,
        ),
        growing_size_percentile: percentNumber('Growth counts among the largest').prefault(80),
        min_growth_ratio: ratio('Usage over its moving average.').prefault(1.25),
      }).describe('The largest if it is very large, else the one that grows, else the largest.'),
    }).transform(
      ({ kill_by_memory_size_or_growth: v }): OomdAction => ({
        name: 'kill_by_memory_size_or_growth',
        ...killOf(v),
        sizeThreshold: v.size_threshold,
        growingSizePercentile: v.growing_size_percentile,
        minGrowthRatio: v.min_growth_ratio,
      }),
    ),
  kill_by_swap_usage: () =>
    strict({
      kill_by_swap_usage: strict({
        ...kill,
        threshold: size.prefault(1).describe('Only one that uses so much.'),
      }).describe('The one that uses most swap.'),
    }).transform(
      ({ kill_by_swap_usage: v }): OomdAction => ({
        name: 'kill_by_swap_usage',
        ...killOf(v),
        thresholdBytes: v.threshold,
      }),
    ),
  kill_by_pressure: () =>
    strict({
      kill_by_pressure: strict({ ...kill, resource: memoryOnly }).describe(
        'The one under the highest pressure.',
      ),
    }).transform(
      ({ kill_by_pressure: v }): OomdAction => ({ name: 'kill_by_pressure', ...killOf(v) }),
    ),
};

const LIST_MAX = 100;
const list = <T>(item: z.ZodType<T, unknown>, what: string) =>
  z
    .array(item, { error: `a list of ${what}` })
    .min(1, { error: `a list of ${what}` })
    .max(LIST_MAX, { error: `at most ${LIST_MAX} ${what}` });

const detector = keyed('a detector', detectors, null);
const action = keyed('an action', actions, null);

/** One entry of `rulesets`. */
export const ruleset = strict({
  name: text('a name', 100).describe('For messages.'),
  detectors: list(list(detector, 'detectors'), 'groups of detectors').describe(
    'Groups: any of them starts the actions, once all detectors in it agree.',
  ),
  actions: list(action, 'actions').describe('Tried in order until one has killed somebody.'),
}).transform((v): OomdRuleset => v);

const SESSIONS =
  'user.slice/user-*.slice/session-*.scope,user.slice/user-*.slice/user@*.service/*,system.slice/*';

const lasting = (cgroup: string, threshold: number, duration: string) => [
  { pressure_above: { cgroup, threshold, duration } },
  { memory_reclaim: { cgroup, duration: '10s' } },
];

/** etc/desktop.json. */
export const DESKTOP_RULESETS = [
  {
    name: 'user session protection',
    detectors: [lasting('user.slice', 60, '30s'), lasting('system.slice', 80, '60s')],
    actions: [{ kill_by_memory_size_or_growth: { cgroup: SESSIONS } }],
  },
  {
    name: 'protection against low swap',
    detectors: [[{ swap_free: { threshold_pct: 10 } }]],
    actions: [{ kill_by_swap_usage: { cgroup: SESSIONS } }],
  },
];
