import type { OomPolicy } from './policy.js';

/** The traditional OOM killer: the process with the highest badness dies, wherever it is. */
export const process_policy: OomPolicy = {
  name: 'process',
  doc: 'unpatched kernel: the process with the highest badness',
  mem_cgroup_select_oom_victim: () => false,
  // biome-ignore lint/correctness/useYield: a Flow that has nothing to wait for
  *oom_kill_memcg_victim() {
    return false;
  },
  delay_inflight: true,
  falls_back: true,
  alloc_pages_before_oomkill: false,
  out_of_memory_result: (oc) => oc.chosen_task !== null,
};
