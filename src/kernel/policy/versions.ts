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
  doc: '2017-09-27: root is its biggest task; in flight: true',
  mem_cgroup_select_oom_victim: (k, oc) => select_victim_memcg(k, oc, score_with_root_as_max),
  memcg_score: score_with_root_as_max,
  delay_inflight: false,
  out_of_memory_result: progress,
};

export const v10_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'v10',
  doc: '2017-10-04: as v9, but in flight: a sleep and false (D1)',
  mem_cgroup_select_oom_victim: (k, oc) => select_victim_memcg(k, oc, score_with_root_as_max),
  memcg_score: score_with_root_as_max,
};

export const v12_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'v12',
  doc: 'root is the sum of its tasks; no fallback to processes',
  falls_back: false,
};

export const v13_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'v13',
  doc: '2017-11-30, as posted: a last attempt after selection',
  alloc_pages_before_oomkill: true,
};

export const cgroup_fixed_policy: OomPolicy = {
  ...cgroup_policy,
  name: 'cgroup-fixed',
  doc: 'the patch with D1 mended: in flight returns true',
  out_of_memory_result: progress,
};
