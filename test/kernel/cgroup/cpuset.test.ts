import { expect, it } from 'vitest';
import { policy_nodemask } from '../../../src/kernel/cgroup/cpuset.js';
import {
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_NOFAIL,
  type Gfp,
} from '../../../src/kernel/mm/gfp.js';
import { LRU_INACTIVE_FILE } from '../../../src/kernel/mm/mm_types.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { alloc_pages } from '../../../src/kernel/mm/page_alloc.js';
import { add_pages } from '../../../src/kernel/mm/rmap.js';
import { try_to_free_pages } from '../../../src/kernel/mm/vmscan.js';
import { type World, type WorldSpec, world } from '../fixture.js';
import { take } from '../placement.js';

const marks = { managedPages: 10_000, minPages: 10, lowPages: 20, highPages: 30 };

/** `me` may use node 0 only, which is nearly empty (or what is said); node 1 is not. */
function bound(free = 0, over: Partial<WorldSpec<string>> = {}): World<string> {
  const w = world<string>({
    kswapd: false,
    zones: [
      { node: 0, name: 'DMA32', ...marks },
      { node: 1, name: 'Normal', ...marks },
    ],
    cgroups: { '/zero': { mems: [0] } },
    tasks: { me: { cgroup: '/zero', adj: -1000 }, hog: { anon: 500 } },
    ...over,
  });
  const zone = w.k.nodes[0]!.zones[0]!;
  Object.assign(zone, { free, used: zone.managed - free });
  return w;
}

const request = (gfp: Gfp) => ({ gfp, order: 0, node: 0, nodemask: null });

const node_of = (w: World<string>, gfp: Gfp) =>
  w.run(w.tasks.me!, alloc_pages(w.k, w.tasks.me!, request(gfp)));

it('user memory comes from the nodes of the cpuset, or from a kill', () => {
  const w = bound();
  expect([node_of(w, GFP_HIGHUSER_MOVABLE), w.kills]).toEqual([0, ['hog']]);
});

it('a mempolicy chooses among the nodes of the cpuset', () => {
  const numa_node = (nodemask: readonly number[] | undefined, mems: readonly number[]) => {
    const me = { cgroup: '/c', ...(nodemask && { nodemask }) };
    const w = bound(0, { cgroups: { '/c': { mems } }, tasks: { me } });
    return w.k.numa_node(w.tasks.me!);
  };
  expect([numa_node([0, 1], [1]), numa_node(undefined, [1]), numa_node([1], [0, 1])]).toEqual([
    1, 1, 1,
  ]);
});

it('a mempolicy for other nodes than those of the cpuset is void', () => {
  const policy = (nodemask: readonly number[]) => {
    const w = bound(5000, { tasks: { me: { cgroup: '/zero', nodemask } } });
    const { me } = w.tasks;
    return [policy_nodemask(me!), w.k.numa_node(me!)];
  };
  expect([policy([1]), policy([0, 1])]).toEqual([
    [null, 0],
    [[0, 1], 0],
  ]);
});

it('before that there are 16 more rounds of reclaim, as long as other nodes have memory', () => {
  const w = bound();
  const log = w.watch('vmscan:mm_vmscan_direct_reclaim_begin');
  node_of(w, GFP_HIGHUSER_MOVABLE);
  expect(log.length).toBe(17);
});

it('kernel memory is bound in the first attempt only', () => {
  expect(node_of(bound(21), GFP_KERNEL)).toBe(0);
  const w = bound(10);
  expect([node_of(w, GFP_KERNEL), w.kills]).toEqual([1, []]);
});

it('an atomic allocation comes from anywhere rather than fail', () => {
  expect(node_of(bound(), GFP_ATOMIC)).toBe(1);
});

it('an allocation that must not fail comes from anywhere before it kills again', () => {
  const w = bound(0, { tasks: { me: { cgroup: '/zero', adj: -1000 } } });
  expect(node_of(w, { ...GFP_NOFAIL, hardwall: true, retry_mayfail: true })).toBe(1);
});

it('an OOM victim may have memory from anywhere', () => {
  const w = bound();
  mark_oom_victim(w.k, w.tasks.me!);
  expect(node_of(w, GFP_HIGHUSER_MOVABLE)).toBe(1);
});

it('direct reclaim frees pages of the nodes of the cpuset only, and of all for a victim', () => {
  const freed = (victim: boolean) => {
    const w = bound();
    const { me } = w.tasks;
    take(w.k, w.k.root_mem_cgroup, 4096, 1);
    const file = w.k.flusher.file('remote').set_for(w.k.root_mem_cgroup, 1);
    add_pages(w.k, file, LRU_INACTIVE_FILE, 4096);
    if (victim) mark_oom_victim(w.k, me!);
    return w.run(me!, try_to_free_pages(w.k, me!, request(GFP_KERNEL)));
  };
  expect([freed(false), freed(true)]).toEqual([0, 58]);
});

it('kswapd is woken on the nodes of the cpuset', () => {
  const w = bound(10);
  for (const { zones } of w.k.nodes) Object.assign(zones[0]!, { free: 10, used: 9990 });
  for (const pgdat of w.k.nodes) {
    pgdat.kswapd_failures = 0;
    pgdat.kswapd_wait.add(pgdat.kswapd);
  }
  const log = w.watch('vmscan:mm_vmscan_kswapd_wake');
  w.start(w.tasks.me!, alloc_pages(w.k, w.tasks.me!, request(GFP_ATOMIC)));
  w.advance(1);
  expect(log).toEqual(['mm_vmscan_kswapd_wake 0 0']);
});
