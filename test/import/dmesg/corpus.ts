/** The real reports beside the repository; tests that want them skip when they are not there. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../../shared/oomlogs/', import.meta.url));

/** One log and what is known of it. */
export interface CorpusLog {
  readonly file: string;
  readonly constraint: 'global' | 'memcg';
  readonly killed: readonly { readonly pid: number; readonly comm: string }[];
  readonly task_rows: number;
  readonly lines: readonly string[];
}

/** Where the logs should be. */
export const CORPUS_FOLDER = FOLDER;

/** All logs, or null when they are not there. */
export function loadCorpus(): readonly CorpusLog[] | null {
  if (!existsSync(`${FOLDER}index.json`)) return null;
  const index = JSON.parse(readFileSync(`${FOLDER}index.json`, 'utf8')) as CorpusLog[];
  return index.map((entry) => ({
    ...entry,
    lines: readFileSync(`${FOLDER}${entry.file}`, 'utf8').split('\n'),
  }));
}
