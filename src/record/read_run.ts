import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCsv } from './csv_reader.js';
import { OutputError, reasonOf } from './errors.js';
import { type Manifest, readManifest } from './manifest.js';
import { RUN_FILES } from './run_folder.js';

/** A run as its folder tells it. */
export interface RecordedRun {
  readonly manifest: Manifest;
  /** The rows of kills.csv by column name; every cell is text, an empty one «did not happen». */
  readonly kills: readonly Readonly<Record<string, string>>[];
}

/** @throws OutputError when the folder is not one of a run or cannot be read. */
export function readRun(dir: string): RecordedRun {
  const manifest = readManifest(dir);
  const path = join(dir, RUN_FILES.kills);
  try {
    return { manifest, kills: parseCsv(readFileSync(path, 'utf8')) };
  } catch (error) {
    throw new OutputError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
