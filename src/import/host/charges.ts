/**
 * Who is charged for what: the processes' own memory, and what each cgroup and the rest of the
 * machine hold besides. Memory shared after fork() counts in every process's RSS but is charged once.
 */
import { PAGE_BYTES } from '../../workload/units.js';
import type { Notes } from '../imported.js';
import { fitInto, fitSwap, type ProcessPages } from '../process_pages.js';
import type { HostCgroup, HostSnapshot } from './snapshot.js';

/** Pages by kind, as `initial` of a cgroup takes them; kinds that are 0 are left out. */
export type Initial = Partial<Record<'file' | 'shmem' | 'kernel' | 'reclaimable', string>>;

/** Everything that is placed at the start. */
export interface Charges {
  /** By pid. */
  readonly pages: ReadonlyMap<number, ProcessPages>;
  readonly paths: ReadonlySet<string>;
  /** What a cgroup holds that none of its processes maps. */
  of(path: string): Initial;
}

/** So that the last process placed is not a few pages short. */
const SLACK_PAGES_PER_ZONE = 512;

const pagesOf = (bytes: number): number => Math.floor(bytes / PAGE_BYTES);

/** Decides where every page of the snapshot is. */
export function placeCharges(snapshot: HostSnapshot, notes: Notes): Charges {
  const { cgroups, processes, machine } = snapshot;
  const paths = new Set(['/', ...cgroups.map(({ path }) => path)]);
  const pages = new Map<number, ProcessPages>();
  const members = new Map<string, Map<number, ProcessPages>>();
  for (const process of processes) {
    const own = ownPages(process);
    pages.set(process.pid, own);
    const path = paths.has(process.cgroup) ? process.cgroup : '/';
    const group = members.get(path) ?? new Map<number, ProcessPages>();
    members.set(path, group.set(process.pid, own));
  }
  let moved = 0;
  for (const cgroup of cgroups) moved += fitCgroup(cgroup, members.get(cgroup.path));
  const used = usedPages(snapshot);
  moved += fitInto(pages, Math.min(used, pagesOf(machine.anonBytes) + pageTables(pages)));
  fitSwap(pages, pagesOf(machine.swapBytes));
  if (moved > 0) {
    notes.assumed.push(
      `${moved} anonymous pages are shared after fork(): they count in each process's RSS, ` +
        'but take no memory of their own',
    );
  }
  let left = used - held(pages);
  const take = (wanted: number): number => {
    const taken = Math.max(0, Math.min(left, wanted));
    left -= taken;
    return taken;
  };
  const initial = new Map<string, Initial>();
  const sums = { file: 0, shmem: 0 };
  const below = new Map<string, number>();
  for (const cgroup of [...cgroups].reverse()) {
    const file = take(pagesOf(cgroup.fileBytes));
    const shmem = take(pagesOf(cgroup.shmemBytes));
    sums.file += file;
    sums.shmem += shmem;
    const children = below.get(cgroup.path) ?? 0;
    const usage = pagesOf(cgroup.usageBytes ?? 0);
    const own = held(members.get(cgroup.path) ?? new Map());
    const kernel = take(usage - children - own - file - shmem);
    initial.set(cgroup.path, nonZero({ file, shmem, kernel }));
    const parent = cgroup.path.slice(0, cgroup.path.lastIndexOf('/'));
    below.set(parent, (below.get(parent) ?? 0) + usage);
  }
  const shmem = take(pagesOf(machine.shmemBytes) - sums.shmem);
  const file = take(pagesOf(machine.cachedBytes - machine.shmemBytes) - sums.file);
  const reclaimable = take(pagesOf(machine.reclaimableBytes));
  initial.set('/', nonZero({ file, shmem, kernel: take(left), reclaimable }));
  return { pages, paths, of: (path) => initial.get(path) ?? {} };
}

function ownPages(process: HostSnapshot['processes'][number]): ProcessPages {
  return {
    anon: pagesOf(process.anonBytes),
    file: pagesOf(process.fileBytes),
    shmem: pagesOf(process.shmemBytes),
    swap: pagesOf(process.swapBytes),
    pgtables: pagesOf(process.pgtablesBytes),
    totalVm: pagesOf(process.vmBytes),
    from: 'status',
  };
}

/** A cgroup's anonymous memory is what its members have together, shared pages once. */
function fitCgroup(cgroup: HostCgroup, members: Map<number, ProcessPages> | undefined): number {
  if (members === undefined || cgroup.anonBytes === null) return 0;
  const room = pagesOf(cgroup.anonBytes) + pageTables(members);
  // A page or two may have come or gone while the files were read.
  return held(members) - room > SLACK_PAGES_PER_ZONE ? fitInto(members, room) : 0;
}

function pageTables(pages: ReadonlyMap<number, ProcessPages>): number {
  return [...pages.values()].reduce((sum, process) => sum + process.pgtables, 0);
}

/** Pages that processes are charged for. */
function held(pages: ReadonlyMap<number, ProcessPages>): number {
  return [...pages.values()].reduce((sum, process) => sum + process.anon + process.pgtables, 0);
}

/** What is not free, as far as it can be placed above the watermarks. */
function usedPages({ machine }: HostSnapshot): number {
  const total = pagesOf(machine.totalBytes);
  const kept = machine.zones.reduce(
    (sum, zone) =>
      sum +
      Math.min(
        zone.managedPages,
        zone.minPages + Math.max(0, ...zone.protectionPages) + SLACK_PAGES_PER_ZONE,
      ),
    0,
  );
  return Math.max(0, Math.min(total - pagesOf(machine.freeBytes), total - kept));
}

function nonZero(pages: Readonly<Record<string, number>>): Initial {
  const some = Object.entries(pages).filter(([, count]) => count > 0);
  return Object.fromEntries(some.map(([kind, count]) => [kind, `${count} pages`]));
}
