/** Random machines, kernels and sysctls. */
import { POLICIES } from '../../src/kernel/policy/index.js';
import { PROFILES, SWITCHES } from '../../src/kernel/profile.js';
import type { WorkloadFile } from '../../src/workload/write.js';
import { CHAOS } from './chaos_policy.js';
import type { Dice } from './dice.js';
import type { Features } from './features.js';

const MIB_PAGES = 256;

export interface Machine {
  readonly spec: WorkloadFile['machine'];
  readonly memory_pages: number;
  readonly swap_pages: number;
  readonly nodes: number;
}

export function random_machine(dice: Dice, features: Features): Machine {
  const memory_pages = dice.spread(16, 256) * MIB_PAGES;
  const nodes = features.has('numa') ? 2 : 1;
  const swap_pages = !features.has('swap')
    ? 0
    : dice.percent(50)
      ? dice.int(1, 2048)
      : dice.int(1, 2 * memory_pages);
  const spec: Record<string, unknown> = {
    memory: `${memory_pages} pages`,
    cpus: dice.int(1, 4),
    hz: dice.of([100, 250, 300, 1000]),
    nodes,
  };
  if (swap_pages > 0) spec.swap = random_swap(dice, features, swap_pages);
  if (features.has('zones')) spec.zones = random_zones(dice, memory_pages, nodes);
  if (features.has('page_cache')) spec.cache = `${dice.spread(0, memory_pages >> 1)} pages`;
  if (features.has('exec_costs')) spec.exec = random_exec(dice);
  if (features.has('cpu_costs')) spec.costs = random_costs(dice);
  if (features.has('thp')) spec.thp = true;
  if (features.has('referenced')) {
    spec.referenced_anon = dice.int(0, 1000);
    spec.referenced_file = dice.int(0, 1000);
  }
  if (features.has('tmpfs_size')) spec.tmpfs = dice.pages(0, memory_pages);
  if (dice.percent(20)) spec.oom_lock = 'fifo';
  if (dice.percent(20)) spec.disk = random_device(dice);
  return { spec: spec as WorkloadFile['machine'], memory_pages, swap_pages, nodes };
}

function random_swap(dice: Dice, features: Features, pages: number): unknown {
  const size = `${pages} pages`;
  if (!features.has('slow_swap')) return size;
  return { size, ...random_device(dice) };
}

/** From a memory-backed device to a worn-out memory card. */
function random_device(dice: Dice): { latency: string; bandwidth: string } {
  return { latency: dice.time(0, 5000), bandwidth: `${dice.spread(1, 4096)}MiB/s` };
}

/** One or two zones a node, as /proc/zoneinfo might show them. */
function random_zones(dice: Dice, memory_pages: number, nodes: number): unknown[] {
  const zones: unknown[] = [];
  for (let node = 0; node < nodes; node++) {
    const node_pages = Math.floor(memory_pages / nodes);
    const low = node === 0 && dice.percent(50) ? dice.int(1024, node_pages - 1024) : 0;
    if (low > 0) zones.push(random_zone(dice, node, 'DMA32', low));
    zones.push(random_zone(dice, node, 'Normal', node_pages - low));
  }
  return zones;
}

function random_zone(dice: Dice, node: number, name: string, present: number): unknown {
  const managed = present - dice.int(0, present >> 4);
  const zone: Record<string, unknown> = { node, name, present, managed };
  if (dice.percent(50)) zone.free = managed - dice.int(0, managed >> 3);
  if (dice.percent(30)) {
    const min = dice.int(0, managed >> 5);
    zone.min = min;
    zone.low = min + dice.int(0, min);
    zone.high = (zone.low as number) + dice.int(0, min);
  }
  if (dice.percent(20)) zone.protection = [0, dice.int(0, managed >> 4)];
  return zone;
}

function random_exec(dice: Dice): unknown {
  return {
    anon: `${dice.spread(0, 200)} pages`,
    shmem: `${dice.spread(0, 50)} pages`,
    file: `${dice.spread(0, 400)} pages`,
    pgtables: `${dice.spread(0, 30)} pages`,
    slab: `${dice.spread(0, 30)} pages`,
  };
}

function random_costs(dice: Dice): Record<string, string> {
  const costs: Record<string, string> = {};
  const names = ['touch_page', 'free_page', 'reap_page', 'scan_page', 'swap_page', 'read_page'];
  const calls = ['syscall', 'fork', 'context_switch', 'oom_task_scan', 'oom_report', 'oom_kill'];
  for (const name of dice.some([...names, ...calls, 'oom_report_task', 'reclaim_visit'])) {
    costs[name] = dice.percent(10) ? '0' : `${dice.spread(10, 200_000)}ns`;
  }
  return costs;
}

export function random_kernel(
  dice: Dice,
  features: Features,
): Record<string, string | number | boolean> {
  const version = dice.of(PROFILES).name;
  const kernel: Record<string, string | number | boolean> = {
    version,
    oom_policy: features.has('policy_file') && dice.percent(30) ? CHAOS : dice.of(POLICIES).name,
  };
  if (features.has('switches')) {
    for (let n = dice.int(1, 5); n > 0; n--) {
      const { name, values } = dice.of(SWITCHES);
      kernel[name] = dice.of(values);
    }
  }
  return kernel;
}

/** Some of the machine's nodes, at least one. */
export function random_nodes(dice: Dice, { nodes }: Machine): number[] {
  const some = dice.some(Array.from({ length: nodes }, (_, node) => node));
  return some.length === 0 ? [dice.int(0, nodes - 1)] : some;
}

/** A sysctl and a value that a careless administrator may give it. */
export function random_sysctl(dice: Dice, memory_pages: number): [string, number] {
  switch (dice.int(0, 5)) {
    case 0:
      return ['vm.panic_on_oom', dice.percent(10) ? dice.int(1, 2) : 0];
    case 1:
      return ['vm.oom_kill_allocating_task', dice.int(0, 1)];
    case 2:
      return ['vm.oom_dump_tasks', dice.int(0, 1)];
    case 3:
      return ['vm.min_free_kbytes', dice.spread(0, memory_pages)];
    case 4:
      return ['vm.watermark_scale_factor', dice.spread(1, 1000)];
    default:
      return ['vm.swappiness', dice.of([0, 1, 60, 100, 200])];
  }
}
