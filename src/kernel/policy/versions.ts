/**
 * The patch as it was posted (linux-mm, September to November 2017), where it differs from the rework
 * that is the seed, and the seed with its in-flight defect mended. KERNEL.md 1.6.
 */
import type { Kernel } from '../kernel.js';
import type { MemCgroup } from '../mm/mem_cgroup.js';
import { INFLIGHT_VICTIM, type OomControl } from '../mm/oom_control.js';
import { cgroup_policy, leaf_score, root_score, select_victim_memcg } from './cgroup.js';
import type { OomPolicy } from './policy.js';

/** Up to v11 the root memcg counted as its biggest task, not as the sum of all. */
function score_with_root_as_max(k: Kernel, memcg: MemCgroup, oc: OomControl): number | null {
  return memcg.is_root ? root_score(k, memcg, oc, Math.max) : leaf_score(k, memcg, oc);
}

/** True also for a victim in flight: what the caller of out_of_memory() expects. */
const progress = (oc: OomControl): boolean =>
  oc.chosen_task !== null || oc.chosen_memcg === INFLIGHT_VICTIM;

export const v9_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'v9',
  doc: 'v9 of 2017-09-27: root counts as its biggest task; in flight returns true at once',
  mem_cgroup_select_oom_victim: (k, oc) => select_victim_memcg(k, oc, score_with_root_as_max),
  memcg_score: score_with_root_as_max,
  delay_inflight: false,
  out_of_memory_result: progress,
};

export const v10_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'v10',
  doc: 'v10 of 2017-10-04: as v9, but in flight sleeps and returns false (D1 begins)',
  mem_cgroup_select_oom_victim: (k, oc) => select_victim_memcg(k, oc, score_with_root_as_max),
  memcg_score: score_with_root_as_max,
};

export const v12_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'v12',
  doc: 'v12: root counts as the sum of its tasks; no fallback to the process scan',
  falls_back: false,
};

export const v13_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'v13',
  doc: 'v13 of 2017-11-30, as posted: a last allocation attempt after the selection',
  alloc_pages_before_oomkill: true,
};

export const cgroup_fixed_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'cgroup-fixed',
  doc: 'the patch with D1 mended in the smallest way: in flight returns true',
  out_of_memory_result: progress,
};
