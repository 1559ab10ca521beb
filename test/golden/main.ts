/**
 * `npm run golden [-- --print] [-- --update [--bump]]`
 *
 * Compares the shipped workloads' fingerprints with the table that is kept; --print writes what is
 * played to stdout instead. --update writes the table anew; it refuses when runs have changed and the
 * model version has not: --bump raises that first.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { MODEL_VERSION } from '../../src/run/model_version.js';
import {
  compareTables,
  complaint,
  formatTable,
  playTable,
  readTable,
  TABLE_PATH,
  VERSION_PATH,
} from './table.js';

const { values: options } = parseArgs({
  options: {
    print: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
    bump: { type: 'boolean', default: false },
  },
});

/** The next model version, written where it is kept. */
function bump(): string {
  const next = String(Number(MODEL_VERSION) + 1);
  const text = readFileSync(VERSION_PATH, 'utf8');
  const raised = text.replace(`MODEL_VERSION = '${MODEL_VERSION}'`, `MODEL_VERSION = '${next}'`);
  if (raised === text) throw new Error(`no MODEL_VERSION = '${MODEL_VERSION}' in ${VERSION_PATH}`);
  writeFileSync(VERSION_PATH, raised);
  return next;
}

function update(kept: ReturnType<typeof readTable>, played: typeof kept): number {
  const { changed } = compareTables(kept, played);
  const isOld = changed.length > 0 && kept.modelVersion === MODEL_VERSION;
  if (isOld && !options.bump) {
    console.error(complaint(kept, played));
    return 1;
  }
  const modelVersion = isOld ? bump() : MODEL_VERSION;
  writeFileSync(TABLE_PATH, formatTable({ ...played, modelVersion }));
  console.error(`${changed.length} runs changed; the table is of model version ${modelVersion}`);
  return 0;
}

async function main(): Promise<number> {
  const played = await playTable(MODEL_VERSION);
  if (options.print) {
    process.stdout.write(formatTable(played));
    return 0;
  }
  const kept = readTable();
  if (options.update) return update(kept, played);
  const wrong = complaint(kept, played);
  console.error(wrong ?? `${played.rows.length} golden runs are as they were`);
  return wrong === null ? 0 : 1;
}

process.exitCode = await main();
