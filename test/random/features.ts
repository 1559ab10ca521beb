/**
 * What a random workload may contain. Each is on or off for a whole workload (swarm testing): a
 * workload with everything in it tests little, because everything gets in the way of everything.
 */
import type { Dice } from './dice.js';

export const STEP_FEATURES = [
  'anon',
  'shm',
  'tmpfs',
  'read',
  'map',
  'write',
  'churn',
  'free',
  'mlock',
  'mmu_notifier',
  'threads',
  'spawn',
  'fork',
  'clone_vm',
  'vfork',
  'bomb',
  'pipes',
  'sockets',
  'fds',
  'kmem',
  'probe',
  'mmap_sem',
  'mprotect',
  'sleep',
  'compute',
  'uninterruptible',
  'core_dump',
  'frozen_write',
  'at',
  'await',
  'hold',
  'wait',
  'stop',
  'exit',
  'oom_score_adj',
  'comm',
  'cgroup',
  'ignore',
  'loop',
] as const;

export const EVENT_FEATURES = [
  'memory.max',
  'memory.high',
  'memory.low',
  'memory.min',
  'memory.swap.max',
  'memory.oom.group',
  'memory.oom_policy',
  'memory.reclaim',
  'cgroup.kill',
  'remount',
  'subtree_control',
  'sysctl',
  'sysrq',
  'mkdir',
  'rmdir',
  'freeze',
  'kill',
] as const;

export const OTHER_FEATURES = [
  'swap',
  'slow_swap',
  'numa',
  'zones',
  'page_cache',
  'exec_costs',
  'cpu_costs',
  'switches',
  'policy_file',
  'sysctls',
  'cgroups',
  'limits',
  'highs',
  'protection',
  'swap_limits',
  'oom_groups',
  'oom_policies',
  'cgroup_memory',
  'process_memory',
  'restart',
  'start_times',
  'adjustments',
  'distributions',
  'quiet',
  'killers',
  'thp',
  'mempolicy',
  'cpusets',
  'referenced',
  'tmpfs_size',
] as const;

export type StepFeature = (typeof STEP_FEATURES)[number];
export type EventFeature = (typeof EVENT_FEATURES)[number];
export type Feature = StepFeature | `event:${EventFeature}` | (typeof OTHER_FEATURES)[number];

/** What is on in one workload. */
export class Features {
  readonly steps: readonly StepFeature[];
  readonly events: readonly EventFeature[];
  readonly #others: ReadonlySet<string>;

  constructor(dice: Dice) {
    const steps = dice.some(STEP_FEATURES);
    this.steps = steps.includes('anon') || dice.percent(20) ? steps : ['anon', ...steps];
    this.events = dice.percent(60) ? dice.some(EVENT_FEATURES) : [];
    this.#others = new Set(dice.some(OTHER_FEATURES));
  }

  has(feature: (typeof OTHER_FEATURES)[number]): boolean {
    return this.#others.has(feature);
  }
}
