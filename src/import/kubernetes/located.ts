/** Where in its file a value of a manifest stands, looked up only once it has proved to be bad. */
import { isNode, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { InputError, pathText, printable, WorkloadError } from '../../workload/problems.js';
import type { Plain } from './plain.js';
import { parseQuantity } from './quantity.js';

/** One document of a file, as plain data. */
export interface ManifestDocument {
  readonly file: string;
  readonly text: string;
  /** Which of the file's documents, from 0, and where in it. */
  readonly index: number;
  readonly prefix: readonly PropertyKey[];
  readonly value: unknown;
}

/** Positions in larger files take too long to find: the path has to do. */
const LOCATED_CHARS_MAX = 8 * 2 ** 20;

const QUANTITY = 'a quantity such as 512Mi';

/** A bad value, known by the map that holds it. */
export class BadValue extends InputError {
  constructor(
    message: string,
    readonly holder: Plain,
    readonly key: string,
    readonly expected: string,
  ) {
    super(message);
  }
}

/**
 * The quantity that a map holds, in whole units.
 * @throws BadValue if it is none, or is negative
 */
export function quantityIn(map: Plain, key: string, where: string): number {
  try {
    return parseQuantity(map[key], where);
  } catch (error) {
    throw error instanceof InputError ? new BadValue(error.message, map, key, QUANTITY) : error;
  }
}

/** The same error with file, line and column, if the value can be found. */
export function located(bad: BadValue, documents: readonly ManifestDocument[]): InputError {
  for (const document of documents) {
    const path = pathOf(document.value, bad.holder);
    if (path === null) continue;
    const full = [...document.prefix, ...path, bad.key];
    const { line, column, source } = positionOf(document, full);
    const written = JSON.stringify(bad.holder[bad.key]) ?? null;
    return new WorkloadError([
      {
        file: document.file,
        line,
        column,
        path: pathText(full),
        message: bad.message,
        found: written,
        expected: bad.expected,
        source,
      },
    ]);
  }
  return bad;
}

/** How to get from `value` to the very object `target`; null when it is not in there. */
function pathOf(value: unknown, target: object): PropertyKey[] | null {
  const pending: { at: unknown; path: PropertyKey[] }[] = [{ at: value, path: [] }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { at, path } = next;
    if (at === target) return path;
    if (typeof at !== 'object' || at === null) continue;
    for (const [key, child] of Object.entries(at)) {
      pending.push({ at: child, path: [...path, Array.isArray(at) ? Number(key) : key] });
    }
  }
  return null;
}

function positionOf(
  { text, index }: ManifestDocument,
  path: readonly PropertyKey[],
): { line: number; column: number; source: string } {
  const start = { line: 1, column: 1, source: '' };
  if (text.length > LOCATED_CHARS_MAX) return start;
  const lineCounter = new LineCounter();
  const document = [...parseAllDocuments(text, { logLevel: 'error', lineCounter })][index];
  // What is missing would stand in the map around it.
  const node = document?.getIn(path, true) ?? document?.getIn(path.slice(0, -1), true);
  const offset = isNode(node) ? node.range?.[0] : undefined;
  if (offset === undefined) return start;
  const { line, col } = lineCounter.linePos(offset);
  return { line, column: col, source: lineOf(text, lineCounter.lineStarts[line - 1] ?? 0) };
}

function lineOf(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

/** What the YAML parser found wrong, with its place; at the latest where the text ends. */
export function notYaml(error: YAMLError, file: string, text: string): WorkloadError {
  const offset = Math.min(error.pos[0], text.trimEnd().length);
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const [first = ''] = error.message.split('\n');
  return new WorkloadError([
    {
      file,
      line: text.slice(0, start).split('\n').length,
      column: offset - start + 1,
      path: '',
      message: `not YAML: ${printable(first)}`,
      found: null,
      expected: null,
      source: lineOf(text, start),
    },
  ]);
}
