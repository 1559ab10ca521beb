/** What every importer makes: a workload file that says where its numbers came from. */
import type { WorkloadFile } from '../workload/write.js';

/** A workload file with its provenance. */
export interface ImportedWorkload {
  /** For workloadToYaml(). */
  readonly file: WorkloadFile;
  /** Comments by path, for workloadToYaml(): where each number came from. */
  readonly comments: ReadonlyMap<string, string>;
  /** What the source does not say. */
  readonly missing: readonly string[];
  /** What was taken in its place. */
  readonly assumed: readonly string[];
}

/** What importing collects on its way: comments by path, gaps, guesses. */
export interface Notes {
  readonly comments: Map<string, string>;
  readonly missing: string[];
  readonly assumed: string[];
}

/** Gaps and guesses, as the comment at the head of the file lists them. */
export function notesText({ missing, assumed }: Pick<Notes, 'missing' | 'assumed'>): string[] {
  const section = (title: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [title, ...items.map((item) => `  - ${item}`)];
  return [...section('Not in the source:', missing), ...section('Assumed:', assumed)];
}
