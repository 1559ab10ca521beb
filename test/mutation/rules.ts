/** Mutants of rules that no switch turns on or off, by the table of KERNEL.md that has them. */
import type { Mutant } from './mutant.js';
import { SELECTION } from './selection_rules.js';

const OOM_KILL = 'src/kernel/mm/oom_kill.ts';
const PANIC = 'src/kernel/mm/oom_panic.ts';
const CGROUP = 'src/kernel/policy/cgroup.ts';
const VERSIONS = 'src/kernel/policy/versions.ts';
const PROCESS = 'src/kernel/policy/process.ts';
const GROUP = 'src/kernel/mm/oom_group.ts';
const CGROUPFS = 'src/kernel/cgroup/cgroupfs.ts';

/** [rule, what is done to it, file, from, to] */
export type Row = readonly [string, string, string, string, string];

/** What the patch does for each combination of chosen memcg and chosen task. */
const TABLE_1_3: readonly Row[] = [
  [
    '1.3 no memcg: the process scan',
    'no scan',
    OOM_KILL,
    'let out = false; // if set',
    'let out = true; // if set',
  ],
  ['1.3 A1 nobody, memcg or sysrq: false', 'panics', PANIC, 'if (survives && !warns) return;', ''],
  ['1.3 A1 nobody, global: panic', 'no panic', PANIC, '  if (survives) return;\n', '  return;\n'],
  [
    '1.3 A2 victim in flight: no sleep',
    'sleeps',
    OOM_KILL,
    'if (delay && k.profile',
    'if ((delay || oc.chosen_task === INFLIGHT_VICTIM) && k.profile',
  ],
  [
    '1.3 A2 victim in flight: true',
    'false',
    PROCESS,
    'out_of_memory_result: (oc) => oc.chosen_task !== null',
    "out_of_memory_result: (oc) => oc.chosen_task !== null && oc.chosen_task !== 'inflight'",
  ],
  [
    '1.3 A3 a task: sleeps',
    'no sleep',
    OOM_KILL,
    'yield* oom_kill_process(k, t, oc, message);\n      delay = true;',
    'yield* oom_kill_process(k, t, oc, message);',
  ],
  [
    '1.3 memcg in flight: no task scan',
    'process scan',
    OOM_KILL,
    'if (oc.chosen_memcg === INFLIGHT_VICTIM) return true;',
    'if (oc.chosen_memcg === INFLIGHT_VICTIM) return false;',
  ],
  [
    '1.3 memcg in flight: sleeps',
    'no sleep',
    OOM_KILL,
    'delay = oc.chosen_memcg !== INFLIGHT_VICTIM || k.policy.delay_inflight;',
    'delay = oc.chosen_memcg !== INFLIGHT_VICTIM;',
  ],
  [
    '1.3 memcg in flight: false (D1)',
    'true',
    CGROUP,
    'out_of_memory_result: (oc) => oc.chosen_task !== null',
    'out_of_memory_result: (oc) => oc.chosen_task !== null || oc.chosen_memcg === INFLIGHT_VICTIM',
  ],
  [
    '1.3 memcg, no task in it: the process scan',
    'nothing',
    OOM_KILL,
    '  return chosen !== null;\n',
    '  return true;\n',
  ],
  [
    '1.3 memcg, task in flight: no kill, sleeps, true',
    'the process scan',
    OOM_KILL,
    '  return chosen !== null;\n',
    '  return chosen !== null && chosen !== INFLIGHT_VICTIM;\n',
  ],
  [
    '1.3 memcg and task: killed',
    'not killed',
    OOM_KILL,
    'yield* __oom_kill_process(k, t, chosen, oc, { message, reason: reason_of(oc), group: false });',
    '',
  ],
  [
    '1.3 memcg and task: no header (D4)',
    'reported as by the process scan',
    OOM_KILL,
    'yield* __oom_kill_process(k, t, chosen, oc, { message, reason: reason_of(oc), group: false });',
    'yield* oom_kill_process(k, t, oc, message);',
  ],
  [
    '1.3 memcg and task: sleeps, true',
    'no sleep',
    OOM_KILL,
    'if (out) delay = oc.chosen_memcg !== INFLIGHT_VICTIM || k.policy.delay_inflight;',
    'if (out) delay = oc.chosen_memcg === INFLIGHT_VICTIM && k.policy.delay_inflight;',
  ],
];

/** What sets the versions of the patch apart. */
const TABLE_1_6: readonly Row[] = [
  [
    '1.6 v9 in flight: true',
    'false',
    VERSIONS,
    '  delay_inflight: false,\n  out_of_memory_result: progress,\n',
    '  delay_inflight: false,\n',
  ],
  ['1.6 v9 sleeps only after a kill', 'sleeps', VERSIONS, '  delay_inflight: false,\n', ''],
  [
    '1.6 v9 root is its biggest task',
    'the sum',
    VERSIONS,
    "doc: '2017-09-27: root is its biggest task; in flight: true',\n  mem_cgroup_select_oom_victim: (k, oc) => select_victim_memcg(k, oc, score_with_root_as_max),",
    "doc: '',",
  ],
  [
    '1.6 v10 root is its biggest task',
    'the sum',
    VERSIONS,
    "doc: '2017-10-04: as v9, but in flight: a sleep and false (D1)',\n  mem_cgroup_select_oom_victim: (k, oc) => select_victim_memcg(k, oc, score_with_root_as_max),",
    "doc: '',",
  ],
  [
    '1.6 v10 in flight: false, after a sleep',
    'true, at once',
    VERSIONS,
    "name: 'v10',",
    "name: 'v10', delay_inflight: false, out_of_memory_result: progress,",
  ],
  ['1.6 v12 no fallback', 'process scan', VERSIONS, '  falls_back: false,\n', ''],
  [
    '1.6 v12 in flight: false',
    'true',
    VERSIONS,
    "name: 'v12',",
    "name: 'v12', out_of_memory_result: progress,",
  ],
  ['1.6 v13 last attempt', 'none', VERSIONS, '  alloc_pages_before_oomkill: true,\n', ''],
  [
    '1.6 v13 last attempt after a memcg was chosen',
    'none',
    OOM_KILL,
    'mem_cgroup_select_oom_victim(k, oc)) {\n    if (yield* last_second_alloc(k, t, oc)) return FREE_IN_TIME;\n',
    'mem_cgroup_select_oom_victim(k, oc)) {\n',
  ],
  [
    '1.6 v13 last attempt after the process scan',
    'none',
    OOM_KILL,
    'trace_select(k, oc);\n    if (yield* last_second_alloc(k, t, oc)) return FREE_IN_TIME;\n',
    'trace_select(k, oc);\n',
  ],
  [
    '1.6 v13 no last attempt for a memcg or sysrq',
    'there too',
    OOM_KILL,
    "if (is_memcg_oom(oc) || is_sysrq_oom(oc) || oc.trigger === 'what-if') return false;",
    '',
  ],
  [
    '1.6 v13 falls back',
    'no process scan',
    VERSIONS,
    '  alloc_pages_before_oomkill: true,\n',
    '  alloc_pages_before_oomkill: true,\n  falls_back: false,\n',
  ],
  [
    '1.6 v13 in flight: false',
    'true',
    VERSIONS,
    '  alloc_pages_before_oomkill: true,\n',
    '  alloc_pages_before_oomkill: true,\n  out_of_memory_result: progress,\n',
  ],
  ['1.6 the patch falls back', 'no process scan', CGROUP, 'falls_back: true', 'falls_back: false'],
  [
    '1.6 the patch sleeps for a victim in flight',
    'no sleep',
    CGROUP,
    'delay_inflight: true',
    'delay_inflight: false',
  ],
  [
    '1.6 the patch has no last attempt',
    'it has',
    CGROUP,
    'alloc_pages_before_oomkill: false',
    'alloc_pages_before_oomkill: true',
  ],
  [
    '1.6 cgroup-fixed in flight: true',
    'false',
    VERSIONS,
    "in flight returns true',\n  out_of_memory_result: progress,\n",
    "in flight returns true',\n",
  ],
  [
    '1.6 mainline: no memcg is chosen',
    'the biggest is',
    'src/kernel/policy/index.ts',
    '  process_policy,\n  v9_policy,',
    "  { ...cgroup_fixed_policy, name: 'process' },\n  v9_policy,",
  ],
];

/** memory.oom.group as it was merged. */
const TABLE_4_9: readonly Row[] = [
  ['4.9 up to the cgroup in OOM', 'further', GROUP, '    if (m === top) break;\n', ''],
  [
    '4.9 the highest group',
    'the lowest',
    GROUP,
    'if (m.oom_group) group = m;',
    'if (m.oom_group) return m;',
  ],
  [
    '4.9 a 0 in between does not stop the walk',
    'it does',
    GROUP,
    'if (m.oom_group) group = m;',
    'if (m.oom_group) group = m;\n    else if (group !== null) break;',
  ],
  ['4.9 the log names the group', 'not', GROUP, 'k.printk(`Tasks in', 'String(`Tasks in'],
  [
    '4.9 oom_score_adj -1000 is spared',
    'not',
    GROUP,
    'if (member.signal.oom_score_adj === OOM_SCORE_ADJ_MIN) continue;',
    '',
  ],
  ['4.9 init is spared', 'not', GROUP, 'if (member.signal === k.init.signal) continue;', ''],
  [
    '4.9 the whole subtree',
    'the cgroup alone',
    GROUP,
    'mem_cgroup_scan_tasks(k, group, (member) => {',
    'mem_cgroup_scan_tasks(k, group, (member) => {\n    if (member.cgroup !== group.cgroup) return false;',
  ],
  [
    '4.9 the victim is processed twice',
    'once',
    GROUP,
    'if (member.signal === k.init.signal) continue;',
    'if (member.signal === k.init.signal || member.signal.oom_mm !== null) continue;',
  ],
  [
    '4.9 the victim dies first',
    'with the group',
    OOM_KILL,
    'yield* __oom_kill_process(k, t, victim, oc, { message, reason, group: false });\n  if (oom_group',
    'if (oom_group === null) yield* __oom_kill_process(k, t, victim, oc, { message, reason, group: false });\n  if (oom_group',
  ],
  [
    '4.9 accepts 0 and 1 only',
    'any number',
    CGROUPFS,
    "if (file === 'memory.oom.group' && !/^[01]$/.test(value)) return 'EINVAL';",
    '',
  ],
  [
    '4.10 dead leaders with live threads are listed',
    'not',
    'src/kernel/sched/exit.ts',
    't.cgroup.add_dying(t);',
    ';',
  ],
];

export const RULE_MUTANTS: readonly Mutant[] = [
  ...TABLE_1_3,
  ...TABLE_1_6,
  ...SELECTION,
  ...TABLE_4_9,
].map(([rule, change, file, from, to]) => ({ rule, change, file, from, to }));
