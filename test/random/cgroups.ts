/** Random cgroup trees. */
import { OOM_POLICIES } from '../../src/workload/cgroupSchema.js';
import type { WorkloadFile } from '../../src/workload/write.js';
import type { Dice } from './dice.js';
import type { Features } from './features.js';
import { type Machine, random_nodes } from './machines.js';

const DEPTH_MAX = 4;

/** Paths of a random tree, parents before children; without the root. */
export function random_paths(dice: Dice, features: Features): string[] {
  if (!features.has('cgroups')) return [];
  const paths: string[] = [];
  for (let n = dice.spread(1, 12); n > 0; n--) {
    const parent = dice.percent(50) || paths.length === 0 ? '' : dice.of(paths);
    if (parent.split('/').length > DEPTH_MAX) continue;
    paths.push(`${parent}/${String.fromCharCode(97 + paths.length)}`);
  }
  return paths;
}

/** A limit in pages that matters on this machine. */
export function random_limit(dice: Dice, machine: Machine): string | number {
  if (dice.percent(10)) return 'max';
  return dice.pages(0, dice.percent(80) ? machine.memory_pages >> 2 : machine.memory_pages * 2);
}

export function random_cgroups(
  dice: Dice,
  features: Features,
  machine: Machine,
  paths: readonly string[],
): NonNullable<WorkloadFile['cgroups']> {
  const cgroups: Record<string, Record<string, unknown>> = {};
  for (const path of paths) cgroups[path] = random_knobs(dice, features, machine);
  return cgroups as NonNullable<WorkloadFile['cgroups']>;
}

function random_knobs(dice: Dice, features: Features, machine: Machine): Record<string, unknown> {
  const knobs: Record<string, unknown> = {};
  const set = (on: boolean, name: string, value: () => unknown): void => {
    if (on && dice.percent(50)) knobs[name] = value();
  };
  const limit = (): string | number => random_limit(dice, machine);
  set(features.has('limits'), 'memory.max', limit);
  set(features.has('highs'), 'memory.high', limit);
  set(features.has('protection'), 'memory.low', limit);
  set(features.has('protection'), 'memory.min', limit);
  set(features.has('swap_limits'), 'memory.swap.max', limit);
  set(features.has('oom_groups'), 'memory.oom.group', () => dice.int(0, 1));
  set(features.has('oom_policies'), 'memory.oom_policy', () => dice.of(OOM_POLICIES));
  set(features.has('cpusets'), 'cpuset.mems', () => random_nodes(dice, machine));
  set(features.has('cgroup_memory'), 'initial', () => {
    const share = machine.memory_pages >> 7;
    return {
      file: `${dice.spread(0, share)} pages`,
      shmem: `${dice.spread(0, share)} pages`,
      kernel: `${dice.spread(0, share)} pages`,
      reclaimable: `${dice.spread(0, share)} pages`,
    };
  });
  return knobs;
}
