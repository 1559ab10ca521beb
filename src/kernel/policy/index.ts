import { cgroup_policy } from './cgroup.js';
import type { OomPolicy } from './policy.js';
import { process_policy } from './process.js';
import { series_policy } from './series.js';

/** The policies that can be asked for by name. */
export const POLICIES: readonly OomPolicy[] = [process_policy, cgroup_policy, series_policy];

/** @throws Error naming the unknown policy. */
export function policyOf(name: string): OomPolicy {
  const policy = POLICIES.find((p) => p.name === name);
  if (policy === undefined) {
    throw new Error(`unknown policy "${name}"; known: ${POLICIES.map((p) => p.name).join(', ')}`);
  }
  return policy;
}
