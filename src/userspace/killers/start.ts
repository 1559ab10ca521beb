import type { UserProgram } from '../../kernel/sched/task.js';
import { KILLER_COMMS } from '../../workload/killerTypes.js';
import { InputError } from '../../workload/problems.js';
import type { KillerSpec, ProcessSpec } from '../../workload/types.js';
import type { Host } from '../host.js';
import { Earlyoom } from './earlyoom.js';
import { Oomd } from './oomd.js';
import { SystemdOomd } from './systemd_oomd.js';

/** As systemd's RestartSec=: the units of all of them ask to be restarted. */
const RESTART_DELAY_NS = 100_000_000;

/**
 * Schedules the daemons of a workload; they come before its processes.
 * @throws InputError for one that reads memory.pressure on a kernel that has none
 */
export function start_killers(host: Host, killers: readonly KillerSpec[]): void {
  for (const killer of killers) {
    if (killer.kind !== 'earlyoom' && host.k.psi === null) {
      const name = KILLER_COMMS[killer.kind];
      throw new InputError(
        `${name} needs pressure stall information, which kernel ${host.k.release} does not have: ` +
          `take 5.0 or later`,
      );
    }
    host.start_daemon(process_of(killer), () => program_of(host, killer));
  }
}

function program_of(host: Host, killer: KillerSpec): UserProgram {
  switch (killer.kind) {
    case 'earlyoom':
      return new Earlyoom(host, killer);
    case 'systemd_oomd':
      return new SystemdOomd(host, killer);
    case 'oomd':
      return new Oomd(host, killer);
  }
}

function process_of(killer: KillerSpec): ProcessSpec {
  const comm = KILLER_COMMS[killer.kind];
  return {
    name: comm,
    comm,
    cgroup: killer.cgroup,
    count: 1,
    pid: null,
    uid: 0,
    oomScoreAdj: killer.oomScoreAdj,
    start: { kind: 'constant', value: killer.startNs },
    top: true,
    program: [],
    memory: null,
    restart: { when: 'on-kill', delayNs: RESTART_DELAY_NS, max: Number.POSITIVE_INFINITY },
    mempolicy: null,
    capSysAdmin: false,
  };
}
