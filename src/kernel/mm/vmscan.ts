/** Page reclaim at page-count level (mm/vmscan.c, v4.15; later balance rules by switch). */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { spend } from '../sched/core.js';
import type { Task } from '../sched/task.js';
import type { Gfp } from './gfp.js';
import type { MemCgroup } from './mem_cgroup.js';
import {
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
} from './mm_types.js';
import type { Pgdat, Zone } from './mmzone.js';
import { ALLOC_CPUSET, type AllocContext, zonelist } from './page_alloc.js';
import { count_low_events, mem_cgroup_protection } from './protection.js';
import { shrink_lruvec } from './shrink_lruvec.js';
import { shrink_slab } from './shrink_slab.js';
import { must_throttle, throttle_direct_reclaim } from './throttle.js';

export const DEF_PRIORITY = 12;
export const SWAP_CLUSTER_MAX = 32;

/** State of one reclaim run (struct scan_control). */
export interface ScanControl {
  nr_to_reclaim: number;
  /** The memcg whose limit was hit; null: global reclaim. */
  target_mem_cgroup: MemCgroup | null;
  may_swap: boolean;
  kswapd: boolean;
  priority: number;
  nr_reclaimed: number;
  nr_scanned: number;
  /** Pages still to be scanned on each evictable list of the lruvec at hand. */
  readonly nr_to_scan: number[];
  /** What nr_to_scan was when the visit of this lruvec began. */
  readonly scan_targets: number[];
  /** How much of its anonymous and of its file lists to scan, in parts of `denominator`. */
  anon_fraction: number;
  file_fraction: number;
  denominator: number;
  memcg_low_reclaim: boolean;
  memcg_low_skipped: boolean;
  /** CPU time used since the last yield, ns. */
  cost_ns: number;
}

/** What a reclaim run may ask for; the rest is how it has fared so far. */
type ScanRequest = Partial<
  Pick<
    ScanControl,
    'nr_to_reclaim' | 'target_mem_cgroup' | 'may_swap' | 'kswapd' | 'priority' | 'memcg_low_reclaim'
  >
>;

export function new_scan_control(request: ScanRequest): ScanControl {
  return {
    nr_to_reclaim: request.nr_to_reclaim ?? SWAP_CLUSTER_MAX,
    target_mem_cgroup: request.target_mem_cgroup ?? null,
    may_swap: request.may_swap ?? true,
    kswapd: request.kswapd ?? false,
    priority: request.priority ?? DEF_PRIORITY,
    nr_reclaimed: 0,
    nr_scanned: 0,
    nr_to_scan: [0, 0, 0, 0],
    scan_targets: [0, 0, 0, 0],
    anon_fraction: 0,
    file_fraction: 0,
    denominator: 1,
    memcg_low_reclaim: request.memcg_low_reclaim ?? false,
    memcg_low_skipped: false,
    cost_ns: 0,
  };
}

/** Direct reclaim for an allocation: aims at 32 pages. Returns what it freed. */
export function* try_to_free_pages(k: Kernel, t: Task, ac: AllocContext): Flow<number> {
  // Killed while throttled: say "progress" so that the OOM killer is not called for a dying task.
  if (must_throttle(k, t, ac) && (yield* throttle_direct_reclaim(k, t, ac))) return 1;
  trace_direct_reclaim_begin(k, ac);
  let nr_reclaimed = 0;
  if (nothing_to_reclaim(k, ac)) {
    for (let left = fruitless_pass_ns(k); left > 0; left -= COST_BURST_NS) {
      yield spend(t, Math.min(left, COST_BURST_NS));
    }
  } else {
    nr_reclaimed = yield* do_try_to_free_pages(k, t, new_scan_control({}), zonelist_nodes(k, ac));
  }
  trace_direct_reclaim_end(k, nr_reclaimed);
  return nr_reclaimed;
}

export function trace_direct_reclaim_begin(k: Kernel, ac: AllocContext): void {
  k.trace.on['vmscan:mm_vmscan_direct_reclaim_begin']?.({
    order: ac.order,
    gfp_flags: ac.gfp.text,
  });
}

export function trace_direct_reclaim_end(k: Kernel, nr_reclaimed: number): void {
  k.trace.on['vmscan:mm_vmscan_direct_reclaim_end']?.({ nr_reclaimed });
}

/** The nodes that direct reclaim looks at, in the order of the zonelist (shrink_zones). */
function zonelist_nodes(k: Kernel, ac: AllocContext): readonly Pgdat[] {
  if (k.nodes.length === 1) return k.nodes;
  const ids = new Set(zonelist(k, ac, ALLOC_CPUSET, true).map(({ node }) => node));
  return [...ids].map((id) => k.nodes[id]!);
}

/** Reclaim below a memcg that is at its limit: aims at max(n, 32) pages. */
export function* try_to_free_mem_cgroup_pages(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  n: number,
  gfp: Gfp,
  may_swap: boolean,
): Flow<number> {
  k.trace.on['vmscan:mm_vmscan_memcg_reclaim_begin']?.({
    memcg: memcg.path,
    order: 0,
    gfp_flags: gfp.text,
  });
  const sc = new_scan_control({
    nr_to_reclaim: Math.max(n, SWAP_CLUSTER_MAX),
    target_mem_cgroup: memcg,
    may_swap,
  });
  const before = t.memalloc;
  t.memalloc = true;
  const nr_reclaimed = yield* do_try_to_free_pages(k, t, sc, k.nodes);
  t.memalloc = before;
  k.trace.on['vmscan:mm_vmscan_memcg_reclaim_end']?.({ memcg: memcg.path, nr_reclaimed });
  return nr_reclaimed;
}

function* do_try_to_free_pages(
  k: Kernel,
  t: Task,
  sc: ScanControl,
  nodes: readonly Pgdat[],
): Flow<number> {
  for (;;) {
    sc.priority = DEF_PRIORITY;
    yield* shrink_nodes(k, t, nodes, sc, 0);
    if (sc.cost_ns > 0 || k.costs.reclaimVisitNs === 0) yield pay(t, sc);
    snapshot_refaults(k, sc.target_mem_cgroup ?? k.root_mem_cgroup, nodes);
    if (sc.nr_reclaimed > 0) return sc.nr_reclaimed;
    if (!sc.memcg_low_skipped) return 0;
    // Nothing but memory below memory.low was left: do without that protection.
    sc.memcg_low_reclaim = true;
    sc.memcg_low_skipped = false;
  }
}

/** Reclaim is over: refaults from here on are news to the next one (inactive_list_is_low). */
export function snapshot_refaults(k: Kernel, root: MemCgroup, nodes: readonly Pgdat[]): void {
  for (const memcg of k.memcg_preorder(root)) {
    for (const { id } of nodes) memcg.lruvecs[id]!.refaults = memcg.lruvecs[id]!.activations;
  }
}

/** No list holds a page that could go: every visit of global reclaim would be in vain. */
export function nothing_to_reclaim(k: Kernel, ac: AllocContext): boolean {
  if (k.swap.total > 0 || k.slab_freeable > 0) return false;
  for (const pgdat of zonelist_nodes(k, ac)) {
    const lru = k.node_lru[pgdat.id]!;
    if (lru[LRU_INACTIVE_FILE]! + lru[LRU_ACTIVE_FILE]! > 0) return false;
  }
  return true;
}

/** CPU time of a visit of every memcg at every priority, as do_try_to_free_pages() pays it. */
export function fruitless_pass_ns(k: Kernel): number {
  const visits = k.memcg_preorder(k.root_mem_cgroup).length * (DEF_PRIORITY + 1);
  return Math.max(1, visits * k.costs.reclaimVisitNs);
}

/** Reclaim is preemptible between batches of work: time is paid in bursts of about this much. */
export const COST_BURST_NS = 1_000_000;

function pay(t: Task, sc: ScanControl): number {
  const { cost_ns } = sc;
  sc.cost_ns = 0;
  // Never nothing: whoever waits for a victim by reclaiming in vain must let time pass.
  return spend(t, Math.max(1, cost_ns));
}

/**
 * Visits every memcg below the reclaim root on some nodes, at sc.priority and then, until the target
 * is met, at each more urgent one down to `last_priority`.
 */
export function* shrink_nodes(
  k: Kernel,
  t: Task,
  nodes: readonly Pgdat[],
  sc: ScanControl,
  last_priority: number,
): Flow {
  const root = sc.target_mem_cgroup ?? k.root_mem_cgroup;
  const limit_reclaim = sc.target_mem_cgroup !== null;
  for (;;) {
    sc.nr_scanned = 0;
    // By index: an iterator that lives across a yield is an allocation a step.
    for (let n = 0; n < nodes.length; n++) {
      const pgdat = nodes[n]!;
      const memcgs = k.memcg_preorder(root);
      const start = limit_reclaim ? behind_last(memcgs, root) : 0;
      const before = sc.nr_reclaimed;
      for (let i = 0; i < memcgs.length; i++) {
        const at = start + i;
        const memcg = memcgs[at < memcgs.length ? at : at - memcgs.length]!;
        sc.cost_ns += k.costs.reclaimVisitNs;
        if (sc.cost_ns >= COST_BURST_NS) yield pay(t, sc);
        const shrunk = shrink_memcg(k, root, memcg, pgdat, sc);
        if (sc.cost_ns >= COST_BURST_NS) yield pay(t, sc);
        if (!limit_reclaim || !shrunk) continue;
        root.reclaim_iter = memcg;
        if (sc.nr_reclaimed >= sc.nr_to_reclaim) break;
      }
      if (sc.nr_reclaimed > before) pgdat.kswapd_failures = 0;
    }
    if (sc.nr_reclaimed >= sc.nr_to_reclaim || sc.priority === last_priority) return;
    sc.priority--;
  }
}

/** One visit of one memcg. Returns false if its protection kept it from being looked at. */
function shrink_memcg(
  k: Kernel,
  root: MemCgroup,
  memcg: MemCgroup,
  pgdat: Pgdat,
  sc: ScanControl,
): boolean {
  const protection = mem_cgroup_protection(k, root, memcg);
  if (protection === 'min') return false;
  if (protection === 'low') {
    if (!sc.memcg_low_reclaim) {
      sc.memcg_low_skipped = true;
      return false;
    }
    count_low_events(k, memcg);
  }
  const scanned = sc.nr_scanned;
  const reclaimed = sc.nr_reclaimed;
  shrink_lruvec(k, memcg.lruvecs[pgdat.id]!, sc);
  shrink_slab(k, memcg, pgdat.id, sc);
  memcg.pgscan += sc.nr_scanned - scanned;
  memcg.pgsteal += sc.nr_reclaimed - reclaimed;
  return true;
}

/** Where to begin: behind the memcg at which the last limit reclaim of this root stopped. */
function behind_last(memcgs: readonly MemCgroup[], root: MemCgroup): number {
  return root.reclaim_iter === null ? 0 : memcgs.indexOf(root.reclaim_iter) + 1;
}

/** File pages, and anonymous ones if they could be swapped out (zone_reclaimable_pages). */
export function zone_reclaimable_pages(k: Kernel, zone: Zone): number {
  const lru = k.node_lru[zone.node]!;
  // Program text is on the file lists too, but in use all the time: it counts and never goes.
  const text = zone === k.zonelists[0]![0] ? k.exec.filePages : 0;
  let pages = lru[2]! + lru[3]!;
  if (k.swap.free > 0) pages += lru[LRU_INACTIVE_ANON]! + lru[LRU_ACTIVE_ANON]!;
  // Lists are kept by node; a zone has its share of them by what it has handed out.
  let used = 0;
  for (const { used: pages_used } of k.nodes[zone.node]!.zones) used += pages_used;
  return text + (used === 0 ? 0 : Math.floor((pages * zone.used) / used));
}
