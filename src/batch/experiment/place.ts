/** Finding and changing a place in a workload's plain data. */
import { hint } from '../../workload/suggest.js';

/** A place that is not there; the message is a phrase. */
export class PlaceError extends Error {
  override readonly name = 'PlaceError';
}

type Key = string | number;
type Data = Record<string, unknown> | unknown[];

/**
 * The keys that lead to a place: `processes.small.program.anon` → processes, index of the process
 * named small, program, index of the first step that has `anon`, anon.
 *
 * A part is, in a map, the longest key that the text begins with; in a list, an index, the `name` of
 * an item, or a key of an item. What is not there yet is taken as one key, with its dots: that is how
 * knobs (`memory.max`), sysctls and switches are called.
 * @throws PlaceError if there is no such item of a list
 */
export function keysOf(data: unknown, at: string | readonly Key[]): Key[] {
  if (typeof at !== 'string') return [...at];
  const keys: Key[] = [];
  let here = data;
  let rest = at.replace(/\[(\d+)\]/g, '.$1');
  while (rest !== '') {
    const found = Array.isArray(here) ? itemOf(here, rest, keys) : memberOf(here, rest);
    keys.push(...found.keys);
    here = found.keys.reduce<unknown>((value, key) => childOf(value, key), here);
    rest = found.rest;
  }
  return keys;
}

interface Found {
  readonly keys: Key[];
  readonly rest: string;
}

function memberOf(here: unknown, rest: string): Found {
  const known = typeof here === 'object' && here !== null ? Object.keys(here) : [];
  let best = '';
  for (const key of known) {
    const fits = rest === key || rest.startsWith(`${key}.`);
    if (fits && key.length > best.length) best = key;
  }
  if (best === '') best = rest.startsWith('/') ? firstPart(rest) : newKey(here, rest);
  return { keys: [best], rest: rest.slice(best.length + 1) };
}

/** Sections of a workload hold maps; everything else that may be missing is a knob with its dots. */
function newKey(here: unknown, rest: string): string {
  const isSection = /^(machine|kernel|sysctl|cgroups)\./.test(rest);
  return isSection && (here === undefined || isRoot(here)) ? firstPart(rest) : rest;
}

function isRoot(here: unknown): boolean {
  return typeof here === 'object' && here !== null && 'machine' in here;
}

const firstPart = (text: string): string => text.split('.', 1)[0]!;

function itemOf(list: readonly unknown[], rest: string, before: readonly Key[]): Found {
  const part = firstPart(rest);
  const after = rest.slice(part.length + 1);
  if (/^\d+$/.test(part)) {
    if (Number(part) < list.length) return { keys: [Number(part)], rest: after };
    throw new PlaceError(`${before.join('.')} has only ${list.length} items`);
  }
  for (const [index, item] of list.entries()) {
    const { name } = (item ?? {}) as { name?: unknown };
    const isNamed = typeof name === 'string' && (rest === name || rest.startsWith(`${name}.`));
    if (isNamed) return { keys: [index], rest: rest.slice(name.length + 1) };
  }
  const index = list.findIndex((item) => typeof item === 'object' && item !== null && part in item);
  if (index >= 0) return { keys: [index, part], rest: after };
  const names = list.flatMap((item) => namesOf(item));
  throw new PlaceError(`${before.join('.')} has no "${part}"${hint(part, names)}`);
}

function namesOf(item: unknown): string[] {
  if (typeof item !== 'object' || item === null) return [];
  const { name } = item as { name?: unknown };
  return typeof name === 'string' ? [name] : Object.keys(item);
}

function childOf(value: unknown, key: Key): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<Key, unknown>)[key]
    : undefined;
}

/**
 * Puts a value at a place, in place. Maps on the way are made; a kernel or swap in its short form
 * becomes the long one.
 * @throws PlaceError if there is no such place
 */
export function setAt(data: unknown, at: string | readonly Key[], value: unknown): Key[] {
  const root = data as Record<string, unknown>;
  const isKernel = typeof at === 'string' ? /^kernel\./.test(at) : at[0] === 'kernel';
  if (isKernel && typeof root.kernel === 'string') root.kernel = { version: root.kernel };
  const keys = keysOf(data, at);
  let here: Data = root;
  for (const [depth, key] of keys.slice(0, -1).entries()) {
    const next = childOf(here, key);
    if (typeof next === 'object' && next !== null) {
      here = next as Data;
      continue;
    }
    if (next !== undefined && next !== null) {
      throw new PlaceError(
        `${keys.slice(0, depth + 1).join('.')} is a plain value, with nothing in it`,
      );
    }
    const made: Record<string, unknown> = {};
    (here as Record<Key, unknown>)[key] = made;
    here = made;
  }
  (here as Record<Key, unknown>)[keys.at(-1)!] = value;
  return keys;
}
