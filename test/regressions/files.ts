/** Workloads on which something went wrong once, each with the token of its run. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runWorkload } from '../../src/run/run.js';
import { loadWorkload, withToken } from '../../src/workload/load.js';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

export function regressionFiles(): string[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(FOLDER, name));
}

/** Writes the token that each has now into it: for a new version of the model. */
export async function updateTokens(): Promise<void> {
  for (const path of regressionFiles()) {
    const { token } = await runWorkload(loadWorkload(path));
    writeFileSync(path, withToken(readFileSync(path, 'utf8'), token));
  }
}
