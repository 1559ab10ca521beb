/** Whether there is such a kernel, such a policy, such a switch. */
import { POLICIES } from '../kernel/policy/index.js';
import { PROFILES, profileOf, SWITCHES, switchProblem } from '../kernel/profile.js';
import { type Located, mismatch, sentence } from './located.js';
import { hint } from './suggest.js';
import type { Workload } from './types.js';

/** Whether a policy is named by a file rather than by the name of a built-in one. */
export function isPolicyFile(nameOrPath: string): boolean {
  return /\.(ts|mts|js|mjs)$/.test(nameOrPath) || /[\\/]/.test(nameOrPath);
}

export function checkKernel({ kernel, policy, switches }: Workload): Located[] {
  const problems: Located[] = [];
  const kernels = PROFILES.map(({ name }) => name);
  if (!kernels.includes(kernel)) {
    const message = `there is no kernel "${kernel}"; known: ${kernels.join(', ')}`;
    return [sentence(['kernel', 'version'], message)];
  }
  const policies = POLICIES.map(({ name }) => name);
  if (!policies.includes(policy) && !isPolicyFile(policy)) {
    const known = hint(policy, policies) || `; known: ${policies.join(', ')}, or a file: ./mine.ts`;
    problems.push(sentence(['kernel', 'oom_policy'], `there is no policy "${policy}"${known}`));
  }
  const profile = profileOf(kernel);
  for (const [name, value] of Object.entries(switches)) {
    if (!Object.hasOwn(profile, name)) {
      const known = hint(name, ['oom_policy', ...SWITCHES.map((s) => s.name)]);
      const message = `there is no kernel switch "${name}"${known}`;
      problems.push(sentence(['kernel', name], message, 'key'));
      continue;
    }
    const expected = switchProblem(name as keyof typeof profile, value);
    if (expected !== null) {
      problems.push(mismatch(['kernel', name], expected, JSON.stringify(value)));
    }
  }
  return problems;
}
