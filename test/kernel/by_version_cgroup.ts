/** The rows of by_version.ts that are about the files of a cgroup. */
import { mem_cgroup_handle_over_high } from '../../src/kernel/mm/memory_high.js';
import { mem_cgroup_protection, unprotected_pages } from '../../src/kernel/mm/protection.js';
import { shrink_lruvec } from '../../src/kernel/mm/shrink_lruvec.js';
import { new_scan_control } from '../../src/kernel/mm/vmscan.js';
import { snapshot_cgroups } from '../../src/kernel/take_snapshot.js';
import type { Row } from './by_version.js';
import { world } from './fixture.js';

export const CGROUP_ROWS: readonly Row[] = [
  [
    'memory_min',
    'writing memory.min',
    '4.14: ENOENT, 4.19: null',
    (kernel) => {
      const w = world({ kernel, cgroups: { '/a': {} }, tasks: { sh: {} } });
      return w.write(w.tasks.sh, '/a', 'memory.min', 5);
    },
  ],
  [
    'low_protection',
    'a cgroup that uses as much as its memory.low, and what is looked at of 80 pages of it',
    '4.14: none 80, 4.19: low 80, 5.4: low 32',
    (kernel) => {
      const w = world({ kernel, cgroups: { '/a': { low: 100, slab: 100 } } });
      const a = w.memcg('/a');
      const pages = unprotected_pages(w.k, a, 80, new_scan_control({}));
      return `${mem_cgroup_protection(w.k, w.memcg('/'), a)} ${pages}`;
    },
  ],
  [
    'scan_in_proportion',
    'pages of 696 active files that are scanned after the target is met',
    '4.14: 51, 6.1: 32',
    (kernel) => {
      const w = world({
        kernel,
        swap: 50_000,
        cgroups: { '/a': { tmpfs: 16_000, file: 8000, active_file: 16_000 } },
      });
      const lruvec = w.memcg('/a').lruvecs[0]!;
      const sc = new_scan_control({ kswapd: true, priority: 4 });
      shrink_lruvec(w.k, lruvec, sc);
      return 16_000 - lruvec.size[3]! - 32;
    },
  ],
  [
    'high_throttle',
    'a task far over memory.high sleeps',
    '4.14: false, 5.4: true',
    (kernel) => {
      const cgroups = { '/a': { high: 100, slab: 500 } };
      const w = world({ kernel, cgroups, tasks: { me: { cgroup: '/a' } } });
      w.tasks.me.memcg_nr_pages_over_high = 64;
      w.run(w.tasks.me, mem_cgroup_handle_over_high(w.k, w.tasks.me));
      return w.ms > 1000;
    },
  ],
  [
    'high_retries',
    'after a write to memory.high usage fits, though most pages are found in use',
    '4.14: false, 5.9: true',
    (kernel) => {
      const cgroups = { '/a': { file: 5000 } };
      const w = world({ kernel, cgroups, tasks: { sh: {} }, referenced_file: 900 });
      w.write(w.tasks.sh, '/a', 'memory.high', 1000);
      return w.memcg('/a').memory.usage <= 1000;
    },
  ],
  [
    'memory_reclaim',
    'writing 320 pages to memory.reclaim gets as many',
    '4.14: false, 5.19: true',
    (kernel) => {
      const w = world({ kernel, cgroups: { '/a': { file: 5000 } }, tasks: { sh: {} } });
      w.write(w.tasks.sh, '/a', 'memory.reclaim', 320);
      return 5000 - w.memcg('/a').memory.usage >= 320;
    },
  ],
  [
    'cgroup_kill',
    'who is killed by writing 1 to cgroup.kill',
    '4.14: , 5.19: a b',
    (kernel) => {
      const w = world<string>({
        kernel,
        cgroups: { '/g': {}, '/g/x': {} },
        tasks: { sh: {}, a: { cgroup: '/g', state: 'D' }, b: { cgroup: '/g/x', state: 'D' } },
      });
      w.write(w.tasks.sh!, '/g', 'cgroup.kill', '1');
      return ['sh', 'a', 'b'].filter((name) => w.tasks[name]!.sigkill_pending).join(' ');
    },
  ],
  [
    'events_hierarchical',
    'oom_kill in memory.events of the parent of a killed task',
    '4.14: 0, 5.2: 1',
    (kernel) => {
      const w = world({
        kernel,
        cgroups: { '/p': {}, '/p/c': {} },
        tasks: { me: {}, a: { cgroup: '/p/c', anon: 9 } },
      });
      w.run(w.tasks.me, w.oom(w.tasks.me));
      return snapshot_cgroups(w.k).find(({ path }) => path === '/p')!.events.oom_kill;
    },
  ],
];
