/** The machine of an imported workload: zones, swap, CPUs, and what no process accounts for. */
import type { WorkloadFile } from '../../workload/write.js';
import type { Notes } from '../imported.js';
import { fitInto, fitSwap } from '../process_pages.js';
import { zonesAreWhole } from './nodes.js';
import type { RssSplit } from './split_rss.js';
import type { TotalPages } from './totalpages.js';
import type { OomReport, ZoneReport } from './types.js';

type Machine = WorkloadFile['machine'];
type Zone = NonNullable<Machine['zones']>[number];
type ZoneName = Zone['name'];

/** A machine, and what must be charged to somebody at the start besides the processes. */
export interface ImportedMachine {
  readonly machine: Machine;
  /** Pages of kernel memory and tmpfs in the root cgroup; 0 in a memcg report. */
  readonly kernelPages: number;
  readonly shmemPages: number;
  /** What an allocation could still have: free, page cache that can be dropped, free swap. */
  readonly availablePages: number;
}

const ZONE_NAMES: ReadonlySet<string> = new Set(['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable']);
/** So that the last process placed is not a few pages short. */
const SLACK_PAGES_PER_ZONE = 512;
const GIB_PAGES = 262_144;
const CPUS_ASSUMED = 2;
/** What the kernel itself takes at least. */
const KERNEL_PAGES = 16_384;
/** The simulator refuses less. */
const RAM_PAGES_MIN = 4096;

/** The machine as the report shows it, with its processes' memory made to fit. */
export function importMachine(
  report: OomReport,
  split: RssSplit,
  total: TotalPages | null,
  notes: Notes,
): ImportedMachine {
  const zones = report.scope === 'memcg' ? null : zonesOf(report, notes);
  const ramPages = zones?.reduce((sum, zone) => sum + zone.managed, 0) ?? null;
  const swap = swapPages(report, split, total, notes);
  const cpus = cpusOf(report, notes);
  if (zones === null || ramPages === null || ramPages < RAM_PAGES_MIN) {
    const pages = unprintedMachine(report, split, total, notes);
    const machine = { ...sized(pages, report, notes), swap: `${swap} pages`, cpus };
    const availablePages = Math.max(0, pages - heldBy(split)) + freeSwap(swap, split);
    return { machine, kernelPages: 0, shmemPages: 0, availablePages };
  }
  notes.comments.set('machine.zones', zonesComment(report, zones));
  const used = otherUses(report, split, zones, ramPages, notes);
  const machine = { zones, swap: `${swap} pages`, cpus, cache: `${used.cachePages} pages` };
  const { kernelPages, shmemPages } = used;
  const occupied = heldBy(split) + shmemPages + kernelPages;
  const availablePages = Math.max(0, ramPages - occupied) + freeSwap(swap, split);
  return { machine, kernelPages, shmemPages, availablePages };
}

/** Pages of RAM that the processes take. */
function heldBy(split: RssSplit): number {
  let pages = 0;
  for (const process of split.pages.values()) pages += process.anon + process.pgtables;
  return pages;
}

function freeSwap(swapPages: number, split: RssSplit): number {
  let left = swapPages;
  for (const process of split.pages.values()) left -= process.swap;
  return Math.max(0, left);
}

function zonesComment(report: OomReport, zones: readonly Zone[]): string {
  const lines = (report.memory?.zones ?? []).map((zone) => zone.line);
  const sum = zones.reduce((pages, zone) => pages + zone.managed, 0);
  const [first, last] = [Math.min(...lines), Math.max(...lines)];
  const where = first === last ? `Line ${first}` : `Lines ${first} to ${last}`;
  return `${where}: present, managed and watermarks, in pages. Managed together: ${sum} pages.`;
}

function zonesOf(report: OomReport, notes: Notes): Zone[] | null {
  const zones: Zone[] = [];
  const names = new Set<string>();
  for (const zone of report.memory?.zones ?? []) {
    const key = `${zone.node} ${zone.name}`;
    if (!ZONE_NAMES.has(zone.name) || zone.node > 63 || names.has(key)) continue;
    const made = zoneOf(zone, report.pageSizeKb);
    if (made === null) return null;
    names.add(key);
    zones.push(made);
  }
  if (zones.length === 0) return null;
  return exactTotal(report, [...zones, ...hiddenZones(report, zones, notes)]);
}

/**
 * What RAM there is in zones that are not shown, as one zone: since 6.1 a report leaves out those that
 * the allocation could not use, and lines get lost.
 */
function hiddenZones(report: OomReport, zones: readonly Zone[], notes: Notes): Zone[] {
  const { ramPages, reservedPages, highmemPages } = report.memory ?? {};
  const last = zones.at(-1);
  if (ramPages == null || reservedPages == null || last === undefined) return [];
  const sum = zones.reduce((pages, zone) => pages + zone.managed, 0);
  const pages = ramPages - reservedPages - sum;
  if (zonesAreWhole(report) || pages <= sum / 100) return [];
  const names: readonly ZoneName[] =
    (highmemPages ?? 0) > 0 ? ['HighMem', 'Movable'] : ['Normal', 'Movable'];
  const shown = zones.filter(({ node }) => node === last.node).map(({ name }) => name);
  const name = names.find((free) => !shown.includes(free));
  if (name === undefined) return [];
  notes.missing.push('some of the zones');
  notes.assumed.push(`${pages} pages of RAM are in zones that are not shown: one zone, ${name}`);
  return [{ node: last.node, name, present: pages, managed: pages }];
}

/** `pages RAM` − `pages reserved` is what scores are made with: the largest zone makes up for it. */
function exactTotal(report: OomReport, zones: readonly Zone[]): Zone[] {
  const { ramPages, reservedPages } = report.memory ?? { ramPages: null, reservedPages: null };
  const sum = zones.reduce((pages, zone) => pages + zone.managed, 0);
  const lack = ramPages === null || reservedPages === null ? 0 : ramPages - reservedPages - sum;
  if (lack === 0 || Math.abs(lack) > sum / 100) return [...zones];
  const largest = zones.reduce((most, zone) => (zone.managed > most.managed ? zone : most));
  return zones.map((zone) => {
    if (zone !== largest) return zone;
    const managed = zone.managed + lack;
    return { ...zone, managed, present: Math.max(zone.present, managed) };
  });
}

function zoneOf(zone: ZoneReport, pageSizeKb: number): Zone | null {
  const pages = (kB: number | null): number | null =>
    kB === null ? null : Math.floor(kB / pageSizeKb);
  const managed = pages(zone.managedKb ?? zone.presentKb);
  const present = pages(zone.presentKb);
  if (managed === null || present === null || managed > present || present > 2 ** 41) return null;
  const [min, low, high] = [pages(zone.minKb), pages(zone.lowKb), pages(zone.highKb)];
  const marks = min !== null && low !== null && high !== null && min <= low && low <= high;
  const reserve = zone.lowmemReservePages?.slice(0, 8);
  return {
    node: zone.node,
    name: zone.name as ZoneName,
    present,
    managed,
    ...(marks ? { min, low, high } : {}),
    ...(reserve === undefined ? {} : { protection: [...reserve] }),
  };
}

/** What stays free: what each zone says, and no less than what the allocator keeps back. */
function freePages(report: OomReport, zones: readonly Zone[]): number {
  let pages = 0;
  // What no zone that is shown has free is free in the one that is not.
  let elsewhere = report.memory?.totals.get('free') ?? 0;
  for (const zone of zones) {
    const printed = report.memory?.zones.find(
      (known) => known.node === zone.node && known.name === zone.name,
    );
    const free =
      printed === undefined ? elsewhere : Math.floor((printed.freeKb ?? 0) / report.pageSizeKb);
    elsewhere = Math.max(0, elsewhere - free);
    // What is allocated for users must leave the watermark and the reserve for lower zones.
    const kept = (zone.min ?? 0) + Math.max(0, ...(zone.protection ?? []));
    pages += Math.min(zone.managed, Math.max(free, kept + SLACK_PAGES_PER_ZONE));
  }
  return pages;
}

/** Page cache, tmpfs and kernel memory, so that as much is free as the report says. */
function otherUses(
  report: OomReport,
  split: RssSplit,
  zones: readonly Zone[],
  ramPages: number,
  notes: Notes,
): { cachePages: number; shmemPages: number; kernelPages: number } {
  const totals = report.memory?.totals;
  const room = Math.max(0, ramPages - freePages(report, zones));
  const moved = fitInto(split.pages, room);
  if (moved > 0) {
    notes.assumed.push(
      `${moved} anonymous pages are shared after fork(): they count in each process's RSS, ` +
        'as in the report, but take no memory of their own',
    );
  }
  let left = room;
  for (const process of split.pages.values()) left -= process.anon + process.pgtables;
  const take = (pages: number): number => {
    const taken = Math.max(0, Math.min(left, pages));
    left -= taken;
    return taken;
  };
  const mapped = totals?.get('mapped') ?? 0;
  const file = (totals?.get('active_file') ?? 0) + (totals?.get('inactive_file') ?? 0);
  const shmemPages = take(totals?.get('shmem') ?? 0);
  const cachePages = take(Math.max(0, file - mapped));
  const kernelPages = take(left);
  notes.comments.set(
    'machine.cache',
    'Mem-Info: active_file + inactive_file − mapped, as far as there is room.',
  );
  return { cachePages, shmemPages, kernelPages };
}

/** What the machine's swap must be for the arithmetic to come out as the kernel's did. */
function swapPages(
  report: OomReport,
  split: RssSplit,
  total: TotalPages | null,
  notes: Notes,
): number {
  const page = report.pageSizeKb;
  const printedKb = report.memory?.totalSwapKb ?? report.hint?.totalSwapKb ?? null;
  let used = 0;
  for (const process of split.pages.values()) used += process.swap;
  if (printedKb !== null) {
    const pages = Math.floor(printedKb / page);
    const line = report.memory?.lineOf.get('Total') ?? report.hint?.line;
    notes.comments.set('machine.swap', `Line ${line}: Total swap = ${printedKb}kB.`);
    const moved = fitSwap(split.pages, pages);
    if (moved > 0) {
      notes.assumed.push(
        `${moved} swap entries are shared after fork(): they count in each process's score, ` +
          'as in the report, but stand here as file pages',
      );
    }
    return pages;
  }
  const limitKb = report.memcg?.memory?.limitKb ?? null;
  const limit = limitKb === null || !Number.isFinite(limitKb) ? null : Math.floor(limitKb / page);
  const needed = total !== null && limit !== null ? Math.max(0, total.pages - limit) : 0;
  const swap = Math.max(used, needed);
  notes.missing.push("the machine's swap");
  notes.assumed.push(`swap is ${swap} pages${total === null ? '' : ` (${total.from})`}`);
  return swap;
}

function cpusOf(report: OomReport, notes: Notes): number {
  const named = report.cpusAtLeast;
  if (named === null) {
    notes.missing.push('the number of CPUs');
    notes.assumed.push(`${CPUS_ASSUMED} CPUs`);
    return CPUS_ASSUMED;
  }
  notes.assumed.push(
    `${named} CPU${named === 1 ? '' : 's'}: the highest number that the report names, plus one`,
  );
  notes.comments.set('machine.cpus', 'The highest CPU that the report names, plus one.');
  return Math.max(1, Math.min(1024, named));
}

/**
 * The memory of a machine that the report does not print. For a memcg report it must never be short
 * itself; a machine that was out of memory has little more than what its processes use.
 */
function unprintedMachine(
  report: OomReport,
  split: RssSplit,
  total: TotalPages | null,
  notes: Notes,
): number {
  const needed = heldBy(split);
  const limitKb = report.memcg?.memory?.limitKb ?? 0;
  const limit = Number.isFinite(limitKb) ? Math.floor(limitKb / report.pageSizeKb) : 0;
  const ram = report.memory?.ramPages ?? report.hint?.ramPages ?? null;
  const reserved = report.memory?.reservedPages ?? report.hint?.reservedPages ?? 0;
  const isMemcg = report.scope === 'memcg';
  const enough = Math.max(needed, limit, isMemcg ? (total?.pages ?? 0) : 0);
  if (ram !== null && ram - reserved > enough) return ram - reserved;
  notes.missing.push("the machine's memory");
  if (!isMemcg && needed > RAM_PAGES_MIN) {
    const pages = Math.max(needed, total?.pages ?? 0) + KERNEL_PAGES + Math.floor(needed / 50);
    notes.assumed.push(`memory is ${pages} pages: a little more than what the processes use`);
    return pages;
  }
  const gib = Math.min(65_536, Math.ceil((enough * 2) / GIB_PAGES) + 1);
  notes.assumed.push(`memory is ${gib} GiB: enough for twice what the report speaks of`);
  return gib * GIB_PAGES;
}

function sized(pages: number, report: OomReport, notes: Notes): Machine {
  const known = report.memory?.ramPages ?? report.hint?.ramPages ?? null;
  notes.comments.set(
    'machine.zones',
    known === null ? 'Assumed: the report does not print it.' : 'RAM − reserved, as one zone.',
  );
  return { zones: [{ node: 0, name: 'Normal', present: pages, managed: pages }] };
}
