import {
  CGROUP_GAUGES,
  COUNT_GAUGES,
  type Gauges,
  MACHINE_COUNT_GAUGES,
  MACHINE_GAUGES,
  MACHINE_PAGE_GAUGES,
  PAGE_GAUGES,
} from '../kernel/snapshot.js';
import type { FileCalls } from './append_file.js';
import { CsvWriter, csvCell } from './csv_writer.js';
import { KeptLine } from './kept_line.js';
import { NUMBER_BYTES_MAX, putNumber } from './text_bytes.js';

const PAGE_BYTES = 4096;

/** Pages become bytes, and an empty cell is «no limit». */
export const SAMPLE_COLUMNS: readonly string[] = [
  'time_ns',
  'cgroup',
  ...PAGE_GAUGES.map((gauge) => `${gauge}_bytes`),
  ...COUNT_GAUGES,
  // Known of the machine only: empty for every cgroup but `/`.
  ...MACHINE_PAGE_GAUGES.map((gauge) => `${gauge}_bytes`),
  ...MACHINE_COUNT_GAUGES,
];

const INTERVAL_NS_MIN = 10_000_000;
const SAMPLES_A_RUN = 500;
const NS_PER_MS = 1_000_000;

/** The simulated time between two samples when nobody asks for another: whole ms, at least 10. */
export function defaultSampleIntervalNs(untilNs: number): number {
  const intervalMs = Math.round(untilNs / SAMPLES_A_RUN / NS_PER_MS);
  return Math.max(INTERVAL_NS_MIN, intervalMs * NS_PER_MS);
}

/** samples.csv: a row for the machine (`/`) and for every cgroup at each sampled instant. */
export class SamplesCsv {
  readonly #csv: CsvWriter;
  /** The rows of the last sample. */
  readonly #rows: SampleRow[] = [];

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string, calls?: FileCalls) {
    this.#csv = new CsvWriter(path, SAMPLE_COLUMNS, calls);
  }

  /** Adds one row a cgroup, in the order given; the first is the machine. @throws OutputError */
  sample(timeNs: number, { paths, cgroups, machine }: Gauges): void {
    const rows = this.#rows;
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      if (rows[i]?.path !== path) rows[i] = new SampleRow(path, i === 0);
      rows[i]!.update(cgroups, i * CGROUP_GAUGES);
    }
    rows.length = paths.length;
    rows[0]?.updateMachine(machine);
    this.again(timeNs);
  }

  /** Adds the last sample's rows again: nothing has changed. @throws OutputError */
  again(timeNs: number): void {
    for (const row of this.#rows) row.addTo(this.#csv, timeNs);
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

const COMMA = Buffer.from(',');
const EMPTY = Buffer.from('');
/** Behind the path. */
const CGROUP_FIELD = 1;
const MACHINE_FIELD = CGROUP_FIELD + CGROUP_GAUGES;

/** A row of the last sample, from the path on. Most cells of most rows are as they were before. */
class SampleRow {
  readonly #line = new KeptLine();
  readonly #cgroup = new Float64Array(CGROUP_GAUGES);
  readonly #machine = new Float64Array(MACHINE_GAUGES);

  /** A row of zeros. */
  constructor(
    readonly path: string,
    isMachine: boolean,
  ) {
    this.#line.setText(0, COMMA, Buffer.from(csvCell(path)));
    for (let i = 0; i < CGROUP_GAUGES; i++) this.#line.setNumber(CGROUP_FIELD + i, COMMA, 0);
    for (let i = 0; i < MACHINE_GAUGES; i++) {
      if (isMachine) this.#line.setNumber(MACHINE_FIELD + i, COMMA, 0);
      else this.#line.setText(MACHINE_FIELD + i, COMMA, EMPTY);
    }
  }

  /** @param at where the gauges of this cgroup begin */
  update(gauges: Float64Array, at: number): void {
    this.#show(this.#cgroup, gauges, at, CGROUP_FIELD, PAGE_GAUGES.length);
  }

  updateMachine(gauges: Float64Array): void {
    this.#show(this.#machine, gauges, 0, MACHINE_FIELD, MACHINE_PAGE_GAUGES.length);
  }

  /** Writes what is not as it is shown; the first `pages` gauges are pages. */
  #show(
    shown: Float64Array,
    gauges: Float64Array,
    at: number,
    firstField: number,
    pages: number,
  ): void {
    for (let i = 0; i < shown.length; i++) {
      const value = gauges[at + i]!;
      if (value === shown[i]) continue;
      shown[i] = value;
      this.#set(firstField + i, i < pages ? value * PAGE_BYTES : value);
    }
  }

  addTo(csv: CsvWriter, timeNs: number): void {
    const { bytes, length } = this.#line;
    const row = csv.room(NUMBER_BYTES_MAX + bytes.length);
    const at = putNumber(row, csv.used, timeNs);
    row.set(bytes, at); // what is too much of it is overwritten by the next row
    csv.addRow(at + length);
  }

  #set(field: number, value: number): void {
    if (value === Infinity) this.#line.setText(field, COMMA, EMPTY);
    else this.#line.setNumber(field, COMMA, value);
  }
}
