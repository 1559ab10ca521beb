/** Sysctls that have to do with memory. */

import * as z from 'zod';
import { integer, strict } from './fields.js';
import type { Sysctls } from './types.js';

/** The sysctls that files may set, by name. */
export const SYSCTLS = {
  'vm.swappiness': integer(0, 200),
  'vm.panic_on_oom': z.literal([0, 1, 2], { error: '0, 1 or 2' }),
  'vm.oom_kill_allocating_task': z.literal([0, 1], { error: '0 or 1' }),
  'vm.oom_dump_tasks': z.literal([0, 1], { error: '0 or 1' }),
  'vm.min_free_kbytes': integer(0, 2 ** 42),
  'vm.watermark_scale_factor': integer(1, 3000),
  'vm.overcommit_memory': z.literal([0, 1], {
    error: '0 or 1: that memory is promised only as far as there is some (2) is not modelled',
  }),
} as const;

/** The `sysctl` section; the output has every default filled in. */
export const sysctl = strict({
  'vm.swappiness': SYSCTLS['vm.swappiness']
    .prefault(60)
    .describe('How willingly anonymous memory is swapped out.'),
  'vm.panic_on_oom': SYSCTLS['vm.panic_on_oom']
    .prefault(0)
    .describe('1: panic on a global OOM; 2: on every OOM.'),
  'vm.oom_kill_allocating_task': SYSCTLS['vm.oom_kill_allocating_task']
    .prefault(0)
    .describe('1: kill whoever asked.'),
  'vm.oom_dump_tasks': SYSCTLS['vm.oom_dump_tasks']
    .prefault(1)
    .describe('1: print the table of tasks.'),
  'vm.min_free_kbytes': SYSCTLS['vm.min_free_kbytes']
    .optional()
    .describe('Default: computed as the kernel does.'),
  'vm.watermark_scale_factor': SYSCTLS['vm.watermark_scale_factor']
    .prefault(10)
    .describe('Distance between the watermarks, in 1/10000 of the memory.'),
  'vm.overcommit_memory': SYSCTLS['vm.overcommit_memory']
    .optional()
    .describe('No effect: the simulated kernel always overcommits, as with 1.'),
})
  .transform(
    (v): Sysctls => ({
      swappiness: v['vm.swappiness'],
      panicOnOom: v['vm.panic_on_oom'],
      oomKillAllocatingTask: v['vm.oom_kill_allocating_task'] === 1,
      oomDumpTasks: v['vm.oom_dump_tasks'] === 1,
      minFreeKbytes: v['vm.min_free_kbytes'] ?? null,
      watermarkScaleFactor: v['vm.watermark_scale_factor'],
    }),
  )
  .describe('Sysctls by name.');
