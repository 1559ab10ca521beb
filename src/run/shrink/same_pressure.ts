/** With fewer processes memory no longer runs out; these make up for that in one place. */
import { formatSize, parseSize } from '../../workload/units.js';
import { at, type Data, isMap, type Path, places, withAt } from './tree.js';

const MEMORY: Path = ['machine', 'memory'];
const MIB = 1024 * 1024;
/** The model is not made for less. */
const MEMORY_MIN = 16 * MIB;

/** Keys of steps and of `memory` whose size somebody holds. */
const HELD = new Set(['anon', 'shm', 'tmpfs', 'kmem', 'shmem', 'file', 'read', 'map', 'write']);

/** What some processes take as their file says, in bytes: a guess that a trial will judge. */
export function demand(processes: readonly Data[]): number {
  return processes.reduce<number>((sum, process) => sum + countOf(process) * sizesIn(process), 0);
}

/** How many of a process there are. */
export function countOf(process: Data): number {
  return isMap(process) && typeof process.count === 'number' ? process.count : 1;
}

function sizesIn(process: Data): number {
  let bytes = 0;
  for (const path of places(process)) {
    if (HELD.has(String(path.at(-1)))) bytes += sizeAt(process, path) ?? 0;
  }
  return bytes;
}

function sizeAt(data: Data, path: Path): number | null {
  const written = at(data, path);
  if (typeof written !== 'string' && typeof written !== 'number') return null;
  const size = parseSize(written);
  return size.ok ? size.value : null;
}

/** What to add to a guess, in MiB: nothing first; more where a process takes what no file says. */
const MORE_MIB = [0, 1, 2, 4, 8, 16];

/** The same where the process that takes most takes so many bytes more, or somewhat more still. */
export function growBiggest(data: Data, bytes: number, guesses: number): Data[] {
  const biggest = biggestAnon(data);
  if (biggest === null) return [];
  const count = countOf(at(data, biggest.slice(0, 2))!);
  const size = sizeAt(data, biggest)!;
  return MORE_MIB.slice(0, guesses).map((mib) =>
    withAt(data, biggest, formatSize(wholeMib(size + Math.floor(bytes / count)) + mib * MIB)),
  );
}

/** The same on a machine that has so many bytes less: none or one candidate. */
export function shrinkMachine(data: Data, bytes: number): Data[] {
  const memory = sizeAt(data, MEMORY);
  const less = memory === null ? 0 : wholeMib(memory - bytes);
  return bytes > 0 && less >= MEMORY_MIN ? [withAt(data, MEMORY, formatSize(less))] : [];
}

function wholeMib(bytes: number): number {
  return Math.floor(bytes / MIB) * MIB;
}

/** Where the largest `anon` stands. */
function biggestAnon(data: Data): Path | null {
  let biggest: Path | null = null;
  for (const path of places(at(data, ['processes']) ?? [], ['processes'])) {
    if (path.at(-1) !== 'anon') continue;
    const size = sizeAt(data, path);
    if (size !== null && (biggest === null || size > sizeAt(data, biggest)!)) biggest = path;
  }
  return biggest;
}
