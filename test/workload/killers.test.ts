/** `killers:` in workload files: defaults as shipped, and what is said of mistakes. */
import { describe, expect, test } from 'vitest';
import { parseWorkload } from '../../src/workload/parse.js';

const parse = (killer: string) =>
  parseWorkload(`{ machine: { memory: 1GiB }, cgroups: { /a: }, killers: [ ${killer} ] }`, 'w.yaml')
    .killers[0];

describe('defaults', () => {
  test('earlyoom', () => {
    expect(parse('earlyoom')).toEqual({
      kind: 'earlyoom',
      cgroup: '/',
      startNs: 0,
      oomScoreAdj: -100,
      anonPages: 55,
      memAvail: { term: 1000, kill: 500 },
      swapFree: { term: 1000, kill: 500 },
      prefer: null,
      avoid: null,
      ignore: null,
      ignoreRootUser: false,
      dryrun: false,
    });
    expect(parse('{ earlyoom: {} }')).toEqual(parse('earlyoom'));
  });

  test('the limit of SIGKILL is half of that of SIGTERM, or given', () => {
    expect(parse('{ earlyoom: { mem_avail: 15% } }')).toMatchObject({
      memAvail: { term: 1500, kill: 750 },
    });
    expect(parse('{ earlyoom: { swap_free: [100%, 12.5%] } }')).toMatchObject({
      swapFree: { term: 10_000, kill: 1250 },
    });
  });

  test('systemd-oomd', () => {
    expect(parse('{ systemd_oomd: { units: { /a: { swap: kill } } } }')).toEqual({
      kind: 'systemd_oomd',
      cgroup: '/',
      startNs: 0,
      oomScoreAdj: -900,
      anonPages: 512,
      swapUsedLimit: 9000,
      units: [
        {
          path: '/a',
          swap: 'kill',
          memoryPressure: 'auto',
          limit: 6000,
          durationNs: 30e9,
          preference: 'none',
        },
      ],
    });
  });

  test('oomd', () => {
    const ready = parse('oomd');
    expect(ready).toMatchObject({ kind: 'oomd', intervalNs: 5e9 });
    const action = '{ kill_by_memory_size_or_growth: { cgroup: "system.slice/*,/b" } }';
    const rules = `{ name: r, detectors: [ [ { swap_free: { threshold_pct: 5 } } ] ], actions: [ ${action} ] }`;
    expect(parse(`{ oomd: { rulesets: [ ${rules} ] } }`)).toMatchObject({
      rulesets: [
        {
          detectors: [[{ name: 'swap_free', thresholdPct: 5 }]],
          actions: [
            {
              cgroup: ['/system.slice/*', '/b'],
              sizeThreshold: 50,
              growingSizePercentile: 80,
              minGrowthRatio: 1.25,
              postActionDelayNs: 15e9,
              recursive: false,
            },
          ],
        },
      ],
    });
  });
});

test.each([
  ['earlyom', '"earlyom"'],
  ['{ earlyom: {} }', 'did you mean "earlyoom"?'],
  ['systemd_oomd', 'earlyoom, oomd, or a killer with options'],
  ['{ earlyoom: { mem_avial: 10% } }', 'did you mean "mem_avail"?'],
  ['{ earlyoom: { mem_avail: 10 } }', 'expected a percentage such as 10%'],
  ['{ earlyoom: { mem_avail: 101% } }', 'expected a percentage such as 10%'],
  ['{ earlyoom: { mem_avail: [5%, 10%] } }', 'one of SIGKILL that is not above it'],
  ['{ earlyoom: { prefer: "(" } }', 'a regular expression that is well formed'],
  ['{ earlyoom: { cgroup: /nowhere } }', 'there is no cgroup "/nowhere"'],
  ['earlyoom, earlyoom', 'a second earlyoom: killers[0] is one already'],
  ['{ systemd_oomd: { units: { /b: { swap: kill } } } }', 'there is no cgroup "/b"'],
  ['{ systemd_oomd: { units: { /a: { swap: yes } } } }', 'expected auto or kill'],
  ['{ systemd_oomd: { duration: 500ms } }', 'expected a time of at least 1s'],
  ['{ oomd: { prefer: [/b] } }', 'there is no cgroup "/b"'],
  [
    '{ oomd: { rulesets: [ { name: r, detectors: [ [ { presure_above: {} } ] ], actions: [] } ] } }',
    'did you mean "pressure_above"?',
  ],
])('%s: %s', (killer, message) => {
  expect(() => parse(killer)).toThrow(message);
  expect(() => parse(killer)).toThrow(/^w\.yaml:1:\d+: error: killers\[\d\]/);
});
