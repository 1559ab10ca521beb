/** The machine: /proc/meminfo, /proc/zoneinfo, /proc/stat, sysctls. */
import type { FileTree } from './file_tree.js';
import type { HostMachine, HostZone } from './snapshot.js';

const SYSCTLS = [
  'swappiness',
  'panic_on_oom',
  'oom_kill_allocating_task',
  'min_free_kbytes',
  'watermark_scale_factor',
  'overcommit_memory',
];
const ZONE_NAMES: ReadonlySet<string> = new Set(['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable']);
const ZONES_MAX = 256;

type Sizes = Omit<HostMachine, 'cgroups' | 'processesGone' | 'processesDenied'>;

/** Everything about the machine itself; null when there is no /proc/meminfo. */
export function readMachine(tree: FileTree): Sizes | null {
  const meminfo = kilobytes(tree.text('proc/meminfo'));
  const total = meminfo.get('MemTotal');
  if (total === undefined) return null;
  const kb = (name: string): number => (meminfo.get(name) ?? 0) * 1024;
  return {
    kernel: tree.text('proc/sys/kernel/osrelease').trim() || releaseIn(tree.text('proc/version')),
    pageBytes: pageBytes(tree),
    cpus: Math.max(1, [...tree.text('proc/stat').matchAll(/^cpu\d+ /gm)].length),
    totalBytes: total * 1024,
    freeBytes: kb('MemFree'),
    cachedBytes: kb('Cached') + kb('Buffers'),
    shmemBytes: kb('Shmem'),
    anonBytes: kb('AnonPages'),
    reclaimableBytes: kb('SReclaimable'),
    swapBytes: kb('SwapTotal'),
    swapFreeBytes: kb('SwapFree'),
    zones: readZones(tree.text('proc/zoneinfo')),
    sysctls: readSysctls(tree),
  };
}

/** `Name:   123 kB` lines. */
export function kilobytes(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const [, name = '', digits = ''] of text.matchAll(/^([\w()]{1,40}):\s+(\d{1,15}) kB$/gm)) {
    values.set(name, Number(digits));
  }
  return values;
}

function releaseIn(version: string): string {
  return /^Linux version (\S{1,128})/.exec(version)?.[1] ?? '';
}

/** statm counts pages and status counts kB of the same thing. */
function pageBytes(tree: FileTree): number {
  const pages = Number(/^(\d+) /.exec(tree.text('proc/1/statm'))?.[1]);
  const kb = kilobytes(tree.text('proc/1/status')).get('VmSize') ?? 0;
  const size = (kb * 1024) / pages;
  return [4096, 16_384, 65_536].find((known) => Math.abs(size - known) < known / 4) ?? 4096;
}

function readSysctls(tree: FileTree): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of SYSCTLS) {
    const text = tree.text(`proc/sys/vm/${name}`).trim();
    if (/^-?\d{1,12}$/.test(text)) found[`vm.${name}`] = Number(text);
  }
  return found;
}

/** The zones that have memory. */
export function readZones(text: string): HostZone[] {
  const zones: HostZone[] = [];
  for (const part of text.split(/^(?=Node \d+, zone )/m).slice(0, ZONES_MAX)) {
    const head = /^Node (\d{1,4}), zone\s+(\w{1,16})/.exec(part);
    const zone = head === null ? null : zoneOf(Number(head[1]), head[2] ?? '', part);
    if (zone !== null) zones.push(zone);
  }
  return zones;
}

function zoneOf(node: number, name: string, text: string): HostZone | null {
  const pages = (key: string): number =>
    Number(new RegExp(`^\\s+(?:pages )?${key}\\s+(\\d{1,12})$`, 'm').exec(text)?.[1] ?? 0);
  const managedPages = pages('managed') || pages('present');
  if (!ZONE_NAMES.has(name) || managedPages === 0) return null;
  const protection = /^\s+protection: \(([\d, ]{1,200})\)/m.exec(text)?.[1] ?? '';
  return {
    node,
    name: name as HostZone['name'],
    presentPages: Math.max(managedPages, pages('present')),
    managedPages,
    freePages: Math.min(managedPages, pages('free')),
    minPages: pages('min'),
    lowPages: pages('low'),
    highPages: pages('high'),
    protectionPages: protection === '' ? [] : protection.split(',').slice(0, 8).map(Number),
  };
}
