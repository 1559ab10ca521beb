/** The ways in which a workload can become smaller, from the coarse to the fine. */

import { countOf, demand, growBiggest, shrinkMachine } from './same_pressure.js';
import type { Search } from './search.js';
import { simpler } from './simplify.js';
import { at, type Data, isMap, type Path, places, withAt } from './tree.js';

/** Tries everything of one kind; what it takes becomes the search's best. */
export type Pass = (search: Search) => Promise<void>;

/** Delta debugging: leaves out chunks of a list, large ones first, then single entries. */
async function dropChunks(
  search: Search,
  path: Path,
  variants: (list: Data[], without: Data[]) => readonly Data[],
): Promise<void> {
  const length = listAt(search.best, path).length;
  for (let size = length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < listAt(search.best, path).length; ) {
      const list = listAt(search.best, path);
      const without = [...list.slice(0, start), ...list.slice(start + size)];
      if (!(await takeAny(search, variants(list, without)))) start += size;
      if (search.isOver) return;
    }
  }
}

/** The first of some candidates that still shows the property. */
async function takeAny(search: Search, candidates: readonly Data[]): Promise<boolean> {
  for (const candidate of candidates) {
    if (await search.take(candidate)) return true;
  }
  return false;
}

function listAt(data: Data, path: Path): Data[] {
  const list = at(data, path);
  return Array.isArray(list) ? list : [];
}

const PROCESSES: Path = ['processes'];

/** Without some processes. */
const dropProcesses: Pass = (search) =>
  dropChunks(search, PROCESSES, (_, without) => [withAt(search.best, PROCESSES, without)]);

/** Of so few processes each is worth some guesses at the memory that it takes. */
const FEW = 24;
const GUESSES = 6;

/** Without some processes, another makes the memory pressure that they made. */
const replaceProcesses: Pass = (search) =>
  dropChunks(search, PROCESSES, (list, without) =>
    growBiggest(
      withAt(search.best, PROCESSES, without),
      demand(list) - demand(without),
      list.length <= FEW ? GUESSES : 1,
    ),
  );

/** Without some processes, on a machine that is smaller by what they took. */
const dropMemoryToo: Pass = (search) =>
  dropChunks(search, PROCESSES, (list, without) =>
    shrinkMachine(withAt(search.best, PROCESSES, without), demand(list) - demand(without)),
  );

/** One instead of many of the same; if that is too few, as few as will do. */
const lowerCounts: Pass = async (search) => {
  for (const index of listAt(search.best, PROCESSES).keys()) {
    const path = [...PROCESSES, index];
    let low = 0; // too few; no process at all is another pass's business
    let high = countOf(at(search.best, path)!);
    for (let tried = low + 1; low + 1 < high; tried = (low + high) >> 1) {
      const fewer = withAt(search.best, [...path, 'count'], tried);
      const [all, some] = [search.best, fewer].map((data) => demand(listAt(data, PROCESSES)));
      const candidates = [fewer, ...growBiggest(fewer, all! - some!, GUESSES)];
      if (await takeAny(search, candidates)) high = tried;
      else low = tried;
      if (search.isOver) return;
    }
  }
};

/** Entries of a list of the file, such as its events. */
const dropFrom =
  (...path: Path): Pass =>
  (search) =>
    dropChunks(search, path, (_, without) => [withAt(search.best, path, without)]);

/** Without a cgroup; who was in it is in its parent then. */
const dropCgroups: Pass = async (search) => {
  const paths = isMap(at(search.best, ['cgroups']))
    ? Object.keys(at(search.best, ['cgroups'])!)
    : [];
  for (const path of paths.reverse()) {
    const without = withAt(search.best, ['cgroups', path], undefined);
    if (await search.take(without)) continue;
    await search.take(moveProcesses(without, path));
  }
};

function moveProcesses(data: Data, from: string): Data {
  const parent = from.slice(0, from.lastIndexOf('/'));
  const processes = listAt(data, PROCESSES).map((process) => {
    if (!isMap(process) || process.cgroup !== from) return process;
    return withAt(process, ['cgroup'], parent === '' ? undefined : parent);
  });
  return withAt(data, PROCESSES, processes);
}

/** Steps of programs, also inside loops. */
const dropSteps: Pass = async (search) => {
  const lists = [...places(search.best)].filter((path) => {
    const isProgram = path.at(-1) === 'program' || path.at(-1) === 'loop';
    return isProgram && Array.isArray(at(search.best, path));
  });
  for (const path of lists) {
    await dropChunks(search, path, (_, without) => [withAt(search.best, path, without)]);
  }
};

/** Left alone: how the file is called, and what all draws and times hang on. */
const KEPT = new Set(['name', 'seed', 'until']);

/** Whatever may be left out of a map. */
const dropKeys: Pass = async (search) => {
  for (const path of [...places(search.best)].reverse()) {
    const key = path.at(-1);
    const isKey = typeof key === 'string' && isMap(at(search.best, path.slice(0, -1)));
    if (!isKey || KEPT.has(key)) continue;
    await search.take(withAt(search.best, path, undefined));
  }
};

/** Names and texts, even where they look like amounts. */
const NO_AMOUNTS = new Set([
  ...['name', 'seed', 'doc', 'comm', 'cgroup', 'file'],
  ...['write', 'sysctl', 'version', 'oom_policy'],
]);

/** Smaller and rounder amounts, constants instead of distributions. */
const simplifyValues: Pass = async (search) => {
  for (const path of [...places(search.best)]) {
    if (NO_AMOUNTS.has(String(path.at(-1)))) continue;
    for (let taken = true; taken && !search.isOver; ) {
      const value = at(search.best, path);
      if (value === undefined) break;
      taken = await takeAny(
        search,
        simpler(value).map((other) => withAt(search.best, path, other)),
      );
    }
  }
};

/** In this order until nothing changes any more. */
export const PASSES: readonly Pass[] = [
  dropProcesses,
  replaceProcesses,
  lowerCounts,
  dropFrom('killers'),
  dropFrom('events'),
  dropCgroups,
  dropSteps,
  dropMemoryToo,
  dropKeys,
  simplifyValues,
];

/** How many processes a workload lists. */
export function countProcesses(data: Data): number {
  return listAt(data, PROCESSES).reduce<number>((sum, process) => sum + countOf(process), 0);
}
