import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { TRACE_NAMES } from '../../src/kernel/trace.js';
import { boot } from '../../src/run/boot.js';
import type { RunObserver } from '../../src/run/drive.js';
import { type RunOptions, runWorkload } from '../../src/run/run.js';
import { loadWorkload } from '../../src/workload/load.js';

const loaded = loadWorkload('small-vs-large');

async function tokenOf(options: RunOptions = {}): Promise<string> {
  return (await runWorkload(loaded, options)).token;
}

test('the same run twice is the same run', async () => {
  expect(await tokenOf()).toBe(await tokenOf());
});

test('seed and run number make another one', async () => {
  const tokens = [await tokenOf(), await tokenOf({ seed: '2' }), await tokenOf({ run: 2 })];
  const fingerprints = tokens.map((token) => token.split('#')[1]);
  expect(new Set(fingerprints).size).toBe(3);
});

test('either queue gives the same run', async () => {
  const auto = await tokenOf();
  expect(await tokenOf({ queue: 'heap' })).toBe(auto);
  expect(await tokenOf({ queue: 'ladder' })).toBe(auto);
});

test('checking the invariants changes nothing', async () => {
  expect(await tokenOf({ check: true })).toBe(await tokenOf());
});

test('being watched and sampled changes nothing', async () => {
  let seen = 0;
  const curious: RunObserver = {
    begin({ trace }) {
      trace.subscribe(TRACE_NAMES, (_name, _context, fields) => {
        seen += Object.keys(fields).length;
      });
    },
    slice(system) {
      seen += system.tasks().length + system.cgroups().length + system.machine().kills;
    },
  };
  const options = { sampleIntervalNs: 1_234_567 };
  const watched = await runWorkload(loaded, options, [curious]);
  expect(seen).toBeGreaterThan(1000);
  expect(watched.token).toBe(await tokenOf());
});

test('cut into pieces of any size it is the same run', () => {
  const fingerprints = [Infinity, 1, 7, 1000].map((piece) => {
    const { seed } = loaded.workload;
    const system = boot(loaded.workload, { seed, run: 1, queue: 'auto', check: false });
    while (system.advance(loaded.workload.untilNs, piece) !== 'ended');
    return system.fingerprint.toString();
  });
  expect(new Set(fingerprints).size).toBe(1);
});

test('a worker thread plays the same run', async () => {
  // A worker needs JavaScript: the built library, which is what users of the library run too.
  const library = new URL('../../dist/index.js', import.meta.url).href;
  const code = `
    import { parentPort } from 'node:worker_threads';
    const { loadWorkload, runWorkload } = await import(${JSON.stringify(library)});
    parentPort.postMessage((await runWorkload(loadWorkload('small-vs-large'))).token);
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  const token = await new Promise((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  expect(token).toBe(await tokenOf());
});
