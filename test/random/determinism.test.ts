/** However a random workload is played, it does the same. */
import { expect, test } from 'vitest';
import { TRACE_NAMES, type TraceFields } from '../../src/kernel/trace.js';
import type { BootOptions, System } from '../../src/run/boot.js';
import { Dice } from './dice.js';
import { boot_random, random_file } from './one_run.js';

const SEEDS = Array.from({ length: 20 }, (_, i) => 1001 + i);
const EVENTS = 20_000;

function start(seed: number, options: Partial<BootOptions> = {}): System {
  return boot_random(random_file(seed).workload, options);
}

/** Plays the first EVENTS events, in pieces if asked for. */
function fingerprint(system: System, piece: () => number = () => EVENTS): string {
  for (let left = EVENTS; left > 0; ) {
    const before = system.events;
    const stopped = system.advance(system.workload.untilNs, Math.min(left, piece()));
    if (stopped === 'ended') break;
    left -= system.events - before;
  }
  return system.fingerprint.toString();
}

test.each(SEEDS)('seed %i: twice, with either queue, in pieces, watched and checked', (seed) => {
  const expected = fingerprint(start(seed));
  expect(fingerprint(start(seed)), 'again').toBe(expected);
  expect(fingerprint(start(seed, { queue: 'heap' })), 'heap').toBe(expected);
  expect(fingerprint(start(seed, { queue: 'ladder' })), 'ladder').toBe(expected);
  const dice = new Dice(`${seed}/pieces`);
  expect(
    fingerprint(start(seed), () => dice.spread(1, 5000)),
    'in pieces',
  ).toBe(expected);
  const checked = start(seed, { check: true, checkEvery: 500 });
  expect(fingerprint(checked), 'checked').toBe(expected);
  expect(
    fingerprint(watched(start(seed)), () => 1000),
    'watched',
  ).toBe(expected);
});

/** Somebody looks at everything there is to see, candidates of each selection included. */
function watched(system: System): System {
  system.trace.subscribe(TRACE_NAMES, (name, _context, fields) => {
    if (name !== 'oomsim:oom_select') return;
    (fields as unknown as TraceFields['oomsim:oom_select']).candidates();
    system.tasks();
    system.cgroups();
    system.machine();
  });
  return system;
}
