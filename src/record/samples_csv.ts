import type { CgroupSnapshot, MachineSnapshot } from '../kernel/snapshot.js';
import type { FileCalls } from './append_file.js';
import { type CsvCell, CsvWriter, csvCell } from './csv_writer.js';
import { KeptLine } from './kept_line.js';
import { NUMBER_BYTES_MAX, putNumber } from './text_bytes.js';

const PAGE_BYTES = 4096;

/** Cells of one cgroup by column; pages become bytes, an empty cell is «no limit». */
const COLUMNS: readonly (readonly [string, (cgroup: CgroupSnapshot) => CsvCell])[] = [
  ['cgroup', (c) => c.path],
  ['usage_bytes', (c) => c.usagePages * PAGE_BYTES],
  ['anon_bytes', (c) => c.anonPages * PAGE_BYTES],
  ['file_bytes', (c) => c.filePages * PAGE_BYTES],
  ['swap_bytes', (c) => c.swapPages * PAGE_BYTES],
  ['shmem_bytes', (c) => c.shmemPages * PAGE_BYTES],
  ['unevictable_bytes', (c) => c.unevictablePages * PAGE_BYTES],
  ['slab_bytes', (c) => c.slabPages * PAGE_BYTES],
  ['kernel_stack_bytes', (c) => c.kernelStackPages * PAGE_BYTES],
  ['pagetables_bytes', (c) => c.pgtablesPages * PAGE_BYTES],
  ['sock_bytes', (c) => c.sockPages * PAGE_BYTES],
  ['pipe_bytes', (c) => c.pipePages * PAGE_BYTES],
  ['file_dirty_bytes', (c) => c.dirtyPages * PAGE_BYTES],
  ['file_writeback_bytes', (c) => c.writebackPages * PAGE_BYTES],
  ['max_bytes', (c) => c.maxPages * PAGE_BYTES],
  ['high_bytes', (c) => c.highPages * PAGE_BYTES],
  ['low_bytes', (c) => c.lowPages * PAGE_BYTES],
  ['min_bytes', (c) => c.minPages * PAGE_BYTES],
  ['swap_max_bytes', (c) => c.swapMaxPages * PAGE_BYTES],
  ['processes', (c) => c.processes],
  ['events_low', (c) => c.events.low],
  ['events_high', (c) => c.events.high],
  ['events_max', (c) => c.events.max],
  ['events_oom', (c) => c.events.oom],
  ['events_oom_kill', (c) => c.events.oom_kill],
  ['events_oom_group_kill', (c) => c.events.oom_group_kill],
  ['pgscan', (c) => c.pgscan],
  ['pgsteal', (c) => c.pgsteal],
  ['psi_some_avg10', (c) => c.psi.someAvg10 / 100],
  ['psi_some_total_ns', (c) => c.psi.someTotalNs],
  ['psi_full_avg10', (c) => c.psi.fullAvg10 / 100],
  ['psi_full_total_ns', (c) => c.psi.fullTotalNs],
];

/** Known of the machine only: empty for every cgroup but `/`. */
const MACHINE_COLUMNS: readonly (readonly [string, (machine: MachineSnapshot) => CsvCell])[] = [
  ['free_bytes', (m) => m.freePages * PAGE_BYTES],
  ['swap_free_bytes', (m) => m.swapFreePages * PAGE_BYTES],
  ['runnable', (m) => m.runnable],
  ['oom_lock_holder_pid', (m) => m.oomLockHolderPid],
  ['reaping_pid', (m) => m.reaper.pid],
  ['kills', (m) => m.kills],
];

const CGROUP_CELLS = COLUMNS.map(([, cell]) => cell);
const MACHINE_CELLS = MACHINE_COLUMNS.map(([, cell]) => cell);

export const SAMPLE_COLUMNS: readonly string[] = [
  'time_ns',
  ...COLUMNS.map(([name]) => name),
  ...MACHINE_COLUMNS.map(([name]) => name),
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

  /** Adds one row a cgroup, in the order given. @throws OutputError */
  sample(timeNs: number, machine: MachineSnapshot, cgroups: readonly CgroupSnapshot[]): void {
    for (let i = 0; i < cgroups.length; i++) {
      const row = this.#rows[i] ?? new SampleRow();
      this.#rows[i] = row;
      row.update(cgroups[i]!, machine);
      row.addTo(this.#csv, timeNs);
    }
    this.#rows.length = cgroups.length;
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

/** A row of the last sample, from the path on. Most cells of most rows are as they were before. */
class SampleRow {
  readonly #line = new KeptLine();
  readonly #cells: CsvCell[] = [];

  update(cgroup: CgroupSnapshot, machine: MachineSnapshot): void {
    let column = 0;
    for (const cell of CGROUP_CELLS) this.#set(column++, cell(cgroup));
    const isMachine = cgroup.path === '/';
    for (const cell of MACHINE_CELLS) this.#set(column++, isMachine ? cell(machine) : null);
  }

  addTo(csv: CsvWriter, timeNs: number): void {
    const { bytes, length } = this.#line;
    const row = csv.room(NUMBER_BYTES_MAX + bytes.length);
    const at = putNumber(row, csv.used, timeNs);
    row.set(bytes, at); // what is too much of it is overwritten by the next row
    csv.addRow(at + length);
  }

  #set(column: number, cell: CsvCell): void {
    if (this.#cells[column] === cell) return;
    this.#cells[column] = cell;
    if (Number.isFinite(cell)) this.#line.setNumber(column, COMMA, cell as number);
    else this.#line.setText(column, COMMA, Buffer.from(csvCell(cell)));
  }
}
