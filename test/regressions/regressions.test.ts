/**
 * Bugs that were found once. Each workload failed on the code before its fix, as its comment says, and
 * is as small as `oomsim shrink` or a hand could make it.
 */
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { findRun } from '../../src/run/named_run.js';
import { replayRun } from '../../src/run/replay/replay.js';
import { bootRun } from '../../src/run/run.js';
import { loadWorkload } from '../../src/workload/load.js';
import { regressionFiles } from './files.js';

const CHECK_EVERY = 20;

test.each(regressionFiles().map((path) => [basename(path), path]))(
  '%s: nothing is wrong in it, and its token replays it',
  async (_name, path) => {
    const system = bootRun(loadWorkload(path), { check: true });
    while (system.advance(Number.POSITIVE_INFINITY, CHECK_EVERY) !== 'ended');
    const run = await findRun(path, { outDir: 'no-such-folder', force: false });
    expect(await replayRun(run)).toMatchObject({ verdict: 'same', differences: [] });
  },
);

test('a sleep goes on after SIGSTOP and SIGCONT', () => {
  const path = regressionFiles().find((file) => file.endsWith('stop-ends-a-sleep.yaml'))!;
  const system = bootRun(loadWorkload(path));
  let exitedNs = 0;
  system.trace.subscribe(['sched:sched_process_exit'], (_name, { timeNs }, { comm }) => {
    if (comm === 'sleeper') exitedNs = timeNs;
  });
  system.advance(Number.POSITIVE_INFINITY);
  expect(exitedNs).toBeGreaterThanOrEqual(100e6);
});
