/**
 * Random workloads, in the shape in which files are written: every feature on or off at random, all
 * of it from a seed.
 */
import type { WorkloadFile } from '../../src/workload/write.js';
import { random_cgroups, random_paths } from './cgroups.js';
import { Dice } from './dice.js';
import { random_events } from './events.js';
import { Features } from './features.js';
import { random_killers } from './killers.js';
import {
  type Machine,
  random_kernel,
  random_machine,
  random_nodes,
  random_sysctl,
} from './machines.js';
import { random_adj, random_program } from './programs.js';

interface World {
  readonly dice: Dice;
  readonly features: Features;
  readonly machine: Machine;
  readonly until_us: number;
  readonly cgroups: readonly string[];
}

export function random_workload(seed: number): WorkloadFile {
  const dice = new Dice(String(seed));
  const features = new Features(dice);
  const machine = random_machine(dice, features);
  const until_us = dice.spread(100_000, 4_000_000);
  const cgroups = random_paths(dice, features);
  const world: World = { dice, features, machine, until_us, cgroups };
  const processes = random_processes(world);
  const kernel = random_kernel(dice, features);
  const spec: Record<string, unknown> = {
    name: `random-${seed}`,
    machine: machine.spec,
    kernel,
    cgroups: random_cgroups(dice, features, machine, cgroups),
    processes,
    events: random_events({ ...world, processes: processes.map(({ name }) => name) }),
    until: `${until_us}us`,
    seed,
  };
  if (features.has('sysctls')) {
    spec.sysctl = Object.fromEntries(
      Array.from({ length: dice.int(1, 3) }, () => random_sysctl(dice, machine.memory_pages)),
    );
  }
  if (features.has('killers')) spec.killers = random_killers(dice, kernel, cgroups);
  if (features.has('quiet')) spec.quiet = dice.time(100_000, 1_000_000);
  return spec as WorkloadFile;
}

type ProcessFile = { readonly name: string } & Readonly<Record<string, unknown>>;

/** 1 to 40 processes at the top, and some that only others start. */
function random_processes(world: World): ProcessFile[] {
  const { dice } = world;
  const specs = dice.spread(1, 8);
  const total = dice.spread(specs, 40);
  const counts = Array.from({ length: specs }, () => 1);
  for (let left = total - specs; left > 0; left--) counts[dice.int(0, specs - 1)]!++;
  const names = ['kid0', 'kid1', 'kid2'].slice(0, dice.int(0, 3));
  // Grandchildren at most: a child starts only those after it.
  const kids = names.map((name, i) => {
    const later = names.slice(i + 1);
    return { name, top: false, count: dice.int(1, 2), ...random_process(world, total, later) };
  });
  const tops = counts.map((count, i) => {
    return { name: `p${i}`, count, ...random_process(world, total, names) };
  });
  return [...tops, ...kids];
}

function random_process(
  world: World,
  total: number,
  children: readonly string[],
): Record<string, unknown> {
  const { dice, features, machine, until_us, cgroups } = world;
  const share_pages = Math.ceil((machine.memory_pages * dice.int(1, 8)) / (2 * total));
  const process: Record<string, unknown> = {
    program: random_program({
      dice,
      features,
      memory_pages: machine.memory_pages,
      share_pages,
      until_us,
      cgroups,
      children,
    }),
  };
  if (cgroups.length > 0 && dice.percent(80)) process.cgroup = dice.of(cgroups);
  if (features.has('adjustments') && dice.percent(50)) process.oom_score_adj = random_adj(dice);
  if (features.has('start_times')) {
    process.start = dice.duration(0, until_us >> 1, features.has('distributions'));
  }
  if (features.has('restart') && dice.percent(50)) process.restart = random_restart(dice);
  if (features.has('process_memory') && dice.percent(30)) {
    process.memory = random_memory(dice, machine, total);
  }
  if (dice.percent(10)) process.cap_sys_admin = true;
  if (features.has('mempolicy') && dice.percent(50)) {
    process.mempolicy = random_nodes(dice, machine);
  }
  return process;
}

function random_restart(dice: Dice): unknown {
  const when = dice.of(['on-kill', 'always']);
  const max = dice.percent(50) ? { max: dice.int(0, 5) } : {};
  return { when, delay: dice.time(2000, 500_000), ...max };
}

/** What the process has at the start; all of it together must fit. */
function random_memory(dice: Dice, machine: Machine, total: number): unknown {
  const share = Math.floor(machine.memory_pages / (4 * total));
  const swap = Math.floor(machine.swap_pages / (4 * total));
  return {
    anon: `${dice.spread(0, share)} pages`,
    file: `${dice.spread(0, share)} pages`,
    shmem: `${dice.spread(0, share)} pages`,
    swap: `${Math.min(swap, dice.spread(0, share))} pages`,
    pgtables: `${dice.spread(0, 10)} pages`,
  };
}
