/** The YAML text: read into plain data without trusting it, and asked where things stand in it. */

import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';
import type { Located } from './located.js';
import { type Problem, pathText, printable, WorkloadError } from './problems.js';

/** Structures nested deeper than this are refused; the deepest sensible one is some 20. */
const DEPTH_MAX = 100;
const TOO_DEEP = 'nested too deeply';
/** Nodes that aliases may add to what is written: the "billion laughs" stop here. */
const ALIASED_NODES_MAX = 2_000_000;
/** yaml looks every alias up by walking over all anchors and aliases before it. */
const ANCHORS_AND_ALIASES_MAX = 5_000;

/** A YAML file, parsed. */
export class Source {
  readonly data: unknown;
  private readonly document: Document.Parsed;
  private readonly lines = new LineCounter();
  private readonly anchors = new Map<string, Node>();

  /**
   * @param fileName for messages only
   * @throws {WorkloadError} the text isn't YAML, or is YAML that is out to hurt
   */
  constructor(
    private readonly text: string,
    private readonly fileName: string,
  ) {
    try {
      this.document = parseDocument(text, {
        lineCounter: this.lines,
        prettyErrors: false,
        // Not 'silent', which would also hide a second document.
        logLevel: 'error',
        // No !!binary, !!set …: only what JSON has too.
        resolveKnownTags: false,
        // Guarded below: yaml's own test is quadratic in the number of keys.
        uniqueKeys: false,
      });
      this.failOnSyntax();
      this.guard();
      this.data = this.document.toJS({ maxAliasCount: -1 });
    } catch (error) {
      if (error instanceof RangeError) throw this.error(0, TOO_DEEP);
      throw error;
    }
  }

  /** Turns problems with paths into problems with lines, in the order of the file. */
  locate(problems: readonly Located[]): Problem[] {
    const located = problems.map((problem) => {
      const offset = this.offsetOf(problem.path, problem.at);
      return { offset, problem: this.problem(offset, problem) };
    });
    located.sort((a, b) => a.offset - b.offset);
    return located.map((entry) => entry.problem);
  }

  /** Only the first: the ones after a syntax error are mostly its echoes. */
  private failOnSyntax(): void {
    const first = this.document.errors[0] ?? this.document.warnings[0];
    if (first === undefined) return;
    // Deep nesting ends the stack of yaml's recursive composer before guard() can count it.
    if (first.message.startsWith('Maximum call stack')) throw this.error(0, TOO_DEEP);
    if (first.code === 'MULTIPLE_DOCS') {
      throw this.error(first.pos[0], 'a second YAML document: one file is one workload');
    }
    // What is never closed is found out at the end of the file, where there may be nothing to show.
    const offset = Math.min(first.pos[0], this.text.trimEnd().length);
    throw this.error(offset, `not YAML: ${printable(first.message.split('\n')[0]!)}`);
  }

  private error(offset: number, message: string): WorkloadError {
    const where = { path: [], at: 'value', message, found: null, expected: null } as const;
    return new WorkloadError([this.problem(offset, where)]);
  }

  private problem(offset: number, located: Located): Problem {
    const { line, col } = this.lines.linePos(offset);
    const start = this.lines.lineStarts[line - 1] ?? 0;
    const end = this.text.indexOf('\n', start);
    const source = this.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
    const { message, found, expected } = located;
    const path = pathText(located.path);
    return { file: this.fileName, line, column: col, path, message, found, expected, source };
  }

  /** Refuses duplicate keys, deep nesting, and aliases that would unfold into too much. */
  private guard(): void {
    const sizes = new Map<Node, number>();
    let aliased = 0;
    let references = 0;
    const visit = (node: unknown, depth: number): number => {
      if (depth > DEPTH_MAX) throw this.error(offsetOfNode(node), TOO_DEEP);
      if (isAlias(node) || (node as Node | null)?.anchor !== undefined) references++;
      if (references > ANCHORS_AND_ALIASES_MAX) {
        const message = `more than ${ANCHORS_AND_ALIASES_MAX} anchors and aliases`;
        throw this.error(offsetOfNode(node), message);
      }
      if (isAlias(node)) {
        const size = this.aliasedSize(node, sizes);
        aliased += size;
        if (aliased > ALIASED_NODES_MAX) {
          throw this.error(offsetOfNode(node), 'aliases that unfold into too much');
        }
        return size;
      }
      let size = 1;
      if (isCollection(node)) {
        if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
        if (isMap(node)) this.failOnDuplicateKeys(node.items);
        for (const item of node.items) {
          size += visit(isPair(item) ? item.value : item, depth + 1);
        }
        sizes.set(node, size);
      } else if (isScalar(node)) {
        if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
        sizes.set(node, 1);
      }
      return size;
    };
    visit(this.document.contents, 0);
  }

  private aliasedSize(alias: Alias, sizes: ReadonlyMap<Node, number>): number {
    const target = this.anchors.get(alias.source);
    const size = target === undefined ? undefined : sizes.get(target);
    if (size === undefined) {
      throw this.error(offsetOfNode(alias), `no anchor "&${alias.source}" ends before this alias`);
    }
    return size;
  }

  private failOnDuplicateKeys(pairs: readonly Pair[]): void {
    const seen = new Set<string>();
    for (const { key } of pairs) {
      if (!isScalar(key)) throw this.error(offsetOfNode(key), 'a key must be a plain word');
      const name = String(key.value);
      if (seen.has(name)) throw this.error(offsetOfNode(key), `duplicate key "${printable(name)}"`);
      // Plain objects can't hold this key without ado, so zod would not see it.
      if (name === '__proto__') throw this.error(offsetOfNode(key), 'unknown key "__proto__"');
      seen.add(name);
    }
  }

  /** The place of the path's last part that exists in the file; of its key, or of its value. */
  private offsetOf(path: readonly PropertyKey[], at: 'key' | 'value'): number {
    let node: unknown = this.document.contents;
    let offset = offsetOfNode(node);
    for (const [index, part] of path.entries()) {
      if (isAlias(node)) node = this.anchors.get(node.source);
      if (!isCollection(node)) break;
      const found = isMap(node)
        ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(part))
        : node.items[part as number];
      if (found === undefined) break;
      if (isPair(found)) {
        const last = index === path.length - 1;
        // An empty value has no place of its own.
        const keyed = (last && at === 'key') || !hasText(found.value);
        offset = offsetOfNode(keyed ? found.key : found.value);
        node = found.value;
      } else {
        offset = offsetOfNode(found);
        node = found;
      }
    }
    return offset;
  }
}

function offsetOfNode(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}

function hasText(node: unknown): boolean {
  const range = (node as Node | null | undefined)?.range;
  return range !== undefined && range !== null && range[1] > range[0];
}
