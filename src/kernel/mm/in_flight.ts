/**
 * Pages and charges in flight: handed out by the page allocator or charged to a memcg, and not yet
 * on any list. They are in the hands of the task that is running, which must place them or give
 * them back before it leaves the kernel. Linux has no such count; it makes the invariants exact.
 */
import type { Kernel } from '../kernel.js';
import type { MemCgroup } from './mem_cgroup.js';

/** `n` pages were handed out. */
export function hold_pages(k: Kernel, node: number, n: number): void {
  if (n === 0) return; // −0 would make V8 keep a float, in a box of its own
  k.pages_in_flight[node]! += n;
  const t = k.sched.current;
  if (t !== null) t.pages_in_flight += n;
}

/** `n` pages found their place: from now on some other counter has them. */
export function place_pages(k: Kernel, node: number, n: number): void {
  hold_pages(k, node, -n);
}

/** `n` pages were charged. Nothing is ever charged to the root. */
export function hold_charge(k: Kernel, memcg: MemCgroup, n: number): void {
  if (n === 0 || memcg.is_root) return;
  memcg.in_flight += n;
  const t = k.sched.current;
  if (t !== null) t.charges_in_flight += n;
}

/** The pages that `n` pages were charged for are counted at the memcg. */
export function place_charge(k: Kernel, memcg: MemCgroup, n: number): void {
  hold_charge(k, memcg, -n);
}
