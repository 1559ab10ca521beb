/** Victim selection: what the scan reads is so, and the scores that are kept are those that it would find. */
import type { Kernel } from '../kernel.js';
import { global_oom, type OomControl } from '../mm/oom_control.js';
import { ineligible } from '../mm/oom_kill.js';

export function check_selection(k: Kernel): void {
  k.mms.verify();
  k.processes.verify();
  const oc: OomControl = { ...global_oom(k), chosen_points: ineligible(k) };
  for (const index of [k.process_index, k.memcg_index]) {
    if (!index.applies(oc)) continue;
    index.verify(oc);
    // From now on scores are kept, even where nobody runs out of memory.
    if (k.checked) index.select({ ...oc });
  }
}
