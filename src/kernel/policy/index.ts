import { cgroup_policy } from './cgroup.js';
import type { OomPolicy } from './policy.js';
import { process_policy } from './process.js';
import { rientjes_fair_root_policy, rientjes_policy } from './rientjes.js';
import { series_policy } from './series.js';
import { cgroup_fixed_policy, v9_policy, v10_policy, v12_policy, v13_policy } from './versions.js';

/** The policies that can be asked for by name. */
export const POLICIES: readonly OomPolicy[] = [
  process_policy,
  v9_policy,
  v10_policy,
  v12_policy,
  v13_policy,
  cgroup_policy,
  cgroup_fixed_policy,
  series_policy,
  rientjes_policy,
  rientjes_fair_root_policy,
];

/** @throws Error naming the unknown policy. */
export function policyOf(name: string): OomPolicy {
  const policy = POLICIES.find((p) => p.name === name);
  if (policy === undefined) throw new Error(`unknown policy "${name}"`);
  return policy;
}
