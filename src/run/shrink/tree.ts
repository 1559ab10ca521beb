/** Plain data, changed by copying: what a workload file holds. */

export type Data = string | number | boolean | null | Data[] | { [key: string]: Data };
export type Path = readonly (string | number)[];

export function at(data: Data, path: Path): Data | undefined {
  let node: Data | undefined = data;
  for (const part of path) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = (node as Record<string | number, Data>)[part];
  }
  return node;
}

/** A copy with another value at that place; `undefined` takes it out. */
export function withAt(data: Data, path: Path, value: Data | undefined): Data {
  const [first, ...rest] = path;
  if (first === undefined) return value ?? null;
  if (Array.isArray(data)) {
    if (rest.length === 0 && value === undefined) return data.filter((_, i) => i !== first);
    return data.map((item, i) => (i === first ? withAt(item, rest, value) : item));
  }
  const map = data as { [key: string]: Data };
  if (rest.length > 0) return { ...map, [first]: withAt(map[first]!, rest, value) };
  if (value !== undefined) return { ...map, [first]: value };
  const { [first]: _, ...others } = map;
  return others;
}

/** Every place in the data, outer before inner, in the order of the file. */
export function* places(data: Data, path: Path = []): Generator<Path> {
  yield path;
  if (typeof data !== 'object' || data === null) return;
  const keys = Array.isArray(data) ? data.keys() : Object.keys(data);
  for (const key of keys) yield* places(at(data, [key])!, [...path, key]);
}

export function isMap(data: Data | undefined): data is { [key: string]: Data } {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
