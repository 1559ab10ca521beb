/** The folder of a batch, and what has been played so far. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CsvWriter } from '../../record/csv_writer.js';
import { OutputError, reasonOf } from '../../record/errors.js';
import { makeFolder } from '../../record/make_folder.js';
import { writeWhole } from '../../record/write_whole.js';
import { workloadPlace } from '../plan/replay.js';
import type { Cell, Plan } from '../plan/types.js';
import type { PlayedRun, RunStatus } from '../runner/messages.js';
import { type Columns, columnsOf } from './columns.js';
import { cellsOf, linesOf } from './lines.js';
import { BATCH_FILES, planFileText, readPlanFile } from './plan_file.js';
import { sortRuns } from './sort_runs.js';

/** Rows in the order in which they were finished; becomes part of runs.csv. */
const UNSORTED = 'runs.unsorted.csv';

/** A row of runs.csv. */
export interface RunRow {
  readonly cell: number;
  readonly run: number;
  readonly status: RunStatus;
  /** In the order of Columns.values; NaN where a metric has no value. */
  readonly values: Float64Array;
  readonly token: string;
  readonly error: string;
}

/**
 * The folder of one plan: taken -> appended to -> sorted. However it ends, what was played stays and
 * is found by the next one who takes the folder.
 */
export class ResultStore {
  readonly dir: string;
  readonly plan: Plan;
  readonly columns: Columns;
  #csv: CsvWriter | null = null;

  /**
   * Makes the folder, or takes over one of the same plan.
   * @param force empties a folder of another plan
   * @throws OutputError when it holds something else, or cannot be written
   */
  constructor(dir: string, plan: Plan, force: boolean) {
    this.dir = dir;
    this.plan = plan;
    this.columns = columnsOf(plan);
    if (existsSync(dir)) this.#claim(force);
    try {
      makeFolder(join(dir, BATCH_FILES.workloads));
    } catch (error) {
      throw new OutputError(`cannot write ${dir}: ${reasonOf(error)}`, { cause: error });
    }
    this.#writePlan();
    this.sort();
  }

  /** The folder if it holds this plan already, else null; nothing is written to it otherwise. */
  static existing(dir: string, plan: Plan): ResultStore | null {
    return readPlanFile(dir)?.hash === plan.hash ? new ResultStore(dir, plan, false) : null;
  }

  #path(file: string): string {
    return join(this.dir, file);
  }

  #claim(force: boolean): void {
    const found = readPlanFile(this.dir);
    if (found === null && !existsSync(this.#path(BATCH_FILES.runs))) return;
    if (found?.hash === this.plan.hash) return;
    if (!force) {
      const what = found === null ? 'no batch' : `the batch of another plan (${found.name})`;
      throw new OutputError(`${this.dir} holds ${what}`, {
        hint: 'another place: --out; start it anew: --force',
      });
    }
    for (const file of [...Object.values(BATCH_FILES), UNSORTED]) {
      rmSync(this.#path(file), { recursive: true, force: true });
    }
  }

  /** Written each under a name of its own first: whoever is killed here leaves the old or the new. */
  #writePlan(): void {
    const { experiment, workloads } = this.plan;
    this.writeFile(BATCH_FILES.plan, planFileText(this.plan));
    this.writeFile(BATCH_FILES.experiment, experiment.text);
    for (const workload of workloads) {
      const place = workloadPlace(workload);
      if (place !== workload.path) this.writeFile(place, workload.text);
    }
  }

  /** Writes a whole file, or leaves what was there. @throws OutputError */
  writeFile(file: string, text: string): void {
    writeWhole(this.#path(file), text);
  }

  /** Rows so far, in the order of the plan if they were sorted since the last append. */
  *rows(): Generator<RunRow> {
    const { statusAt, valuesAt, values, tokenAt } = this.columns;
    let isHeader = true;
    for (const { text } of linesOf(this.#path(BATCH_FILES.runs))) {
      if (isHeader) {
        isHeader = false;
        continue;
      }
      const cells = cellsOf(text);
      const row = Float64Array.from(values, (_, index) => numberOf(cells[valuesAt + index]));
      yield {
        cell: Number(cells[0]),
        run: Number(cells[1]),
        status: cells[statusAt] as RunStatus,
        values: row,
        token: cells[tokenAt] ?? '',
        error: cells[tokenAt + 1] ?? '',
      };
    }
  }

  /** Adds finished runs of a cell; they are on disk when this returns. @throws OutputError */
  append(cell: Cell, runs: readonly PlayedRun[]): void {
    this.#csv ??= new CsvWriter(this.#path(UNSORTED), this.columns.names);
    const own = this.#valuesOf(cell);
    const labels = cell.levels.map(({ label }) => label);
    for (const { run, status, endedBy, events, simulatedNs, values, token, error } of runs) {
      const facts = [cell.index, run, ...labels, status, endedBy, events, simulatedNs];
      const metrics = own.map((at) => (at < 0 ? null : numberCell(values[at])));
      this.#csv.row([...facts, ...metrics, token, error]);
    }
    this.#csv.flush();
  }

  /** For each column of values, where the cell's own values have it; -1 if they have not. */
  #valuesOf(cell: Cell): readonly number[] {
    const names = cell.workload.containers.map(({ name }) => name);
    const key = names.join(',');
    let found = this.#layouts.get(key);
    if (found === undefined) {
      const own = columnsOf({ ...this.plan, containers: names }).values;
      found = this.columns.values.map((name) => own.indexOf(name));
      this.#layouts.set(key, found);
    }
    return found;
  }
  readonly #layouts = new Map<string, readonly number[]>();

  /** Puts all rows into runs.csv, in the order of the plan, each once. @throws OutputError */
  sort(more: readonly string[] = []): number {
    this.#csv?.close();
    this.#csv = null;
    const parts = [BATCH_FILES.runs, UNSORTED].map((file) => this.#path(file));
    const header = headerOf(this.columns.names);
    const present = [...parts, ...more].filter((path) => existsSync(path));
    const count = sortRuns(present, header, this.#path(BATCH_FILES.runs));
    rmSync(this.#path(UNSORTED), { force: true });
    return count;
  }
}

/** Files of a folder that hold rows of runs. */
export function runFiles(dir: string): string[] {
  return [BATCH_FILES.runs, UNSORTED]
    .map((file) => join(dir, file))
    .filter((path) => existsSync(path));
}

/** As CsvWriter writes it. */
function headerOf(names: readonly string[]): string {
  return names
    .map((name) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name))
    .join(',');
}

const numberOf = (cell: string | undefined): number =>
  cell === undefined || cell === '' ? Number.NaN : Number(cell);

const numberCell = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;
