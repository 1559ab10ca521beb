/**
 * The fingerprints of all shipped workloads, as a table that is kept: whoever changes what the model
 * does sees which runs change, in which respects, and gives the model a new version.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LANES } from '../../src/engine/fingerprint.js';
import { loadPolicyOf } from '../../src/run/policy/load.js';
import { bootRun } from '../../src/run/run.js';
import { loadWorkload, shippedWorkloads } from '../../src/workload/load.js';

export const TABLE_PATH = fileURLToPath(new URL('fingerprints.csv', import.meta.url));
export const VERSION_PATH = fileURLToPath(
  new URL('../../src/run/model_version.ts', import.meta.url),
);

/** A run is followed so far: enough for every workload to get to its point, or nearly. */
const EVENTS_MAX = 10_000;

/** One run. */
export interface Row {
  readonly workload: string;
  /** Empty: what the workload says. */
  readonly policy: string;
  readonly seed: string;
  /** `<digest>/<letters>@<events>` */
  readonly fingerprint: string;
  /** A hash for each of LANES: what has changed when the fingerprint has. */
  readonly lanes: readonly string[];
}

export interface Table {
  readonly modelVersion: string;
  readonly rows: readonly Row[];
}

/** Plays everything that is in the table. */
export async function playTable(modelVersion: string): Promise<Table> {
  const rows: Row[] = [];
  for (const workload of shippedWorkloads()) {
    for (const [policy, seed] of [
      ['', '1'],
      ['', '2'],
      ['process', '1'],
      ['cgroup', '1'],
    ] as const) {
      rows.push(await playRow(workload, policy, seed));
    }
  }
  return { modelVersion, rows };
}

async function playRow(workload: string, policy: string, seed: string): Promise<Row> {
  const source = loadWorkload(workload);
  const own = await loadPolicyOf(source);
  const chosen = policy === '' ? own : policy;
  const system = bootRun(source, { seed, ...(chosen === undefined ? {} : { policy: chosen }) });
  system.advance(Number.POSITIVE_INFINITY, EVENTS_MAX);
  const { fingerprint } = system;
  return {
    workload,
    policy,
    seed,
    fingerprint: fingerprint.toString(),
    lanes: fingerprint.lanes(),
  };
}

const HEAD = ['workload', 'policy', 'seed', 'fingerprint', ...LANES].join(',');

export function formatTable({ modelVersion, rows }: Table): string {
  const lines = rows.map(({ workload, policy, seed, fingerprint, lanes }) =>
    [workload, policy, seed, fingerprint, ...lanes].join(','),
  );
  return `${[`# model version ${modelVersion}`, HEAD, ...lines].join('\n')}\n`;
}

export function parseTable(text: string): Table {
  const [version, , ...lines] = text.trimEnd().split('\n');
  const rows = lines.map((line): Row => {
    const [workload, policy, seed, fingerprint, ...lanes] = line.split(',');
    return { workload: workload!, policy: policy!, seed: seed!, fingerprint: fingerprint!, lanes };
  });
  return { modelVersion: version!.replace('# model version ', ''), rows };
}

/** The table that is kept. */
export function readTable(): Table {
  return parseTable(readFileSync(TABLE_PATH, 'utf8'));
}

export interface Comparison {
  /** Runs that are no longer what they were, a line each. */
  readonly changed: readonly string[];
  /** Rows that are in one of the tables only: workloads come and go without a new model. */
  readonly others: readonly string[];
}

export function compareTables(kept: Table, played: Table): Comparison {
  const before = new Map(kept.rows.map((row) => [nameOf(row), row]));
  const changed: string[] = [];
  const others: string[] = [];
  for (const row of played.rows) {
    const name = nameOf(row);
    const old = before.get(name);
    before.delete(name);
    if (old === undefined) others.push(`${name} is new`);
    else if (old.fingerprint !== row.fingerprint) changed.push(`${name}: ${whatChanged(old, row)}`);
  }
  for (const name of before.keys()) others.push(`${name} is gone`);
  return { changed, others };
}

function nameOf({ workload, policy, seed }: Row): string {
  return `${workload} ${policy === '' ? '' : `--policy ${policy} `}--seed ${seed}`;
}

function whatChanged(before: Row, after: Row): string {
  const lanes = LANES.filter((_, i) => before.lanes[i] !== after.lanes[i]);
  return `${lanes.join(', ')} (${before.fingerprint} was, ${after.fingerprint} is)`;
}

/** Lines that tell more than a reader takes in. */
const SHOWN_MAX = 10;

/** What is wrong with the table, and what to do about it; null: nothing. */
export function complaint(kept: Table, played: Table): string | null {
  const { changed, others } = compareTables(kept, played);
  if (changed.length > 0 && kept.modelVersion === played.modelVersion) {
    const shown = changed.slice(0, SHOWN_MAX).map((line) => `  ${line}\n`);
    return (
      `${changed.length} of ${played.rows.length} golden runs changed, and the model version is ` +
      `still ${kept.modelVersion}:\n${shown.join('')}If the model is meant to do something else ` +
      'now: npm run golden -- --update --bump (a new MODEL_VERSION, and the table for it), then ' +
      'npm run regressions:update (the tokens in test/regressions). ' +
      'If not: oomsim diff on the run folders of before and after shows where they part.'
    );
  }
  if (changed.length > 0 || others.length > 0 || kept.modelVersion !== played.modelVersion) {
    const why = [...others, ...changed].slice(0, SHOWN_MAX).join('; ');
    return (
      `the table is of model version ${kept.modelVersion}, this is ${played.modelVersion}; ${why}\n` +
      'npm run golden -- --update'
    );
  }
  return null;
}
