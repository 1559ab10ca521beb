/** Every shipped workload is valid, documented, and named like its file. */

import { describe, expect, it } from 'vitest';
import { loadWorkload, shippedWorkloads } from '../../src/workload/load.js';

describe.each(shippedWorkloads())('%s', (name) => {
  const { workload, text } = loadWorkload(name);

  it('says what it shows', () => {
    expect(workload.name).toBe(name);
    expect(workload.doc).not.toBe('');
    expect(text.startsWith('# ')).toBe(true);
  });

  it('has no cgroup without a process', () => {
    const used = [...workload.processes, ...workload.killers].map(({ cgroup }) => cgroup ?? '/');
    for (const { path } of workload.cgroups) {
      expect(used.some((cgroup) => cgroup === path || cgroup.startsWith(`${path}/`))).toBe(true);
    }
  });
});
