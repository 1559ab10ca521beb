/**
 * Invariants of the model, counted from scratch and compared with the counters that are kept: slow,
 * for tests and `--check`. They hold between any two events.
 */
import { broken, InvariantError } from './check/broken.js';
import { check_charges } from './check/charges.js';
import { check_mms } from './check/mms.js';
import { all_page_sets, check_page_sets } from './check/page_sets.js';
import { check_kernel_pages, check_lruvecs, check_nodes, check_zones } from './check/pages.js';
import { check_pressure } from './check/pressure.js';
import { check_selection } from './check/selection.js';
import { check_tasks } from './check/tasks.js';
import type { Kernel } from './kernel.js';

export { InvariantError };

/** @throws InvariantError naming the first thing that does not add up */
export function check_invariants(k: Kernel): void {
  const sets = all_page_sets(k);
  check_zones(k);
  check_nodes(k, sets);
  check_lruvecs(k, sets);
  check_kernel_pages(k);
  check_page_sets(k, sets);
  check_charges(k, sets);
  check_mms(k);
  check_tasks(k);
  check_pressure(k);
  check_selection(k);
  check_kills(k);
}

/** Every kill is counted where it happened. */
function check_kills(k: Kernel): void {
  const { oom_kill } = k.root_mem_cgroup.events;
  if (oom_kill !== k.kills) broken(`${k.kills} kills, ${oom_kill} of them in memory.events`);
}
