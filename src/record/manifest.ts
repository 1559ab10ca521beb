import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutputError, reasonOf } from './errors.js';
import { writeWhole } from './write_whole.js';

export const MANIFEST_NAME = 'run.json';
const FORMAT = 'oomsim-run/1';

/**
 * unfinished -> finished | interrupted | failed. A run that was killed says `unfinished` for ever:
 * the file is written before the first event and replaced only at the end.
 */
export type ManifestState = 'unfinished' | 'finished' | 'interrupted' | 'failed';

/** run.json. Holds no wall-clock time, so that the same run writes the same bytes. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly state: ManifestState;
  /** The process that writes the folder, as processIdentity() has it; only while it is `unfinished`. */
  readonly writer?: string | null;
  /** The repro token; without its fingerprint until the run is over. */
  readonly token: string;
  /** The token without fingerprint: what the run was asked to be. */
  readonly identity: string;
  readonly workload: { readonly name: string; readonly sha256: string };
  readonly kernel: string;
  readonly policy: string;
  readonly seed: string;
  readonly run: number;
  /** Whatever was asked for beyond the workload file, by option name. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Simulated ns between two samples. */
  readonly sampleIntervalNs: number;
  /** Node's version only informs: if it mattered, that would be a bug. */
  readonly versions: { readonly oomsim: string; readonly model: string; readonly node: string };
  /** What `--json` prints, with the number of kills for their list; null until the run is over. */
  readonly summary: Readonly<Record<string, unknown>> | null;
}

/** Replaces the folder's run.json at once: a reader sees the old or the new one, never a part. */
export function writeManifest(dir: string, manifest: Omit<Manifest, 'format'>): void {
  const text = `${JSON.stringify({ format: FORMAT, ...manifest }, null, 2)}\n`;
  writeWhole(join(dir, MANIFEST_NAME), text);
}

/** @throws OutputError when there is none, or it is not one of ours. */
export function readManifest(dir: string): Manifest {
  const path = join(dir, MANIFEST_NAME);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new OutputError(`${dir} is not a run folder: cannot read ${path}: ${reasonOf(error)}`);
  }
  const manifest = parseJson(text);
  if (manifest === null || manifest.format !== FORMAT || typeof manifest.identity !== 'string') {
    throw new OutputError(`${path} is not a manifest of the format ${FORMAT}`);
  }
  return manifest;
}

function parseJson(text: string): Manifest | null {
  try {
    return JSON.parse(text) as Manifest | null;
  } catch {
    return null;
  }
}
