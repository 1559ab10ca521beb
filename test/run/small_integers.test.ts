/**
 * Counts are small integers to V8, too. One that was computed as a float once, be it 200.0 or −0, is a
 * float in all objects of its class from then on, each in a box of its own: on large machines this took
 * a fifth of the time of victim selection.
 */
import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import { boot, type System } from '../../src/run/boot.js';
import { crowdedMachine, longLived } from '../bench/machines.js';

setFlagsFromString('--allow-natives-syntax');
const is_small_integer = new Function('value', 'return %IsSmi(value)') as (v: unknown) => boolean;
setFlagsFromString('--no-allow-natives-syntax');

/** Limits may be ∞, and times are too large: these are floats. */
const FLOATS = /^(max|high)$|_ns$/;

/** Names of the counts that V8 keeps as floats. */
function floats(object: object): string[] {
  return Object.entries(object)
    .filter(([name, value]) => Number.isFinite(value) && !FLOATS.test(name))
    .filter(([, value]) => !is_small_integer(value))
    .map(([name]) => name);
}

/** What is counted most, of a machine that is too large to say its size in bytes with 31 bits. */
function objectsOf({ kernel }: System): object[] {
  const tasks = [...kernel.processes].filter(({ mm }) => mm !== null);
  const mms = tasks.map(({ mm }) => mm!);
  const vmas = mms.flatMap((mm) => [...mm.vmas()]);
  const memcgs = kernel.memcg_preorder(kernel.root_mem_cgroup);
  return [
    ...tasks,
    ...mms,
    ...vmas,
    ...vmas.flatMap(({ mappings }) => mappings),
    ...memcgs.flatMap((memcg) => [memcg, memcg.memory, memcg.kmem, memcg.resident]),
    ...kernel.nodes.flatMap(({ zones }) => zones),
    kernel.exec,
    kernel.costs,
  ];
}

test.each([
  crowdedMachine({ cgroups: 8, processesPerCgroup: 5, memoryGib: 4, untilS: 8 }),
  longLived(),
])('counts are small integers: $name', (workload) => {
  const system = boot(workload, { seed: '1', run: 1, queue: 'auto', check: false });
  const found = new Set<string>();
  for (let s = 1; s <= 8; s++) {
    system.advance(s * 1_000_000_000);
    for (const object of objectsOf(system)) {
      for (const name of floats(object)) found.add(`${object.constructor.name}.${name}`);
    }
  }
  expect(system.kernel.kills).toBeGreaterThan(0);
  expect([...found]).toEqual([]);
});
