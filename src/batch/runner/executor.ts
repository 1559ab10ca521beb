/** Who plays batches: this thread, or several others. */
import { Worker } from 'node:worker_threads';
import { packageFile } from '../../workload/package_files.js';
import type { Batch, PlayedRun } from './messages.js';
import { BatchPlayer, failedRun } from './play_batch.js';

export interface Executor {
  /** Batches that are played at the same time. */
  readonly size: number;
  play(batch: Batch): Promise<PlayedRun[]>;
  close(): Promise<void>;
}

/** Plays in the calling thread. */
export class InlineExecutor implements Executor {
  readonly size = 1;
  readonly #player = new BatchPlayer();

  async play(batch: Batch): Promise<PlayedRun[]> {
    return this.#player.play(batch);
  }

  async close(): Promise<void> {}
}

interface Job {
  readonly batch: Batch;
  readonly resolve: (runs: PlayedRun[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A pool of threads. A thread that dies of a run (out of memory, a crash) takes no other run with it:
 * its batch is played again run by run, and a run that kills its thread alone is a failed run.
 */
export class ThreadExecutor implements Executor {
  readonly size: number;
  readonly #idle: Thread[] = [];
  readonly #threads = new Set<Thread>();
  readonly #queue: Job[] = [];
  #isClosing = false;

  constructor(threads: number) {
    this.size = threads;
    for (let i = 0; i < threads; i++) this.#start();
  }

  play(batch: Batch): Promise<PlayedRun[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #start(): void {
    const thread = new Thread((error) => {
      this.#threads.delete(thread);
      const at = this.#idle.indexOf(thread);
      if (at >= 0) this.#idle.splice(at, 1);
      if (this.#isClosing) return;
      const { job } = thread;
      this.#start();
      if (job !== null) this.#afterDeath(job, error);
    });
    this.#threads.add(thread);
    this.#idle.push(thread);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const thread = this.#idle.pop()!;
      const job = this.#queue.shift()!;
      thread.play(job, () => {
        this.#idle.push(thread);
        this.#dispatch();
      });
    }
  }

  #afterDeath({ batch, resolve, reject }: Job, error: unknown): void {
    if (batch.runs.length === 1) {
      resolve([failedRun(batch.runs[0]!, '', error)]);
      return;
    }
    const parts = batch.runs.map((run) => this.play({ ...batch, runs: [run] }));
    Promise.all(parts).then((played) => resolve(played.flat()), reject);
  }
}

/** Of the built program, wherever this is: a thread needs JavaScript. */
const WORKER = packageFile('dist/batch/runner/worker.js');

/**
 * Twice the default: of a run, next to nothing outlives the next collection, and collectors of two
 * threads get in each other's way.
 */
const YOUNG_GENERATION_MIB = 96;

class Thread {
  job: Job | null = null;
  readonly #worker = new Worker(WORKER, {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  });
  #done: () => void = () => {};

  /** @param died is called once, if it ends; with the error that it ended of. */
  constructor(died: (error: unknown) => void) {
    let why: unknown = new Error('the thread has ended');
    this.#worker.on('message', (runs: PlayedRun[]) => {
      const { job } = this;
      this.job = null;
      job?.resolve(runs);
      this.#done();
    });
    this.#worker.on('error', (error) => {
      why = error;
    });
    this.#worker.on('exit', () => died(why));
  }

  play(job: Job, done: () => void): void {
    this.job = job;
    this.#done = done;
    this.#worker.postMessage(job.batch);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
