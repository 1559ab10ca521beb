/** Cgroups and their knobs, by the file names that the kernel gives them. */

import * as z from 'zod';
import { cgroupPath, flag, limit, nodes, pages, strict } from './fields.js';
import type { CgroupSpec } from './types.js';

export const OOM_POLICIES = ['none', 'cgroup', 'tree'] as const;

const oomPolicy = z.enum(OOM_POLICIES, { error: 'none, cgroup or tree' });

const initial = strict({
  file: pages.prefault(0).describe('Page cache.'),
  shmem: pages.prefault(0).describe('Shared memory and tmpfs.'),
  kernel: pages.prefault(0).describe('Slab, stacks, sockets.'),
  reclaimable: pages.prefault(0).describe('Slab that reclaim can free: dentries, inodes.'),
})
  .transform((v) => ({
    filePages: v.file,
    shmemPages: v.shmem,
    kernelPages: v.kernel,
    reclaimablePages: v.reclaimable,
  }))
  .describe('Charged at the start, but mapped by no listed process.');

const knobs = strict({
  'memory.max': limit.optional().describe('Hard limit. Default max.'),
  'memory.high': limit.optional().describe('Reclaim above this. Default max.'),
  'memory.low': limit.optional().describe('Spared by reclaim below this. Default 0.'),
  'memory.min': limit.optional().describe('Never reclaimed below this (4.18 on). Default 0.'),
  'memory.swap.max': limit.optional().describe('Swap limit. Default max.'),
  'memory.oom.group': flag().optional().describe('Kill all together (4.19 on).'),
  'memory.oom_group': flag().optional().describe("The same, as the patch series' v13 spells it."),
  'memory.oom_policy': oomPolicy.optional().describe("Rientjes' series: none, cgroup or tree."),
  'cpuset.mems': nodes.optional().describe("Nodes to allocate from. Default: the parent's."),
  initial: initial.optional(),
}).superRefine((v, ctx) => {
  if (v['memory.oom.group'] === undefined || v['memory.oom_group'] === undefined) return;
  const message = '"memory.oom_group" and "memory.oom.group" are the same knob: write one';
  ctx.addIssue({
    code: 'custom',
    message,
    path: ['memory.oom_group'],
    params: { free: true, key: true },
  });
});

type Knobs = z.output<typeof knobs>;

/** What a cgroup is without any knob written. */
export function cgroupWithDefaults(path: string, written: Knobs = {}): CgroupSpec {
  return {
    path,
    memoryMax: written['memory.max'] ?? Number.POSITIVE_INFINITY,
    memoryHigh: written['memory.high'] ?? Number.POSITIVE_INFINITY,
    memoryLow: written['memory.low'] ?? 0,
    memoryMin: written['memory.min'] ?? 0,
    memorySwapMax: written['memory.swap.max'] ?? Number.POSITIVE_INFINITY,
    cpusetMems: written['cpuset.mems'] ?? null,
    oomGroup: written['memory.oom.group'] ?? written['memory.oom_group'] ?? false,
    oomPolicy: written['memory.oom_policy'] ?? null,
    initial: written.initial ?? null,
  };
}

/**
 * Cgroups by path. Parents that aren't listed are made, with no knob set, right before the first
 * child that needs them: the order of creation is the order in which the kernel's victim selection
 * visits siblings, and so part of the result.
 */
export const cgroups = z
  .record(
    cgroupPath,
    knobs.nullable().describe('Knobs by their file names; nothing is fine too.'),
    {
      error: 'a map of cgroup paths to their knobs, such as { /a: { memory.max: 100MiB } }',
    },
  )
  .transform((written): CgroupSpec[] => {
    const made = new Map<string, CgroupSpec>();
    const make = (path: string): void => {
      if (made.has(path)) return;
      const parent = parentOf(path);
      if (parent !== null && parent !== '/') make(parent);
      made.set(path, cgroupWithDefaults(path, written[path] ?? {}));
    };
    for (const path of Object.keys(written)) make(path);
    return [...made.values()];
  })
  .describe('Cgroups by path, in order of creation. Missing parents are created.');

/** The parent's path; null for the root. */
export function parentOf(path: string): string | null {
  if (path === '/') return null;
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}
