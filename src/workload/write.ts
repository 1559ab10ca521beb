/** Writing workload files: what importers make, as YAML that people like to read. */

import { Document, isCollection, isMap, isPair, isScalar, type Node, type Pair } from 'yaml';
import type { z } from 'zod';
import { pathText, printable } from './problems.js';
import type { workloadSchema } from './schema.js';

/** A workload as written in a file: what the schema takes in. */
export type WorkloadFile = z.input<typeof workloadSchema>;

/** Comments by the path of what they stand above, e.g. `processes[3]`; '' is the whole file. */
export type Comments = ReadonlyMap<string, string>;

const COLUMNS = 100;

/**
 * Writes a workload file. parseWorkload() of the text gives the same as of the spec itself.
 * Short maps and lists stand on one line, unless there is a comment inside.
 */
export function workloadToYaml(spec: WorkloadFile, comments: Comments = new Map()): string {
  const document = new Document(spec, { aliasDuplicateObjects: false });
  const head = comments.get('');
  if (head !== undefined) document.commentBefore = commentText(head);
  lay(document.contents, [], comments);
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/**
 * Chooses block or flow style for a node and everything in it.
 * @returns the columns that it takes on one line, or Infinity if it can't stand on one
 */
function lay(node: unknown, path: readonly PropertyKey[], comments: Comments): number {
  if (!isCollection(node)) return isScalar(node) ? scalarWidth(node.value) : 4;
  let width = 4;
  for (const [index, item] of node.items.entries()) {
    const inner = isPair(item) ? String((item.key as Node & { value: unknown }).value) : index;
    const here = [...path, inner];
    const value = isPair(item) ? item.value : item;
    const keyWidth = isPair(item) ? String(inner).length + 2 : 0;
    width += 2 + keyWidth + lay(value, here, comments);
    const comment = comments.get(pathText(here));
    if (comment === undefined) continue;
    const target = isPair(item) ? (item as Pair<Node>).key : (item as Node);
    target.commentBefore = commentText(comment);
    width = Number.POSITIVE_INFINITY;
  }
  // The sections, and the entries of the lists of processes and events, are what one looks for.
  const indent = 2 * path.length + String(path.at(-1) ?? '').length;
  const isEmpty = node.items.length === 0;
  const isSection = path.length === 0 || (path.length === 1 && path[0] !== 'machine');
  const fits = width + indent <= COLUMNS && !(isSection && isMap(node) && path[0] === 'cgroups');
  const isList = path.length === 1 && (path[0] === 'processes' || path[0] === 'events');
  node.flow = isEmpty || (path.length > 0 && fits && !isList);
  return width;
}

/** An estimate: whether YAML will want quotes is only guessed. */
function scalarWidth(value: unknown): number {
  if (typeof value !== 'string') return String(value).length;
  return /^[\w./ -]+$/.test(value) ? value.length : JSON.stringify(value).length;
}

/** One space after each `#`, and nothing that would end the comment early. */
function commentText(comment: string): string {
  return comment
    .split(/\r\n|\r|\n/)
    .map((line) => ` ${printable(line)}`.trimEnd())
    .map((line) => (line === '' ? ' ' : line))
    .join('\n');
}
