import type { TraceFields } from '../kernel/trace.js';

/**
 * A userspace killer's kill in the form of the kernel's: its name stands for the policy, itself for
 * who asked. null where the signal kills nobody: ignored, or sent to somebody on the way out.
 */
export function asKill(
  fields: TraceFields['oomsim:userspace_kill'],
): TraceFields['oomsim:oom_kill'] | null {
  const { killer, killer_pid, ignored, repeat, signal: _signal, ...kill } = fields;
  if (ignored || repeat) return null;
  return {
    ...kill,
    policy: killer,
    constraint: '',
    trigger_pid: killer_pid,
    trigger_comm: killer,
    repeat: false,
  };
}
