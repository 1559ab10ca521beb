/** What is wrong with an input: the errors that users see, with file, line and column. */

/** Bad input of any kind: exit code 2, one clear message, nothing written. */
export class InputError extends Error {
  override readonly name: string = 'InputError';
  /** What the user may have meant, as a sentence; '' when there is nothing to suggest. */
  hint = '';
}

/** One thing that is wrong in a workload file. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** Where in the file's structure, e.g. `processes[0].oom_score_adj`; '' is the whole file. */
  readonly path: string;
  readonly message: string;
  /** What stands there, as written and shortened; null where that makes no sense. */
  readonly found: string | null;
  /** What should stand there; null where that makes no sense. */
  readonly expected: string | null;
  /** The line of the file, for the excerpt. */
  readonly source: string;
}

/** A workload file that isn't one. The message is ready to print. */
export class WorkloadError extends InputError {
  override readonly name = 'WorkloadError';

  constructor(readonly problems: readonly Problem[]) {
    super(formatProblems(problems));
  }
}

/** More would only scroll the first, most telling ones off the screen. */
const SHOWN_MAX = 10;
/** Columns of a source line that are shown; long lines are cut around the problem. */
const EXCERPT_COLUMNS = 100;

/** The text for a terminal: one block a problem, with the source line and a caret. */
export function formatProblems(problems: readonly Problem[]): string {
  const blocks = problems.slice(0, SHOWN_MAX).map(formatProblem);
  const more = problems.length - SHOWN_MAX;
  if (more > 0) blocks.push(`… and ${more} more problem${more === 1 ? '' : 's'}`);
  return blocks.join('\n');
}

function formatProblem(problem: Problem): string {
  const { file, line, column, path, message } = problem;
  const where = path === '' ? '' : `${path}: `;
  const head = `${printable(file)}:${line}:${column}: error: ${where}${message}`;
  if (problem.source.trim() === '') return head;
  const from = Math.max(0, Math.min(column - 1 - 60, problem.source.length - EXCERPT_COLUMNS));
  const excerpt = printable(problem.source.slice(from, from + EXCERPT_COLUMNS));
  return `${head}\n  ${excerpt}\n  ${' '.repeat(column - 1 - from)}^`;
}

/** Control characters would move the cursor or worse; each becomes one visible column. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/\t/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '·');
}

/** A name or value of a file as messages show it. */
export function shortened(text: string): string {
  return printable(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** A structural path as users write it: `processes[0].program[2].anon`, `cgroups["/few"]`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$-]+$/.test(String(part))) text += `${text === '' ? '' : '.'}${String(part)}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return printable(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
