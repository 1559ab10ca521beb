/**
 * Lists that have one item nearly always, and are of the right size then. V8 gives an array that begins
 * empty room for seventeen at its first push(): 128 bytes for nothing, several times in each process.
 */
export type ShortList<T> = readonly T[];

/** The list without items; the same for all, so that it costs none of them anything. */
export const EMPTY: ShortList<never> = [];

/** `list` with one more item: the list itself, or a new one if it was empty. */
export function append<T>(list: ShortList<T>, item: T): ShortList<T> {
  if (list.length === 0) return [item];
  (list as T[]).push(item);
  return list;
}

/** Takes an item out of the list; returns false if it was not in there. */
export function remove<T>(list: ShortList<T>, item: T): boolean {
  const at = list.indexOf(item);
  if (at >= 0) (list as T[]).splice(at, 1);
  return at >= 0;
}
