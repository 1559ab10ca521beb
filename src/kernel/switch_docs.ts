import type { Profile } from './profile.js';

interface SwitchDoc {
  readonly doc: string;
  /** The function that it is about, and the source trees in which each value was seen. */
  readonly source: string;
}

/** What each switch is, in one line, and where its values come from. Versions are source trees. */
export const SWITCH_DOCS: Readonly<Record<keyof Profile, SwitchDoc>> = {
  root_bonus: {
    doc: 'tasks with CAP_SYS_ADMIN score 3 % less',
    source: 'oom_badness(): in 4.16.13, not in 4.17',
  },
  child_sacrifice: {
    doc: 'the worst child with its own mm dies first',
    source: 'oom_kill_process(): in 5.0.1, not in 5.2.1',
  },
  badness: {
    doc: 'clamped: at least 1; signed: below 0 counts',
    source: 'oom_badness(): signed in 5.9.1 (9066e5cfb73c), not in 5.4',
  },
  tie: {
    doc: 'who wins among equals: first leader, or last',
    source: 'oom_evaluate_task(): last in 5.3.1, not in 5.2.1',
  },
  scan_tasks: {
    doc: 'a memcg scan visits threads, or processes',
    source: 'mem_cgroup_scan_tasks(): processes in 5.3.1, not in 5.2.1',
  },
  task_cg_lists: {
    doc: 'false: no cgroup fs was ever mounted (4.15)',
    source: 'css_task_iter_start() of 4.15: use_task_css_set_links',
  },
  groupoom: {
    doc: 'cgroup2 is mounted with groupoom (series)',
    source: 'patch 5/7 of the series, v12 and v13; no kernel that was released',
  },
  oom_sleep_under_lock: {
    doc: 'after a kill, one jiffy with oom_lock held',
    source: 'out_of_memory(): in 4.17, not in 4.19.1 (9bfe5ded054b)',
  },
  reaper_takes_oom_lock: {
    doc: 'the reaper takes oom_lock for each attempt',
    source: 'oom_reap_task_mm(): in 4.17, not in 4.19.1 (af5679fbc669)',
  },
  reaper_notifiers: {
    doc: 'which MMU notifiers keep the reaper away',
    source: 'oom_reap_task_mm(): any in 4.15, blockable in 4.16.13, nonblock in 4.19.1',
  },
  reaper_delay_hz: {
    doc: 'seconds until the reaper is told of a victim',
    source: 'queue_oom_reaper(): 2 in 5.19, not in 5.17-rc5',
  },
  reaper_skips_mlocked: {
    doc: 'the reaper leaves mlocked areas alone',
    source: '__oom_reap_task_mm(): in 5.17-rc5, not in 5.19',
  },
  exit_mmap_reaps: {
    doc: 'exit_mmap() of a victim reaps it first',
    source: 'exit_mmap(): in 4.16.13 and 5.19, not in 4.15 and 6.1.20 (CVE-2018-1000200)',
  },
  process_mrelease: {
    doc: 'process_mrelease(2) exists',
    source: 'mm/oom_kill.c: in 5.17-rc5 (5.15), not in 5.9.1',
  },
  mmu_gather_resched: {
    doc: 'gathered pages are freed with preemption points',
    source: 'tlb_batch_pages_flush(): in 5.19 (b191c9bc334a), not in 5.17-rc5',
  },
  memcg_oom: {
    doc: 'a memcg kills at the end of a fault or charge',
    source: 'mem_cgroup_oom(): charge in 4.19.1, not in 4.17',
  },
  memcg_oom_failed: {
    doc: 'a charge that no kill could help',
    source: 'try_charge(): force in 4.19.1, ENOMEM in 5.19',
  },
  memcg_oom_needs_fs: {
    doc: 'a memcg OOM without __GFP_FS kills nobody',
    source: 'out_of_memory(): in 5.3.1, not in 5.4',
  },
  memcg_oom_killable: {
    doc: 'dying tasks do not wait for a memcg OOM',
    source: 'mem_cgroup_out_of_memory(): 7775face2079 (5.1)',
  },
  memcg_oom_recheck: {
    doc: 'a memcg looks once more under oom_lock',
    source: 'mem_cgroup_out_of_memory(): in 5.9.1, not in 5.4',
  },
  memcg_oom_members: {
    doc: 'a memcg OOM minds no nodes and no mm owners',
    source: 'oom_evaluate_task(), dump_tasks(): patches of June 2019 (5.3)',
  },
  dying_force_charge: {
    doc: 'dying tasks charge beyond memory.max',
    source: 'try_charge(): in 5.9.1, not in 5.17-rc5',
  },
  memcg_reclaim_retries: {
    doc: 'MEM_CGROUP_RECLAIM_RETRIES',
    source: 'mm/memcontrol.c: 5 in 5.4, 16 in 5.9.1',
  },
  memcg_charge_batch: {
    doc: 'MEMCG_CHARGE_BATCH, pages',
    source: 'mm/memcontrol.c: 32 in 5.19, 64 in 6.1.20',
  },
  oom_group: {
    doc: 'memory.oom.group: the whole cgroup dies',
    source: 'mem_cgroup_get_oom_group(): in 4.19.1, not in 4.17',
  },
  oom_group_kill_event: {
    doc: 'memory.events counts oom_group_kill',
    source: 'mm/memcontrol.c: in 5.17-rc5, not in 5.9.1',
  },
  memory_min: {
    doc: 'memory.min exists',
    source: 'mm/memcontrol.c: in 4.19.1 (4.18), not in 4.17',
  },
  low_protection: {
    doc: 'memory.low: all or nothing, by siblings, in part',
    source:
      'mem_cgroup_protected(): shared in 4.19.1 (230671533d64), not in 4.17; get_scan_count(): ' +
      'proportional in 5.4',
  },
  high_throttle: {
    doc: 'tasks over memory.high sleep',
    source: 'mem_cgroup_handle_over_high(): in 5.4, not in 4.15',
  },
  high_retries: {
    doc: 'reclaims in vain before a sleep over high; 0: one',
    source: 'mem_cgroup_handle_over_high(): in_retry in 5.9; memory_high_write(): loops in 5.6',
  },
  memory_reclaim: {
    doc: 'memory.reclaim exists',
    source: 'mm/memcontrol.c: in 5.19, not in 5.17-rc5',
  },
  cgroup_kill: {
    doc: 'cgroup.kill exists',
    source: 'kernel/cgroup/cgroup.c: in 5.17-rc5 (5.14), not in 5.9.1',
  },
  events_hierarchical: {
    doc: 'memory.events counts the whole subtree',
    source: 'memcg_memory_event(): in 5.2.1, not in 5.0.1',
  },
  pagefault_global_oom: {
    doc: 'a fault without memory runs the OOM killer',
    source: 'pagefault_out_of_memory(): in 5.9.1, not in 5.17-rc5',
  },
  sysrq_ignores_notifiers: {
    doc: 'sysrq-f kills whatever notifiers freed',
    source: 'out_of_memory(): in 5.17-rc5, not in 5.9.1',
  },
  log_format: {
    doc: 'how a kill is reported',
    source: 'dump_header(), dump_tasks(), __oom_kill_process(); logs of 4.19, 5.2, 5.4, 6.1, 6.11',
  },
  no_killable: {
    doc: 'panic, or a warning and then panic',
    source: 'out_of_memory(): the warning in 4.19.1, not in 4.17',
  },
  lru_cost_model: {
    doc: 'LRU balance by cost; anon starts inactive',
    source: 'get_scan_count(): in 5.9.1 (5.8), not in 5.4',
  },
  scan_in_proportion: {
    doc: 'reclaim goes on for both kinds in proportion',
    source: 'shrink_lruvec(): scan_adjusted in 5.19, not in 6.1 (f53af4285d77)',
  },
  split_rss_counting: {
    doc: 'threads keep up to 64 faults to themselves',
    source: 'check_sync_rss_stat(): in 6.1.20, gone in 6.2',
  },
  psi: {
    doc: 'pressure stall information, by its rules',
    source: 'kernel/sched/psi.c: 5.0.1 (4.20), 6.14; NR_MEMSTALL_RUNNING is in 5.17 (cb0e52b77487)',
  },
};
