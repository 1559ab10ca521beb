/** Shipped workloads as they are recorded, and what of it the recording takes. */
import { mkdirSync, mkdtempSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileCalls } from '../../../src/record/append_file.js';
import { RunRecorder } from '../../../src/record/recorder.js';
import { defaultSampleIntervalNs } from '../../../src/record/samples_csv.js';
import { boot } from '../../../src/run/boot.js';
import { checkpointOf } from '../../../src/run/checkpoint.js';
import { drive } from '../../../src/run/drive.js';
import { play } from '../../../src/run/play.js';
import { loadWorkload, shippedWorkloads } from '../../../src/workload/load.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import type { Workload } from '../../../src/workload/types.js';
import type { Benchmark, Target, Work } from '../benchmark.js';

const group = 'whole simulations';

/** Takes what is written and keeps nothing. */
const NOWHERE: FileCalls = {
  open: () => 0,
  write: (_fd, bytes, offset) => bytes.length - offset,
  truncate: () => {},
  close: () => {},
};

type Recorded = 'kernel' | 'kernel, fingerprint' | 'kernel, fingerprint, files';

/**
 * small-vs-large with sixteen times the memory, in steps of the same size: as much of everything
 * that happens once, and 22,000 events instead of 4,000.
 */
function largerFairness(): Workload {
  const text = loadWorkload('small-vs-large')
    .text.replace('memory: 460MiB', `memory: ${16 * 460}MiB`)
    .replace('anon: 60MiB', `anon: ${16 * 60}MiB`)
    .replace('anon: 8MiB', `anon: ${16 * 8}MiB`)
    .replace('until: 5s', 'until: 60s');
  return parseWorkload(text, 'small-vs-large');
}

/** From boot to the end; the file system is left out, it is not ours. */
function observed(workload: Workload, recorded: Recorded): Work {
  let run = 0;
  return async () => {
    run += 1;
    const system = boot(workload, { seed: 'bench', run, queue: 'auto', check: false });
    if (recorded === 'kernel') system.fingerprint.add = () => {};
    const recorder =
      recorded === 'kernel, fingerprint, files' ? new RunRecorder('nowhere', '', NOWHERE) : null;
    recorder?.attach(system.trace);
    let sampledEvents = -1;
    await drive(system, {
      sampleIntervalNs: defaultSampleIntervalNs(workload.untilNs),
      observers: [
        {
          sample: ({ events }, timeNs) => {
            if (events === sampledEvents) recorder?.sampleAgain(timeNs);
            else recorder?.sample(timeNs, system.gauges());
            sampledEvents = events;
          },
          checkpoint: () => recorder?.checkpoint(checkpointOf(system)),
        },
      ],
    });
    recorder?.close();
    return system.events;
  };
}

/** A place for run folders. What they hold goes with this process; they stay until all is measured. */
function temporaryFolder(): string {
  const outDir = mkdtempSync(join(tmpdir(), 'runs-'));
  process.on('exit', () => {
    for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) truncateSync(join(entry.parentPath, entry.name));
    }
  });
  process.on('SIGTERM', () => process.exit());
  return outDir;
}

/** Shipped workloads, one after the other, as `oomsim run` plays them: each run into a folder of its own. */
function recordedRuns(names: readonly string[]): Work {
  const all = names.map((name) => loadWorkload(name));
  const outDir = temporaryFolder();
  let run = 0;
  return async () => {
    run += 1;
    const choices = { seed: 'bench', run };
    let events = 0;
    for (const loaded of all) {
      const system = boot(loaded.workload, { ...choices, queue: 'auto', check: false });
      await play(system, loaded, choices, { outDir });
      events += system.events;
    }
    return events;
  };
}

function recordedBenchmark(what: string, names: readonly string[]): Benchmark {
  return {
    group,
    comparison: `oomsim run ${what}`,
    name: names.length === 1 ? 'with its folder' : 'with their folders',
    unit: 'event',
    slow: true,
    warmUps: WARM_UPS,
    target: { nsMax: 1000 },
    prepare: () => recordedRuns(names),
  };
}

const FILES_OF_A_RUN = 7;
const FOLDERS = 10;

/** Folders with as many files as a run has, of one line: what the file system alone takes for a run. */
function smallFolders(): Work {
  const outDir = temporaryFolder();
  let made = 0;
  return () => {
    for (let i = 0; i < FOLDERS; i++) {
      const folder = join(outDir, String(made++));
      mkdirSync(folder);
      for (let file = 0; file < FILES_OF_A_RUN; file++) {
        writeFileSync(join(folder, String(file)), 'a line\n');
      }
    }
    return FOLDERS;
  };
}

const WARM_UPS = 10;

const OBSERVERS: readonly { name: Recorded; target?: Target }[] = [
  { name: 'kernel' },
  { name: 'kernel, fingerprint' },
  {
    name: 'kernel, fingerprint, files',
    target: { nsMax: 500, beyond: { what: 'kernel', percentMax: 25 } },
  },
];

const LARGER = 'small-vs-large, sixteen times as large';

/** The target is for the fairness workload; the larger one shows what is left of its fixed costs. */
const FAIRNESS: readonly string[] = [LARGER, 'small-vs-large'];

export const benchmarks: Benchmark[] = [
  ...[LARGER, 'small-vs-large', 'starved-reaper', 'page-cache', 'swap'].flatMap((workload) =>
    OBSERVERS.map(({ name, target }) => ({
      group: group as Benchmark['group'],
      comparison: `${workload}, without the file system`,
      name,
      unit: 'event',
      warmUps: WARM_UPS,
      slow: !FAIRNESS.includes(workload),
      ...(target === undefined || !FAIRNESS.includes(workload) ? {} : { target }),
      prepare: () =>
        observed(workload === LARGER ? largerFairness() : loadWorkload(workload).workload, name),
    })),
  ),
  {
    group,
    comparison: `${FILES_OF_A_RUN} files of one line in a folder of their own`,
    name: 'no simulator',
    unit: 'folder',
    slow: true,
    prepare: smallFolders,
  },
  recordedBenchmark('of all shipped workloads, one after the other', shippedWorkloads()),
  ...shippedWorkloads().map((name) => recordedBenchmark(name, [name])),
];
