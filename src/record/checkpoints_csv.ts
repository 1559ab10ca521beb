import { hex, LANES } from '../engine/fingerprint.js';
import type { StateDigest } from '../kernel/state_digest.js';
import type { FileCalls } from './append_file.js';
import { parseCsv } from './csv_reader.js';
import { CsvWriter } from './csv_writer.js';

/** Where a run stands after so many events: two runs that are the same have the same checkpoints. */
export interface Checkpoint {
  readonly timeNs: number;
  readonly events: number;
  /** The fingerprint's running hash, 8 hex digits for each of LANES: of all events so far. */
  readonly lanes: readonly string[];
  /** The state now. */
  readonly state: StateDigest;
}

const STATES = ['memory', 'cgroups', 'tasks'] as const;

export const CHECKPOINT_COLUMNS: readonly string[] = [
  'time_ns',
  'events',
  ...LANES.map((lane) => `hash_${lane}`),
  ...STATES.map((state) => `state_${state}`),
];

/** checkpoints.csv: a row every few thousand events, and one at the end. */
export class CheckpointsCsv {
  readonly #csv: CsvWriter;

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string, calls?: FileCalls) {
    this.#csv = new CsvWriter(path, CHECKPOINT_COLUMNS, calls);
  }

  /** @throws OutputError */
  add({ timeNs, events, lanes, state }: Checkpoint): void {
    this.#csv.row([timeNs, events, ...lanes, ...STATES.map((name) => hex(state[name]))]);
  }

  /** @throws OutputError */
  flush(): void {
    this.#csv.flush();
  }

  /** @throws OutputError */
  close(): void {
    this.#csv.close();
  }
}

/** Reads a checkpoints.csv back, as far as its rows are complete. */
export function parseCheckpoints(text: string): Checkpoint[] {
  return parseCsv(text).map((row) => ({
    timeNs: Number(row.time_ns),
    events: Number(row.events),
    lanes: LANES.map((lane) => row[`hash_${lane}`]!),
    state: {
      memory: Number.parseInt(row.state_memory!, 16) | 0,
      cgroups: Number.parseInt(row.state_cgroups!, 16) | 0,
      tasks: Number.parseInt(row.state_tasks!, 16) | 0,
    },
  }));
}
