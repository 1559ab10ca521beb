import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { logs_since } from '../profile.js';
import type { Task } from '../sched/task.js';
import { GFP_KERNEL } from './gfp.js';
import { out_of_memory } from './oom_kill.js';

/** sysrq-f: the administrator asks for an OOM kill (drivers/tty/sysrq.c: moom_callback). */
export function* sysrq_oom(k: Kernel, t: Task): Flow {
  const prefix = logs_since(k.profile.log_format, '5.2') ? '' : 'SysRq : ';
  k.printk(`sysrq: ${prefix}Manual OOM execution`);
  yield* k.oom_lock_take(t, false);
  const killed = yield* out_of_memory(k, t, {
    memcg: null,
    gfp: GFP_KERNEL,
    order: -1,
    nodemask: null,
    node: 0,
    trigger: 'sysrq',
  });
  if (!killed) k.printk('sysrq: OOM request ignored. No task eligible');
  k.oom_lock_release(t);
}
