/** Victim selection: the scores that are kept are those that a scan would find. */
import type { Kernel } from '../kernel.js';
import { GFP_KERNEL } from '../mm/gfp.js';
import type { OomControl } from '../mm/oom_control.js';
import { ineligible } from '../mm/oom_kill.js';

export function check_selection(k: Kernel): void {
  const oc: OomControl = {
    memcg: null,
    gfp: GFP_KERNEL,
    order: 0,
    nodemask: null,
    node: 0,
    trigger: 'what-if',
    constraint: 'CONSTRAINT_NONE',
    totalpages: k.totalram_pages + k.swap.total,
    chosen_task: null,
    chosen_memcg: null,
    chosen_points: ineligible(k),
    visited: 0,
  };
  for (const index of [k.process_index, k.memcg_index]) {
    if (!index.applies(oc)) continue;
    index.verify(oc);
    // From now on scores are kept, even where nobody runs out of memory.
    if (k.checked) index.select({ ...oc });
  }
}
