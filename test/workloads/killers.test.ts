/** The shipped workloads with userspace killers do what their comments say. */
import { expect, test } from 'vitest';
import type { TraceFields } from '../../src/kernel/trace.js';
import { boot } from '../../src/run/boot.js';
import { loadWorkload } from '../../src/workload/load.js';

test.each([
  ['earlyoom-in-time', ['earlyoom hog SIGTERM']],
  ['earlyoom-too-late', ['kernel hog']],
  ['systemd-oomd-in-time', ['systemd-oomd hungry SIGKILL']],
  ['systemd-oomd-too-late', ['kernel hog']],
  ['oomd-in-time', ['oomd browser SIGKILL', 'oomd helper SIGKILL']],
  ['oomd-too-late', ['kernel leak']],
])('%s', (name, expected) => {
  const { workload } = loadWorkload(name);
  const system = boot(workload, { seed: '1', run: 1, queue: 'auto', check: false });
  const kills: string[] = [];
  system.trace.subscribe(['oomsim:oom_kill', 'oomsim:userspace_kill'], (event, _, fields) => {
    const { comm } = fields as { comm: string };
    if (event === 'oomsim:oom_kill') kills.push(`kernel ${comm}`);
    else {
      const { killer, signal } = fields as unknown as TraceFields['oomsim:userspace_kill'];
      kills.push(`${killer} ${comm} ${signal}`);
    }
  });
  system.advance(Number.POSITIVE_INFINITY);
  expect(kills).toEqual(expected);
});
