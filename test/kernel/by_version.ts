/**
 * KERNEL.md 4.10 by behaviour: what somebody on each preset sees of each row. Where a rule can show
 * only together with another, that other one is switched on for all presets. The test is
 * by_version.test.ts; `npm run mutation` looks through the same eyes.
 */
import type { Flow } from '../../src/engine/coroutine.js';
import { GFP_KERNEL, GFP_NOFS } from '../../src/kernel/mm/gfp.js';
import { mem_cgroup_out_of_memory } from '../../src/kernel/mm/memcg_oom.js';
import { try_charge } from '../../src/kernel/mm/memcontrol.js';
import { pagefault_out_of_memory } from '../../src/kernel/mm/memory.js';
import { get_mm_rss } from '../../src/kernel/mm/mm_types.js';
import {
  __oom_kill_process,
  mem_cgroup_scan_tasks,
  oom_badness,
} from '../../src/kernel/mm/oom_kill.js';
import { wake_oom_reaper } from '../../src/kernel/mm/oom_reaper.js';
import { mark_oom_victim } from '../../src/kernel/mm/oom_victim.js';
import { process_mrelease } from '../../src/kernel/mm/process_mrelease.js';
import { PROFILES, type Profile } from '../../src/kernel/profile.js';
import { spend } from '../../src/kernel/sched/core.js';
import { psi_memstall_enter } from '../../src/kernel/sched/psi.js';
import { CGROUP_ROWS } from './by_version_cgroup.js';
import { MS, type World, type WorldSpec, world } from './fixture.js';
import { area } from './placement.js';

type Seen = string | number | boolean | null | undefined;

/** Whom a global OOM kills. */
function kills(spec: WorldSpec<string>): string {
  const w = world<string>({ ...spec, tasks: { ...spec.tasks, me: { adj: -1000 } } });
  w.run(w.tasks.me!, w.oom(w.tasks.me!));
  return w.kills.join(' ');
}

/** A victim that does not die by itself, in the hands of the reaper. */
function doomed<N extends string>(spec: WorldSpec<N | 'a'>): World<N | 'a'> {
  const w = world<N | 'a'>(spec);
  mark_oom_victim(w.k, w.tasks.a);
  wake_oom_reaper(w.k, w.tasks.a);
  return w;
}

/** /a is full of what cannot be reclaimed; `me` in it may not be killed. */
const full = (kernel: string, switches: Partial<Profile> = {}): World<'me'> =>
  world({
    kernel,
    switches,
    cgroups: { '/a': { max: 100, slab: 100 } },
    tasks: { me: { cgroup: '/a', adj: -1000 } },
  });

const charge = (w: World<'me'>): boolean =>
  w.run(w.tasks.me, try_charge(w.k, w.tasks.me, w.memcg('/a'), GFP_KERNEL, 1));

/** What a task sees that is at the limit of /a together with a hog. */
function with_hog(kernel: string, work: (w: World<'me' | 'hog'>) => Flow<unknown>): string {
  const w = world({
    kernel,
    cgroups: { '/a': { max: 100 } },
    tasks: { me: { cgroup: '/a', adj: -1000 }, hog: { cgroup: '/a', anon: 100 } },
  });
  w.run(w.tasks.me, work(w));
  return w.kills.join(' ');
}

const touch_memory = (w: World<'a'>, pages: number): void => {
  const vma = area(w.tasks.a);
  w.run(w.tasks.a, w.touch(w.tasks.a, vma, pages));
};

/** [switch, what is seen, in which presets, how to see it]; presets that are not named are as the one before. */
export type Row = readonly [keyof Profile, string, string, (kernel: string) => Seen];

export const ROWS: readonly Row[] = [
  [
    'root_bonus',
    'what CAP_SYS_ADMIN takes off 1000 pages',
    '4.14: 30, 4.17: 0',
    (kernel) => {
      const w = world({ kernel, tasks: { a: { anon: 1000, root: true } } });
      return 1000 - oom_badness(w.k, w.tasks.a, null, null, 100_000);
    },
  ],
  [
    'child_sacrifice',
    'who dies for a process with a small child',
    '4.14: child, 5.2: parent',
    (kernel) =>
      kills({ kernel, tasks: { parent: { anon: 900 }, child: { parent: 'parent', anon: 1 } } }),
  ],
  [
    'badness',
    'badness of 100 pages at oom_score_adj -500, of 100,000 in all',
    '4.14: 1, 5.9: -49900',
    (kernel) => {
      const w = world({ kernel, tasks: { a: { anon: 100, adj: -500 } } });
      return oom_badness(w.k, w.tasks.a, null, null, 100_000);
    },
  ],
  [
    'tie',
    'who dies of three equals',
    '4.14: a, 5.4: c',
    (kernel) => kills({ kernel, tasks: { a: { anon: 5 }, b: { anon: 5 }, c: { anon: 5 } } }),
  ],
  [
    'scan_tasks',
    'tasks seen in a memcg with a process of three threads',
    '4.14: 3, 5.4: 1',
    (kernel) => {
      const w = world({
        kernel,
        cgroups: { '/a': {} },
        tasks: { a: { cgroup: '/a', threads: 2 } },
      });
      let seen = 0;
      mem_cgroup_scan_tasks(w.k, w.memcg('/a'), () => ++seen < 0);
      return seen;
    },
  ],
  [
    'oom_sleep_under_lock',
    'ms that out_of_memory() takes for a kill',
    '4.14: 8, 4.19: 0',
    (kernel) => {
      const w = world({ kernel, tasks: { me: {}, a: { anon: 9 } } });
      w.run(w.tasks.me, w.oom(w.tasks.me));
      return Math.floor(w.ms);
    },
  ],
  [
    'reaper_takes_oom_lock',
    'the reaper waits for oom_lock',
    '4.14: true, 4.19: false',
    (kernel) => {
      const w = doomed({ kernel, tasks: { me: {}, a: { anon: 9 } } });
      w.k.oom_lock_try(w.tasks.me);
      w.advance(3000);
      return w.tasks.a.mm!.anon_pages === 9;
    },
  ],
  [
    'reaper_notifiers',
    'what the reaper leaves with notifiers that may wait, and with others',
    '4.14: 9 9, 4.17: 9 0, 4.19: 9 and tries again 0',
    (kernel) => {
      const left = (notifiers: 'blocking' | 'nonblocking'): string => {
        const w = world({ kernel, tasks: { a: { anon: 9 } } });
        const { mm, signal } = w.tasks.a;
        mm!.notifiers = notifiers;
        mark_oom_victim(w.k, w.tasks.a);
        wake_oom_reaper(w.k, w.tasks.a);
        w.advance(5000);
        const gave_up = w.dmesg.some((line) => line.includes('unable to reap'));
        if (!signal.oom_mm!.oom_skip) throw new Error('the reaper never gives up');
        return `${mm!.anon_pages}${gave_up ? ' and tries again' : ''}`;
      };
      return `${left('blocking')} ${left('nonblocking')}`;
    },
  ],
  [
    'reaper_delay_hz',
    'ms until the reaper is told of a victim',
    '4.14: 0, 5.19: 2016',
    (kernel) => {
      const w = world({ kernel, tasks: { a: { anon: 9, state: 'D' } } });
      const log = w.timeline('oom:wake_reaper');
      mark_oom_victim(w.k, w.tasks.a);
      wake_oom_reaper(w.k, w.tasks.a);
      w.advance(3000);
      return Number(log[0]!.split('ms')[0]);
    },
  ],
  [
    'reaper_skips_mlocked',
    'locked pages that the reaper leaves',
    '4.14: 50, 5.19: 0',
    (kernel) => {
      const w = doomed({ kernel, tasks: { a: { mlocked: 50 } } });
      w.advance(3000);
      return w.tasks.a.mm!.anon_pages;
    },
  ],
  [
    'exit_mmap_reaps',
    'a victim without areas is reaped by its own exit_mmap()',
    '4.14: false, 4.17: true, 6.1: false',
    (kernel) => {
      const w = world({ kernel, tasks: { a: {} } });
      const { mm } = w.tasks.a;
      mark_oom_victim(w.k, w.tasks.a);
      w.kill('a');
      w.advance(10);
      return mm!.oom_skip;
    },
  ],
  [
    'process_mrelease',
    'process_mrelease(2) of a dying process, and the pages that it leaves',
    '4.14: ENOSYS 9, 5.19: null 0',
    (kernel) => {
      const w = world({ kernel, tasks: { me: {}, a: { anon: 9, state: 'D' } } });
      w.kill('a');
      const { mm } = w.tasks.a;
      const error = w.run(w.tasks.me, process_mrelease(w.k, w.tasks.me, w.tasks.a));
      return `${error} ${mm!.anon_pages}`;
    },
  ],
  [
    'mmu_gather_resched',
    'pages of a process that exits, when somebody who wakes up meanwhile gets the only CPU',
    '4.14: 0, 5.19: 1024',
    (kernel) => {
      const a = { cgroup: '/a', anon: 2048 };
      const costs = { freePageNs: 4000 };
      const w = world({ kernel, cgroups: { '/a': {} }, costs, tasks: { me: {}, a } });
      const seen = w.start(w.tasks.me, w.usage_at(w.tasks.me, '/a', 5));
      w.kill('a');
      w.advance(10);
      return seen.value;
    },
  ],
  [
    'memcg_oom',
    'whom a charge by a system call at the limit kills',
    '4.14: , 4.19: hog',
    (kernel) => with_hog(kernel, (w) => try_charge(w.k, w.tasks.me, w.memcg('/a'), GFP_KERNEL, 1)),
  ],
  [
    'memcg_oom_failed',
    'a charge that no kill can help, in the charge path, passes the limit',
    '4.14: true, 5.19: false',
    (kernel) => charge(full(kernel, { memcg_oom: 'charge' })),
  ],
  [
    'memcg_oom_needs_fs',
    'whom a memcg OOM kills for an allocation without __GFP_FS',
    '4.14: , 5.4: hog',
    (kernel) => with_hog(kernel, (w) => w.oom(w.tasks.me, { memcg: w.memcg('/a'), gfp: GFP_NOFS })),
  ],
  [
    'memcg_oom_killable',
    'a dying task waits for a memcg OOM of somebody else',
    '4.14: true, 5.2: false',
    (kernel) => {
      const w = world({
        kernel,
        cgroups: { '/a': { max: 100 } },
        tasks: { me: { cgroup: '/a' }, other: {} },
      });
      const { me, other } = w.tasks;
      w.k.oom_lock_try(other);
      const call = w.start(me, mem_cgroup_out_of_memory(w.k, me, w.memcg('/a'), GFP_KERNEL));
      w.advance(1);
      w.kill('me');
      w.advance(1);
      return !call.done;
    },
  ],
  [
    'memcg_oom_members',
    'whom a task on node 0 kills at the limit of its memcg, in which a hog is on node 1',
    '4.14: small, 5.4: hog',
    (kernel) => {
      const w = world<string>({
        kernel,
        zones: [0, 1].map((node) => ({ node, managedPages: 1000 })),
        cgroups: { '/a': {}, '/a/0': { mems: [0] }, '/a/1': { mems: [1] } },
        tasks: {
          me: { cgroup: '/a/0', adj: -1000 },
          small: { cgroup: '/a/0', anon: 5 },
          hog: { cgroup: '/a/1', anon: 9 },
        },
      });
      w.run(w.tasks.me!, w.oom(w.tasks.me!, { memcg: w.memcg('/a') }));
      return w.kills.join(' ');
    },
  ],
  [
    'memcg_oom_recheck',
    'whom a memcg OOM kills when there is room again',
    '4.14: hog, 5.9: ',
    (kernel) =>
      with_hog(kernel, (w) => {
        w.memcg('/a').memory.max = 101;
        return mem_cgroup_out_of_memory(w.k, w.tasks.me, w.memcg('/a'), GFP_KERNEL);
      }),
  ],
  [
    'dying_force_charge',
    'a dying task passes the limit, after so many attempts to reclaim',
    '4.14: true 0, 5.19: false 35',
    (kernel) => {
      const w = full(kernel);
      w.tasks.me.sigkill_pending = true;
      return `${charge(w)} ${w.memcg('/a').events.max}`;
    },
  ],
  [
    'memcg_reclaim_retries',
    'fruitless reclaims of one charge',
    '4.14: 7, 5.9: 18',
    (kernel) => {
      const w = full(kernel);
      charge(w);
      return w.memcg('/a').events.max;
    },
  ],
  [
    'memcg_charge_batch',
    'pages charged for the first',
    '4.14: 32, 6.1: 64',
    (kernel) => {
      const w = world({ kernel, cgroups: { '/a': {} }, tasks: { me: { cgroup: '/a' } } });
      charge(w);
      return w.memcg('/a').memory.usage;
    },
  ],
  [
    'oom_group',
    'who dies in a cgroup with memory.oom.group',
    '4.14: a, 4.19: a a b',
    (kernel) =>
      kills({
        kernel,
        cgroups: { '/g': { group: true } },
        tasks: { a: { cgroup: '/g', anon: 9, state: 'D' }, b: { cgroup: '/g', anon: 1 } },
      }),
  ],
  [
    'oom_group_kill_event',
    'oom_group_kill in memory.events after such a kill',
    '4.14: 0, 5.19: 1',
    (kernel) => {
      const w = world({
        kernel,
        switches: { oom_group: true },
        cgroups: { '/g': { group: true } },
        tasks: { me: {}, a: { cgroup: '/g', anon: 9 } },
      });
      w.run(w.tasks.me, w.oom(w.tasks.me));
      return w.memcg('/g').events.oom_group_kill;
    },
  ],
  ...CGROUP_ROWS,
  [
    'pagefault_global_oom',
    'whom a fault kills that has found no memory',
    '4.14: hog, 5.19: ',
    (kernel) => {
      const w = world({ kernel, tasks: { me: {}, hog: { anon: 90 } } });
      w.run(w.tasks.me, pagefault_out_of_memory(w.k, w.tasks.me));
      return w.kills.join(' ');
    },
  ],
  [
    'sysrq_ignores_notifiers',
    'whom sysrq-f kills when notifiers have freed something',
    '4.14: , 5.19: hog',
    (kernel) => {
      const w = world({ kernel, tasks: { me: {}, hog: { anon: 90 } } });
      w.k.oom_notify_list.push(() => 7);
      w.run(w.tasks.me, w.oom(w.tasks.me, { order: -1, trigger: 'sysrq' }));
      return w.kills.join(' ');
    },
  ],
  [
    'log_format',
    'lines about the kill: of the choice, of units, of what it was, with its uid, of who is gone, of parts',
    '4.14: choice, 4.19: choice units, 5.0: choice units summary, 5.2: units summary, ' +
      '5.4: units summary uid, 5.9: units summary uid gone, 6.14: units summary uid gone parts',
    (kernel) => {
      const w = world({ kernel, tasks: { me: {}, a: { anon: 9 }, gone: { mm: false } } });
      const { me, gone } = w.tasks;
      w.run(me, w.oom(me));
      const note = { message: 'Out of memory', reason: '', group: false };
      w.run(me, __oom_kill_process(w.k, me, gone, w.control(), note));
      const marks = {
        choice: / score \d+ or /,
        units: /^Tasks state \(memory values in pages\):$/,
        summary: /^oom-kill:/,
        uid: / UID:\d+ /,
        gone: /^Out of memory: OOM victim \d+ \(gone\) is already exiting/,
        parts: / rss_anon rss_file rss_shmem /,
      };
      return Object.entries(marks)
        .filter(([, mark]) => w.dmesg.some((line) => mark.test(line)))
        .map(([name]) => name)
        .join(' ');
    },
  ],
  [
    'no_killable',
    'the panic when nobody can be killed',
    '4.14: Out of memory and no killable processes..., 4.19: System is deadlocked on memory',
    (kernel) => {
      const w = world({ kernel, tasks: { me: { adj: -1000 } } });
      w.start(w.tasks.me, w.oom(w.tasks.me));
      w.advance(1);
      return w.k.panicked;
    },
  ],
  [
    'lru_cost_model',
    'new anonymous pages are on the active list',
    '4.14: true, 5.9: false',
    (kernel) => {
      const w = world({ kernel, cgroups: { '/a': {} }, tasks: { a: { cgroup: '/a' } } });
      touch_memory(w, 50);
      return w.memcg('/a').lruvecs[0]!.size[1] === 50;
    },
  ],
  [
    'split_rss_counting',
    'RSS of a task that has touched 30 pages',
    '4.14: 0, 6.14: 30',
    (kernel) => {
      const w = world({ kernel, tasks: { a: {} } });
      touch_memory(w, 30);
      return get_mm_rss(w.tasks.a.mm!);
    },
  ],
  [
    'psi',
    'full stall, in ms, of a stalled task that runs on one CPU for 2 ms between ticks',
    '4.14: null, 5.0: 0, 5.19: 2',
    (kernel) => {
      const w = world({ kernel, tasks: { a: {} } });
      const { a } = w.tasks;
      w.advance(1);
      w.start(
        a,
        (function* (): Flow {
          psi_memstall_enter(w.k, a);
          yield spend(a, 2 * MS);
        })(),
      );
      w.advance(2);
      const { psi } = w.k;
      if (psi === null) return null;
      const on = psi.system.cpus[0]!;
      psi.system.record_times(on, w.k.sim.nowNs, w.k.profile.psi === '4.20');
      return on.times[1]! / MS;
    },
  ],
];

/** They tell systems apart, not kernels. */
export const NOT_BY_VERSION: readonly (keyof Profile)[] = ['task_cg_lists', 'groupoom'];

/** What a row sees on a preset in which its switch has been set to another value. */
export function seen_with(row: Row, preset: string, value: unknown): Seen {
  const [name, , , see] = row;
  const profile = PROFILES.find((p) => p.name === preset)!.profile as unknown as Record<
    string,
    unknown
  >;
  const before = profile[name];
  profile[name] = value;
  try {
    return see(preset);
  } catch (error) {
    return String(error);
  } finally {
    profile[name] = before;
  }
}
