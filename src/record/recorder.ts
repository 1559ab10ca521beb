import { join } from 'node:path';
import type { Gauges } from '../kernel/snapshot.js';
import type { Tracepoints } from '../kernel/trace.js';
import type { FileCalls } from './append_file.js';
import { type Checkpoint, CheckpointsCsv } from './checkpoints_csv.js';
import { EventsCsv } from './events_csv.js';
import { KernelLog } from './kernel_log.js';
import { KillsCsv } from './kills_csv.js';
import { RUN_FILES } from './run_folder.js';
import { SamplesCsv } from './samples_csv.js';

/** All the files of one run folder that grow while the run goes on. */
export class RunRecorder {
  readonly #events: EventsCsv;
  readonly #samples: SamplesCsv;
  readonly #kills: KillsCsv;
  readonly #log: KernelLog;
  readonly #checkpoints: CheckpointsCsv;

  /**
   * @param token of the run, without its outcome
   * @param calls in place of those that write to the disk
   * @throws OutputError when one of the files cannot be created
   */
  constructor(dir: string, token: string, calls?: FileCalls) {
    this.#log = new KernelLog(join(dir, RUN_FILES.log), token, calls);
    this.#kills = new KillsCsv(join(dir, RUN_FILES.kills), calls);
    this.#samples = new SamplesCsv(join(dir, RUN_FILES.samples), calls);
    this.#events = new EventsCsv(join(dir, RUN_FILES.events), calls);
    this.#checkpoints = new CheckpointsCsv(join(dir, RUN_FILES.checkpoints), calls);
  }

  /** Records every tracepoint from now on; call it before the first event. */
  attach(trace: Tracepoints): void {
    for (const file of [this.#log, this.#kills, this.#events]) file.attach(trace);
  }

  /** Adds the state at one instant to samples.csv. @throws OutputError */
  sample(timeNs: number, gauges: Gauges): void {
    this.#samples.sample(timeNs, gauges);
  }

  /** Adds the state at another instant, the same as at the last one. @throws OutputError */
  sampleAgain(timeNs: number): void {
    this.#samples.again(timeNs);
  }

  /** Adds to checkpoints.csv. @throws OutputError */
  checkpoint(checkpoint: Checkpoint): void {
    this.#checkpoints.add(checkpoint);
  }

  /** Writes what is in memory, so that a killed run loses little. @throws OutputError */
  flush(): void {
    for (const file of this.#files()) file.flush();
  }

  /** Completes and closes all files. @throws the first error, after closing the others too. */
  close(): void {
    const errors: unknown[] = [];
    for (const file of this.#files()) {
      try {
        file.close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  #files(): readonly (EventsCsv | SamplesCsv | KillsCsv | KernelLog | CheckpointsCsv)[] {
    return [this.#log, this.#kills, this.#samples, this.#events, this.#checkpoints];
  }
}
