import type { Costs, KernelConfig, ZoneConfig } from '../kernel/config.js';
import { POLICIES, policyOf } from '../kernel/policy/index.js';
import type { OomPolicy } from '../kernel/policy/policy.js';
import { PROFILES, profileOf, SWITCHES } from '../kernel/profile.js';
import { bytes_to_pages } from '../kernel/units.js';
import { InputError } from '../workload/problems.js';
import { hint } from '../workload/suggest.js';
import type { MachineSpec, Workload } from '../workload/types.js';

/** What a run may change of its workload's kernel. */
export interface KernelChoice {
  readonly kernel: string;
  /** By name, or itself. */
  readonly policy: string | OomPolicy;
  readonly switches: Readonly<Record<string, string | number | boolean>>;
}

const FOUR_GIB_PAGES = 1_048_576;
/** struct page takes 64 of 4096 bytes; text, boot allocations and holes take about this much more. */
const PAGE_STRUCT_SHARE = 64;
const BOOT_RESERVE_PAGES = 4096;
/** What a booted system without user processes holds besides: slab, stacks, per-CPU areas. */
const BOOT_USED_PAGES = 3072;

/** Zones of a machine that only says how much memory it has, split evenly over its nodes. */
function default_zones(machine: MachineSpec): ZoneConfig[] {
  const zones: ZoneConfig[] = [];
  const per_node = Math.floor(bytes_to_pages(machine.memoryBytes) / machine.nodes);
  for (let node = 0; node < machine.nodes; node++) {
    const low = node === 0 ? Math.min(per_node, (FOUR_GIB_PAGES * 3) / 4) : 0;
    if (low > 0) zones.push(zone(node, 'DMA32', low, true));
    if (per_node > low) zones.push(zone(node, 'Normal', per_node - low, low === 0 && node === 0));
  }
  return zones;
}

function zone(node: number, name: string, present: number, boot: boolean): ZoneConfig {
  const reserve = boot ? Math.min(BOOT_RESERVE_PAGES, Math.floor(present / 16)) : 0;
  const used = boot ? Math.min(BOOT_USED_PAGES, Math.floor(present / 16)) : 0;
  const managed = present - Math.floor(present / PAGE_STRUCT_SHARE) - reserve;
  return {
    node,
    name,
    presentPages: present,
    managedPages: managed,
    freePages: managed - used,
    minPages: null,
    lowPages: null,
    highPages: null,
    protectionPages: null,
  };
}

/** What a page costs as part of a 2 MiB page: one fault and one page-table entry for 512 of them. */
const HPAGE_PMD_NR = 512;

/**
 * With transparent huge pages a page is still zeroed (about a quarter of what a fault costs), but
 * unmapped and freed 512 at a time (KERNEL.md 8).
 */
function costs_of(machine: MachineSpec): Costs {
  const { costs } = machine;
  if (!machine.thp) return costs;
  return {
    ...costs,
    touchPageNs: costs.touchPageNs / 4,
    freePageNs: costs.freePageNs / HPAGE_PMD_NR,
    reapPageNs: costs.reapPageNs / HPAGE_PMD_NR,
  };
}

const managed_pages = (zones: readonly ZoneConfig[]): number =>
  zones.reduce((sum, zone) => sum + zone.managedPages, 0);

/** khugepaged raises min_free_kbytes: 11 page blocks a zone, at most 5 % of memory. */
function thp_min_free_kbytes(zones: readonly ZoneConfig[]): number {
  const recommended = HPAGE_PMD_NR * zones.length * 11;
  return 4 * Math.min(recommended, Math.floor(managed_pages(zones) / 20));
}

/** @throws InputError that says what may be meant by a name that is none */
function checkNames({ kernel, policy, switches }: KernelChoice): void {
  const kernels = PROFILES.map(({ name }) => name);
  if (!kernels.includes(kernel)) throw unknownName('kernel', kernel, kernels);
  const policies = POLICIES.map(({ name }) => name);
  if (typeof policy === 'string' && !policies.includes(policy)) {
    throw unknownName('policy', policy, policies, ', or a file: ./mine.ts');
  }
  checkSwitchNames(switches);
}

function unknownName(what: string, name: string, known: readonly string[], or = ''): InputError {
  return new InputError(
    `unknown ${what} "${name}"${hint(name, known)}; known: ${known.join(', ')}${or}`,
  );
}

function checkSwitchNames(switches: KernelChoice['switches']): void {
  const known = SWITCHES.map(({ name }) => name as string);
  for (const name of Object.keys(switches)) {
    if (known.includes(name)) continue;
    const meant = hint(name, known) || '; `oomsim list switches` shows them';
    throw new InputError(`unknown kernel switch "${name}"${meant}`);
  }
}

/**
 * The kernel's configuration from a workload.
 * @throws InputError for an unknown kernel, policy or switch
 */
export function kernel_config(workload: Workload, choice: KernelChoice): KernelConfig {
  const { machine, sysctl } = workload;
  checkNames(choice);
  const zones = machine.zones ?? default_zones(machine);
  const thp_min_free = machine.thp ? thp_min_free_kbytes(zones) : null;
  try {
    return {
      profile: profileOf(choice.kernel, choice.switches),
      policy: typeof choice.policy === 'string' ? policyOf(choice.policy) : choice.policy,
      release: choice.kernel,
      cpus: machine.cpus,
      hz: machine.hz,
      zones,
      swapPages: bytes_to_pages(machine.swapBytes),
      swapDevice: machine.swapDevice,
      disk: machine.disk,
      cachePages: machine.cachePages,
      tmpfsPages:
        machine.tmpfsBytes === null
          ? Math.floor(managed_pages(zones) / 2)
          : bytes_to_pages(machine.tmpfsBytes),
      exec: machine.exec,
      costs: costs_of(machine),
      sysctl: {
        swappiness: sysctl.swappiness,
        panic_on_oom: sysctl.panicOnOom,
        oom_kill_allocating_task: sysctl.oomKillAllocatingTask,
        oom_dump_tasks: sysctl.oomDumpTasks,
        min_free_kbytes: sysctl.minFreeKbytes ?? thp_min_free,
        watermark_scale_factor: sysctl.watermarkScaleFactor,
      },
      referencedAnon: machine.referencedAnon,
      referencedFile: machine.referencedFile,
      oomLockHandOff: machine.oomLockHandOff,
    };
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error));
  }
}
