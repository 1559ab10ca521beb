/**
 * A union whose members are told apart by which key a map has: `{ anon: 60MiB, every: 2ms }` is the
 * `anon` step. zod's plain union would try every member and report them all; its discriminated union
 * wants a common key with a literal value. This one looks the member up, so that files with many
 * processes parse fast and a problem is reported against the member that was meant.
 */

import * as z from 'zod';
import { ZodUnion } from 'zod';
import { $constructor } from 'zod/v4/core';
import { shortened } from './problems.js';
import { hint } from './suggest.js';

interface KeyedDef extends z.core.$ZodUnionDef {
  /** What a member is called in messages, with its article: `a step`. */
  readonly what: string;
  /** Earlier keys win: `threads` stands before `anon`, since `{ threads: 4, anon: 1MiB }` has both. */
  readonly byKey: ReadonlyMap<string, z.core.$ZodType>;
  /** For what isn't a map: a bare word or a number. */
  readonly plain: z.core.$ZodType | null;
  /** For lists; null where that is an error. */
  readonly list: z.core.$ZodType | null;
  /** For maps in which none of the keys is found; null where that is an error. */
  readonly otherwise: z.core.$ZodType | null;
  /** Known bare words, for suggestions. */
  readonly words: readonly string[];
}

interface KeyedInternals extends z.core.$ZodUnionInternals {
  def: KeyedDef;
}

interface ZodKeyed extends z.ZodUnion {
  _zod: KeyedInternals;
}

const ZodKeyed: z.core.$constructor<ZodKeyed, KeyedDef> = $constructor('ZodKeyed', (inst, def) => {
  ZodUnion.init(inst, def);
  inst._zod.parse = (payload, ctx) => {
    const value = payload.value;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, member] of def.byKey) {
        if (Object.hasOwn(value, key)) return member._zod.run(payload, ctx);
      }
      if (def.otherwise !== null) return def.otherwise._zod.run(payload, ctx);
      payload.issues.push({ code: 'custom', input: value, inst, ...unknownMember(def, value) });
      return payload;
    }
    if (def.list !== null && Array.isArray(value)) return def.list._zod.run(payload, ctx);
    if (def.plain !== null && (typeof value === 'string' || typeof value === 'number')) {
      return def.plain._zod.run(payload, ctx);
    }
    payload.issues.push({ code: 'custom', input: value, inst, message: def.what });
    return payload;
  };
});

/** What is wrong with a map in which no member's key is found: the one that was meant, or all. */
function unknownMember(def: KeyedDef, value: object): Partial<z.core.$ZodIssueCustom> {
  const keys = Object.keys(value);
  const known = [...def.byKey.keys(), ...def.words];
  for (const key of keys) {
    if (def.words.includes(key)) {
      return { message: `"${key}" takes nothing: write it without braces`, params: { free: true } };
    }
  }
  if (keys.length === 0) return { message: def.what };
  const close = keys.find((key) => hint(key, known) !== '');
  if (close !== undefined) {
    const message = `"${close}" is not ${def.what}${hint(close, known)}`;
    return { message, params: { free: true, key: close } };
  }
  const names = keys.map((key) => `"${shortened(key)}"`).join(', ');
  const subject = keys.length === 1 ? `${names} is not` : `none of ${names} is`;
  const message = `${subject} ${def.what}; there are ${[...new Set(known)].join(', ')}`;
  return { message, params: { free: true, key: keys[0]! } };
}

/**
 * The members of a keyed union, by the key that tells them apart. Each is made, for its key, when the
 * first map has that key: files use few of them, and zod takes its time to make one.
 */
export type Members<Output> = Readonly<Record<string, (key: string) => z.ZodType<Output>>>;

function lazily<Output>(members: Members<Output>): Map<string, z.core.$ZodType> {
  return new Map(Object.entries(members).map(([key, make]) => [key, z.lazy(() => make(key))]));
}

/**
 * Makes a keyed union.
 * @param what what a member is called, with its article; also the text of "expected …"
 * @param members by their key; the first whose key is there is taken
 * @param plain for strings and numbers, or null where only maps may stand
 * @param words the bare words that `plain` takes, if it takes only certain ones
 */
export function keyed<Output, Plain = never>(
  what: string,
  members: Members<Output>,
  plain: z.ZodType<Plain> | null,
  words: readonly string[] = [],
): z.ZodType<Output | Plain, unknown> {
  const byKey = lazily(members);
  const options = [...(plain === null ? [] : [plain]), ...byKey.values()];
  const union = new ZodKeyed({
    type: 'union',
    options,
    what,
    byKey,
    plain,
    list: null,
    otherwise: null,
    words,
  });
  return union as unknown as z.ZodType<Output | Plain, unknown>;
}

/**
 * Makes a union of a short form, a string or a number, and the long form, a map.
 * @param what the text of "expected …" where neither stands
 */
export function shortOrLong<Short, Long>(
  what: string,
  plain: z.ZodType<Short>,
  otherwise: z.ZodType<Long>,
): z.ZodType<Short | Long, unknown> {
  const options = [plain, otherwise];
  const union = new ZodKeyed({
    type: 'union',
    options,
    what,
    byKey: new Map(),
    plain,
    list: null,
    otherwise,
    words: [],
  });
  return union as unknown as z.ZodType<Short | Long, unknown>;
}

/**
 * Makes a union of a list and of maps that are told apart by a key.
 * @param what the text of "expected …" where neither stands
 * @param members by their key; the first whose key is there is taken
 */
export function listOrKeyed<Output>(
  what: string,
  list: z.ZodType<Output>,
  members: Members<Output>,
): z.ZodType<Output, unknown> {
  const byKey = lazily(members);
  const union = new ZodKeyed({
    type: 'union',
    options: [list, ...byKey.values()],
    what,
    byKey,
    plain: null,
    list,
    otherwise: null,
    words: [],
  });
  return union as unknown as z.ZodType<Output, unknown>;
}
