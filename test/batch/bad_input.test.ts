/** Experiments that are none: every problem with its place in the file. */
import { expect, test } from 'vitest';
import { planTiny, TINY } from './tiny.js';

test.each([
  ['containers: { few: /few, many: /many }', 'requests: {}', /did you mean "\/few"/],
  ['few: /few', 'few: /fwe', /containers.few: the workload lists no cgroup \/fwe, did you mean/],
  [
    'metrics: [',
    'requests: { fwe: 1MiB }\nmetrics: [',
    /requests.fwe: no such container, did you mean/,
  ],
  ['policy: [process, cgroup]', 'policy: [process, cgruop]', /tiny.yaml:\d+:\d+: error: .*cgruop/],
  ['processes.small.count: [5', 'processes.smal.count: [5', /no "smal", did you mean "small"/],
  ['processes.small.count: [5', 'processes.small.count: [-5', /count: expected an integer/],
  ['metrics: [', 'metrics: [killz, ', /no metric is called "killz", did you mean "kills"/],
  ['"first[few]"', '"first[fwe]"', /did you mean "few"/],
  [
    'metrics: ["first[few]"',
    'metrics: [jam, "first[web]", "hit[db]"',
    /metrics\[0\]: no metric is called "jam"; see oomsim list metrics\n[\s\S]*\[web\]: no such container; there are few, many\n[\s\S]*metrics\[2\]: hit\[db\]/,
  ],
  ['replications: 6', 'replications: none', /replications: expected an integer/],
  ['factors:', 'factor:', /unknown key "factor", did you mean "factors"/],
  ['memory: 128MiB', 'memory: 128XiB', /workload.machine.memory/],
  ['containers:', 'along: polcy\ncontainers:', /did you mean "policy"/],
])('%s → %s', (from, to, message) => {
  const text = TINY.replace(from, to);
  expect(text).not.toBe(TINY);
  expect(() => planTiny(text)).toThrow(message);
  expect(() => planTiny(text)).toThrow(/^tiny.yaml:\d+:\d+: error: /);
});
