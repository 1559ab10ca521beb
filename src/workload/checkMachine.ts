/** The machine: zones that make sense, and room for what is there at the start. */

import { type Located, mismatch, sentence } from './located.js';
import type { Workload, ZoneSpec } from './types.js';
import { formatSize, PAGE_BYTES } from './units.js';

/** Less than this and not even the watermarks and the processes' page tables fit. */
const MEMORY_BYTES_MIN = 16 * 1024 ** 2;
/** x86-64 with four levels of page tables: MAX_PHYSMEM_BITS 46. */
const MEMORY_BYTES_MAX = 64 * 1024 ** 4;

/** Checks memory, zones and initial memory. */
export function checkMachine(workload: Workload): Located[] {
  const { memoryBytes, zones, nodes } = workload.machine;
  const problems: Located[] = [];
  if (memoryBytes < MEMORY_BYTES_MIN || memoryBytes > MEMORY_BYTES_MAX) {
    const path = ['machine', zones === null ? 'memory' : 'zones'];
    const expected = 'between 16MiB and 64TiB of memory';
    problems.push(mismatch(path, expected, formatSize(memoryBytes)));
  }
  const seen = new Map<string, number>();
  for (const [index, zone] of (zones ?? []).entries()) {
    const path = ['machine', 'zones', index];
    problems.push(...checkZone(zone, path));
    if (zone.node >= nodes) {
      problems.push(mismatch([...path, 'node'], `a node below ${nodes}`, String(zone.node)));
    }
    const key = `${zone.node} ${zone.name}`;
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      const message = `duplicate zone: zones[${earlier}] is ${zone.name} of node ${zone.node} too`;
      problems.push(sentence([...path, 'name'], message));
    }
    seen.set(key, index);
  }
  return problems.length > 0 ? problems : checkInitialMemory(workload);
}

function checkZone(zone: ZoneSpec, path: readonly PropertyKey[]): Located[] {
  const problems: Located[] = [];
  const order = (names: readonly [string, number | null][], why: string): void => {
    const given = names.filter((entry): entry is [string, number] => entry[1] !== null);
    for (const [position, [name, value]] of given.entries()) {
      const next = given[position + 1];
      if (next === undefined || value <= next[1]) continue;
      const message = `${name} (${value}) is more than ${next[0]} (${next[1]}): ${why}`;
      problems.push(sentence([...path, name], message));
    }
  };
  order(
    [
      ['free', zone.freePages],
      ['managed', zone.managedPages],
      ['present', zone.presentPages],
    ],
    'free ≤ managed ≤ present',
  );
  order(
    [
      ['min', zone.minPages],
      ['low', zone.lowPages],
      ['high', zone.highPages],
    ],
    'min ≤ low ≤ high',
  );
  return problems;
}

/**
 * What can't be shared must fit. File and shmem pages of processes are left out: several processes
 * may map the same ones, and every one of them counts them.
 */
function checkInitialMemory({ machine, cgroups, processes }: Workload): Located[] {
  const zonePages = machine.zones?.reduce((sum, zone) => sum + zone.managedPages, 0);
  const roomPages = zonePages ?? Math.floor(machine.memoryBytes / PAGE_BYTES);
  let ramPages = machine.cachePages;
  let swapPages = 0;
  if (ramPages > roomPages)
    return [tooMuch(['machine', 'cache'], 'page cache', ramPages, roomPages)];
  for (const { path, initial } of cgroups) {
    if (initial === null) continue;
    ramPages += initial.filePages + initial.shmemPages;
    ramPages += initial.kernelPages + initial.reclaimablePages;
    if (ramPages > roomPages) {
      return [tooMuch(['cgroups', path, 'initial'], 'memory', ramPages, roomPages)];
    }
  }
  for (const [index, { memory, count, top }] of processes.entries()) {
    if (memory === null || !top) continue;
    ramPages += count * (memory.anonPages + memory.pgtablesPages);
    swapPages += count * memory.swapPages;
    const path = ['processes', index, 'memory'];
    if (ramPages > roomPages) return [tooMuch(path, 'memory', ramPages, roomPages)];
    const swapRoomPages = Math.floor(machine.swapBytes / PAGE_BYTES);
    if (swapPages > swapRoomPages) return [tooMuch(path, 'swap', swapPages, swapRoomPages)];
  }
  return [];
}

function tooMuch(path: PropertyKey[], what: string, pages: number, roomPages: number): Located {
  const needed = formatSize(pages * PAGE_BYTES);
  const room = formatSize(roomPages * PAGE_BYTES);
  return sentence(
    path,
    `with this, ${needed} of ${what} are in use at the start: there are ${room}`,
  );
}
