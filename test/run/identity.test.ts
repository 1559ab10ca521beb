import { expect, test } from 'vitest';
import { identityOf } from '../../src/run/identity.js';
import { fakeSource, fakeWorkload } from './fake_system.js';

const source = fakeSource('x', fakeWorkload({ untilNs: 5e9, switches: { root_bonus: false } }));

test('a choice that repeats the workload is no choice', () => {
  const choices = { kernel: '4.15', policy: 'cgroup', untilNs: 5e9, seed: '1', run: 1 };
  const repeated = { ...choices, switches: { root_bonus: 'false' } };
  expect(identityOf(source, repeated)).toEqual(identityOf(source, {}));
});

test('choices are named as on the command line', () => {
  const choices = {
    kernel: '6.1',
    policy: 'process',
    untilNs: 2.5e9,
    seed: '42',
    run: 3,
    switches: { root_bonus: 'true' },
  };
  expect(identityOf(source, choices)).toMatchObject({
    seed: '42',
    run: 3,
    options: { kernel: '6.1', policy: 'process', until: '2500ms', 'set.root_bonus': 'true' },
  });
});
