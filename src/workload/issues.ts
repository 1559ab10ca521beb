/** From what zod reports to what users read: where, what was found, what was expected. */

import type { z } from 'zod';
import { type Located, mismatch, sentence } from './located.js';
import { printable, shortened } from './problems.js';
import { hint } from './suggest.js';

type Issue = z.core.$ZodIssue;

/**
 * Translates one issue of the schema.
 * @param root the file as plain data, for what was found
 */
export function fromIssue(issue: Issue, root: unknown): Located[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ');
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  if (issue.code === 'invalid_key') {
    // A map whose keys are checked: the key is what was found.
    return issue.issues.flatMap((inner) => {
      const key = shown(path.at(-1));
      const { why } = paramsOf(inner);
      return [{ ...mismatch(path, inner.message, key, why ?? null), at: 'key' as const }];
    });
  }
  const params = paramsOf(issue);
  if (params.free === true) {
    if (typeof params.key === 'string') {
      return [sentence([...path, params.key], issue.message, 'key')];
    }
    return [sentence(path, issue.message, params.key === true ? 'key' : 'value')];
  }
  const found = valueAt(root, path);
  if (found === undefined && path.length > 0) {
    const message = `missing "${printable(String(path.at(-1)))}": expected ${issue.message}`;
    return [
      { path: path.slice(0, -1), at: 'value', message, found: null, expected: issue.message },
    ];
  }
  return [mismatch(path, issue.message, shown(found), params.why ?? null)];
}

interface Params {
  /** The message is a sentence of its own. */
  readonly free?: boolean;
  /** Point at this key below the path, or with `true` at the key that the path ends in. */
  readonly key?: string | true;
  /** Why what was found won't do. */
  readonly why?: string;
}

function paramsOf(issue: Issue): Params {
  return issue.code === 'custom' ? ((issue.params ?? {}) as Params) : {};
}

function unknownKey(path: PropertyKey[], key: string, known: readonly string[]): Located {
  const suggestion = hint(key, known);
  const rest = suggestion === '' ? `; known here: ${known.join(', ')}` : suggestion;
  const message = `unknown key "${shortened(key)}"${rest}`;
  return { path, at: 'key', message, found: shortened(key), expected: known.join(', ') };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) {
      return undefined;
    }
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** A value as messages show it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  return String(value);
}
