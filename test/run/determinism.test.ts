import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { TRACE_NAMES, type TraceName } from '../../src/kernel/trace.js';
import { boot, type System } from '../../src/run/boot.js';
import { playedWindow } from '../../src/run/diff/window.js';
import type { RunObserver } from '../../src/run/drive.js';
import { type RunOptions, runWorkload } from '../../src/run/run.js';
import { loadWorkload } from '../../src/workload/load.js';
import { Dice } from '../random/dice.js';

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

/** The names in groups, each for a subscriber of its own, in an order that the seed decides. */
function shuffledGroups(seed: number): TraceName[][] {
  const dice = new Dice(`order ${seed}`);
  const groups = TRACE_NAMES.map((name, i) => [
    name,
    TRACE_NAMES[(i * 7 + 3) % TRACE_NAMES.length]!,
  ]);
  for (let i = groups.length - 1; i > 0; i--) {
    const j = dice.int(0, i);
    [groups[i], groups[j]] = [groups[j]!, groups[i]!];
  }
  return groups;
}

test('ten orders of unrelated subscribers, slices of any size: the same run', () => {
  const { seed } = loaded.workload;
  const fingerprints = Array.from({ length: 10 }, (_, order) => {
    const system = boot(loaded.workload, { seed, run: 1, queue: 'auto', check: false });
    const dice = new Dice(`slices ${order}`);
    let seen = 0;
    for (const names of shuffledGroups(order)) system.trace.subscribe(names, () => seen++);
    while (system.advance(loaded.workload.untilNs, dice.spread(1, 3000)) !== 'ended');
    expect(seen).toBeGreaterThan(1000);
    return system.fingerprint.toString();
  });
  expect(new Set(fingerprints).size).toBe(1);
});

describe('a model that is not deterministic is found out', () => {
  /** With a workload of its own: what is planted must not get into other tests. */
  const start = (): System => {
    const { workload } = loadWorkload('small-vs-large');
    return boot(workload, { seed: '1', run: 1, queue: 'auto', check: false });
  };

  /** Plays twice; where the two runs part, or null. */
  const twice = (plant: (system: System) => void) => {
    const systems = [start(), start()];
    systems.forEach(plant);
    return playedWindow(systems[0]!, systems[1]!);
  };

  test('one that is finds nothing', () => {
    expect(twice(() => {})).toBeNull();
  });

  test('a clock that is read', () => {
    const plant = ({ kernel }: System): void => {
      const cost = kernel.costs.touchPageNs;
      const touchPageNs = { get: () => cost + (Math.floor(performance.now() * 1e5) % 3) };
      Object.defineProperty(kernel.costs, 'touchPageNs', touchPageNs);
    };
    expect(twice(plant)).toMatchObject({ to: expect.any(Number) });
  });

  test('a set whose order is not defined', () => {
    const plant = ({ kernel }: System): void => {
      const { processes } = kernel;
      const inOrder = processes[Symbol.iterator].bind(processes);
      const anyhow = () => [...inOrder()].sort(() => Math.random() - 0.5)[Symbol.iterator]();
      Object.defineProperty(processes, Symbol.iterator, { value: anyhow });
    };
    expect(twice(plant)).toMatchObject({ to: expect.any(Number) });
  });
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
