/** Problems before they have a line and a column. */

/** A problem whose place is still a path in the file's structure. */
export interface Located {
  readonly path: readonly PropertyKey[];
  /** Whether the key or its value is to be pointed at. */
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly found: string | null;
  readonly expected: string | null;
}

/** A problem that is a sentence of its own. */
export function sentence(
  path: readonly PropertyKey[],
  message: string,
  at: 'key' | 'value' = 'value',
): Located {
  return { path, at, message, found: null, expected: null };
}

/** A problem of the form "expected …, found … (why)". */
export function mismatch(
  path: readonly PropertyKey[],
  expected: string,
  found: string,
  why: string | null = null,
): Located {
  const message = `expected ${expected}, found ${found}${why === null ? '' : ` (${why})`}`;
  return { path, at: 'value', message, found, expected };
}
