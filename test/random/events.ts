/** Random events: what is done to the system from outside. */
import { OOM_POLICIES } from '../../src/workload/cgroupSchema.js';
import type { WorkloadFile } from '../../src/workload/write.js';
import { random_limit } from './cgroups.js';
import type { Dice } from './dice.js';
import type { EventFeature, Features } from './features.js';
import { type Machine, random_sysctl } from './machines.js';
import { random_signal } from './programs.js';

export interface EventSetting {
  readonly dice: Dice;
  readonly features: Features;
  readonly machine: Machine;
  readonly until_us: number;
  readonly cgroups: readonly string[];
  readonly processes: readonly string[];
}

type EventFile = Readonly<Record<string, unknown>>;

export function random_events(setting: EventSetting): NonNullable<WorkloadFile['events']> {
  const { dice, features } = setting;
  const events: EventFile[] = [];
  if (features.events.length > 0) {
    for (let n = dice.spread(1, 12); n > 0; n--) {
      events.push(...random_event(setting, dice.of(features.events)));
    }
  }
  return events as NonNullable<WorkloadFile['events']>;
}

function moment({ dice, until_us }: EventSetting): Record<string, string> {
  const time = dice.time(0, until_us);
  return dice.percent(20) ? { after_first_kill: time } : { at: time };
}

function random_event(setting: EventSetting, kind: EventFeature): EventFile[] {
  const { dice, machine, cgroups, processes } = setting;
  const when = moment(setting);
  switch (kind) {
    case 'sysctl': {
      const [sysctl, value] = random_sysctl(dice, machine.memory_pages);
      return [{ ...when, sysctl, value }];
    }
    case 'remount':
      return [{ ...when, remount: dice.of(['groupoom', 'defaults']) }];
    case 'sysrq':
      return [{ ...when, sysrq: 'f' }];
    case 'freeze':
      return dice.percent(80)
        ? [
            { ...when, freeze: true },
            { ...moment(setting), thaw: true },
          ]
        : [{ ...when, freeze: true }];
    case 'kill':
      if (processes.length === 0) return [];
      return [{ ...when, kill: dice.of(processes), signal: random_signal(dice) }];
    default:
      return cgroups.length === 0 ? [] : cgroup_event(setting, kind, when);
  }
}

function cgroup_event(setting: EventSetting, kind: EventFeature, when: EventFile): EventFile[] {
  const { dice, machine, cgroups } = setting;
  const path = dice.of(cgroups);
  switch (kind) {
    case 'subtree_control': {
      const file = `${dice.percent(20) ? '' : path}/cgroup.subtree_control`;
      const back = { ...moment(setting), write: file, value: '+memory' };
      const off = { ...when, write: file, value: '-memory' };
      return dice.percent(50) ? [off] : [off, back];
    }
    case 'memory.oom_policy':
      return [{ ...when, write: `${path}/${kind}`, value: dice.of(OOM_POLICIES) }];
    case 'memory.reclaim':
      return [{ ...when, write: `${path}/${kind}`, value: dice.pages(0, machine.memory_pages) }];
    case 'cgroup.kill':
      return [{ ...when, write: `${path}/${kind}`, value: 1 }];
    case 'memory.oom.group':
      return [{ ...when, write: `${path}/memory.oom.group`, value: dice.int(0, 1) }];
    case 'mkdir':
      return [{ ...when, mkdir: `${path}/new${dice.int(0, 2)}` }];
    case 'rmdir':
      return [{ ...when, rmdir: path }];
    default:
      return [{ ...when, write: `${path}/${kind}`, value: random_limit(dice, machine) }];
  }
}
