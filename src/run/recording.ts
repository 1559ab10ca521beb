import { join } from 'node:path';
import { OutputError } from '../record/errors.js';
import { FRAMES_NAME, FramesFile } from '../record/frames_file.js';
import { type Manifest, type ManifestState, writeManifest } from '../record/manifest.js';
import type { RunFacts } from '../record/narrator.js';
import { ownIdentity } from '../record/process_identity.js';
import { RunRecorder } from '../record/recorder.js';
import {
  prepareRunFolder,
  RUN_FILES,
  removeLeftovers,
  writePolicy,
  writeWorkload,
} from '../record/run_folder.js';
import { checkpointOf } from './checkpoint.js';
import type { RunObserver } from './drive.js';
import type { WorkloadSource } from './identity.js';
import type { ObservedSystem } from './observed_system.js';
import type { PolicyFile } from './policy/load.js';
import { PROGRAM_VERSION } from './program_version.js';
import type { RunResult } from './result.js';
import { formatIdentity, type RunIdentity } from './token.js';

export interface RecordingOptions {
  /** The run folder itself. */
  readonly dir: string;
  readonly identity: RunIdentity;
  readonly source: WorkloadSource;
  readonly force: boolean;
  readonly sampleIntervalNs: number;
  /** Of a run with a policy file. */
  readonly policyFile: PolicyFile | null;
  /** Also everything that the dashboard shows, to look at it without playing it again. */
  readonly frames: boolean;
}

/**
 * The run folder of one run: created (manifest `unfinished`) -> recording -> finished, interrupted
 * or failed. Whatever ends the program in between, the manifest on disk is true.
 */
export class Recording implements RunObserver {
  readonly dir: string;
  /** What is in the folder beside the manifest, by name. */
  readonly files: readonly string[];
  readonly #recorder: RunRecorder;
  readonly #frames: FramesFile | null;
  readonly #system: ObservedSystem;
  /** Events before the last sample. */
  #sampledEvents = -1;
  readonly #unfinished: Omit<Manifest, 'format'>;

  /** Takes the folder and subscribes to every tracepoint. @throws OutputError */
  constructor(
    system: ObservedSystem,
    { dir, identity, source, force, sampleIntervalNs, policyFile, frames }: RecordingOptions,
  ) {
    const text = formatIdentity(identity);
    this.dir = dir;
    this.#system = system;
    this.#unfinished = {
      state: 'unfinished',
      token: text,
      identity: text,
      workload: { name: system.workload.name, sha256: source.hash },
      kernel: system.kernelName,
      policy: system.policyName,
      seed: identity.seed,
      run: identity.run,
      options: identity.options,
      sampleIntervalNs,
      versions: {
        oomsim: PROGRAM_VERSION,
        model: identity.modelVersion,
        node: process.versions.node,
      },
      summary: null,
    };
    const isNew = prepareRunFolder(dir, text, force);
    writeManifest(dir, { ...this.#unfinished, writer: ownIdentity() });
    if (!isNew) removeLeftovers(dir); // not before: a manifest that says `finished` is true
    writeWorkload(dir, source.text);
    const policyName = writePolicy(dir, policyFile);
    this.#recorder = new RunRecorder(dir, text);
    this.#recorder.attach(system.trace);
    const framesPath = join(dir, FRAMES_NAME);
    this.#frames = frames ? new FramesFile(framesPath, factsOf(system, identity)) : null;
    this.#frames?.begin(system);
    const others = [policyName, frames ? FRAMES_NAME : null].filter((name) => name !== null);
    this.files = [...Object.values(RUN_FILES), ...others];
  }

  /** Adds the state of the machine and of every cgroup. @throws OutputError */
  sample(system: ObservedSystem, timeNs: number): void {
    if (system.events === this.#sampledEvents) this.#recorder.sampleAgain(timeNs);
    else this.#recorder.sample(timeNs, system.gauges());
    this.#sampledEvents = system.events; // only events change anything
    this.#frames?.sample(system);
  }

  /** Adds where the run stands. @throws OutputError */
  checkpoint(system: ObservedSystem): void {
    this.#recorder.checkpoint(checkpointOf(system));
  }

  /** @throws OutputError */
  flush(): void {
    this.#recorder.flush();
    this.#frames?.flush();
  }

  /** Completes all files, then says so in the manifest. @throws OutputError */
  finish(state: Exclude<ManifestState, 'unfinished'>, result: RunResult): void {
    this.#close();
    const { outDir: _outDir, files: _files, ...facts } = result; // where it lies is not a part of what it is
    const summary = { ...facts, kills: facts.kills.length }; // each of them is in kills.csv
    writeManifest(this.dir, { ...this.#unfinished, state, token: result.token, summary });
  }

  /** Completes what can be completed after an error; the error itself is the caller's to report. */
  abandon(): void {
    try {
      this.#close();
      writeManifest(this.dir, { ...this.#unfinished, state: 'failed' });
    } catch (error) {
      // Likely the same disk that led here. The manifest goes on saying `unfinished`: still true.
      if (!(error instanceof OutputError)) throw error;
    }
  }

  #close(): void {
    const { nowNs: timeNs, endedBy } = this.#system;
    try {
      this.#recorder.close();
    } finally {
      this.#frames?.close({ timeNs, endedBy });
    }
  }
}

function factsOf(system: ObservedSystem, identity: RunIdentity): RunFacts {
  return {
    workload: system.workload.name,
    kernel: system.kernelName,
    policy: system.policyName,
    seed: identity.seed,
    token: formatIdentity(identity),
    untilNs: system.workload.untilNs,
  };
}
