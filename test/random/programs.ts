/** Random programs: steps of every kind that is on. */
import type { Amount, Dice } from './dice.js';
import type { Features, StepFeature } from './features.js';

/** What the steps of one process may refer to. */
export interface Setting {
  readonly dice: Dice;
  readonly features: Features;
  readonly memory_pages: number;
  /** Pages that one process may be expected to use. */
  readonly share_pages: number;
  readonly until_us: number;
  readonly cgroups: readonly string[];
  /** Names of processes that this one may start. */
  readonly children: readonly string[];
}

type StepFile = string | Readonly<Record<string, unknown>>;

const SIGNALS = ['HUP', 'INT', 'KILL', 'TERM', 'STOP', 'CONT', 'USR1'] as const;

export function random_program(setting: Setting): StepFile[] {
  const { dice } = setting;
  const steps = random_steps(setting, dice.spread(1, 8), 0);
  return dice.percent(70) ? [...steps, 'hold'] : steps;
}

function random_steps(setting: Setting, n: number, depth: number): StepFile[] {
  const steps: StepFile[] = [];
  const { dice, features } = setting;
  for (let i = 0; i < n; i++) {
    if (features.steps.length === 0) break;
    const step = random_step(setting, dice.of(features.steps), depth);
    if (step !== null) steps.push(step);
  }
  return steps;
}

function random_step(setting: Setting, kind: StepFeature, depth: number): StepFile | null {
  return (
    memory_step(setting, kind) ??
    kernel_step(setting, kind) ??
    child_step(setting, kind) ??
    time_step(setting, kind) ??
    other_step(setting, kind, depth)
  );
}

function size(setting: Setting): Amount {
  const { dice, features, share_pages, memory_pages } = setting;
  const large = dice.percent(5) ? memory_pages : share_pages;
  return dice.size(0, Math.max(1, large), features.has('distributions'));
}

function duration(setting: Setting, max_us = setting.until_us >> 1): Amount {
  return setting.dice.duration(0, max_us, setting.features.has('distributions'));
}

/** `{ every: … }`, or nothing. */
function pause(setting: Setting, max_us = 20_000): Record<string, Amount> {
  return setting.dice.percent(50) ? { every: duration(setting, max_us) } : {};
}

function memory_step(setting: Setting, kind: StepFeature): StepFile | null {
  const { dice } = setting;
  const file = (): Record<string, unknown> =>
    dice.percent(50) ? { file: dice.of(['x', 'y']) } : {};
  const times = (): Record<string, unknown> => (dice.percent(30) ? { times: dice.int(1, 5) } : {});
  switch (kind) {
    case 'anon':
    case 'shm':
    case 'tmpfs': {
      // Sleeping after each of many small pieces: a run would take as many events.
      const piece = Math.max(1, setting.share_pages >> 5);
      const step = dice.percent(50) ? { step: dice.pages(piece, piece * 8) } : {};
      return { [kind]: size(setting), ...step, ...pause(setting) };
    }
    case 'read':
    case 'map':
      return { [kind]: size(setting), ...file(), ...times(), ...pause(setting) };
    case 'write':
      return { write: size(setting), ...file(), ...pause(setting) };
    case 'churn':
      return { churn: duration(setting), every: dice.time(500, 50_000) };
    case 'free':
      return 'free';
    case 'mlock':
      return { mlock: dice.of(['current', 'future']) };
    case 'mmu_notifier':
      return { mmu_notifier: dice.of(['blocking', 'nonblocking']) };
    default:
      return null;
  }
}

function kernel_step(setting: Setting, kind: StepFeature): StepFile | null {
  const { dice, share_pages } = setting;
  switch (kind) {
    case 'pipes':
      return { pipes: dice.spread(1, Math.max(2, share_pages >> 3)), ...pause(setting, 5000) };
    case 'sockets':
      return { sockets: dice.spread(1, Math.max(2, share_pages >> 5)), ...pause(setting, 5000) };
    case 'fds':
      return { fds: dice.spread(1, 2000), ...pause(setting, 2000) };
    case 'kmem':
      return {
        kmem: dice.size(0, Math.min(share_pages, 4096), setting.features.has('distributions')),
        class: dice.of(['user', 'kernel', 'nofs', 'nofail', 'atomic']),
        order: dice.percent(60) ? 0 : dice.spread(0, 10),
        accounted: dice.percent(70),
        ...(dice.percent(20) ? { every: dice.time(0, 500) } : {}),
      };
    case 'probe':
      return {
        probe: dice.of(['pipe', 'sock', 'tmpfs', 'fork', 'open', 'mmap']),
        for: duration(setting),
        every: dice.time(200, 20_000),
      };
    case 'mmap_sem':
      return { mmap_sem: duration(setting) };
    case 'mprotect':
      return { mprotect: duration(setting, 50_000) };
    default:
      return null;
  }
}

function child_step(setting: Setting, kind: StepFeature): StepFile | null {
  const { dice, children } = setting;
  if (kind === 'threads') {
    const each = Math.max(1, setting.share_pages >> 3);
    return { threads: dice.spread(1, 12), anon: dice.size(0, each, false) };
  }
  if (kind === 'bomb') {
    const anon = dice.size(0, Math.max(1, setting.share_pages >> 3), false);
    return { bomb: dice.int(0, 4), anon, every: dice.time(100, 10_000) };
  }
  if (kind !== 'spawn' && kind !== 'fork' && kind !== 'clone_vm' && kind !== 'vfork') return null;
  if (children.length === 0) return null;
  const child = dice.of(children);
  if (kind === 'clone_vm' || kind === 'vfork') return { [kind]: child };
  return { [kind]: child, ...(dice.percent(50) ? { count: dice.int(1, 4) } : {}) };
}

function time_step(setting: Setting, kind: StepFeature): StepFile | null {
  const { dice } = setting;
  switch (kind) {
    case 'sleep':
    case 'uninterruptible':
    case 'core_dump':
      return { [kind]: duration(setting) };
    case 'compute':
      return { compute: duration(setting, 100_000) };
    case 'frozen_write':
    case 'wait':
    case 'stop':
      return kind;
    case 'at':
      return { at: dice.time(0, setting.until_us) };
    case 'await':
      return dice.percent(50)
        ? 'ready'
        : { await: dice.int(0, 4), timeout: dice.time(0, setting.until_us) };
    case 'hold':
      return dice.percent(10) ? 'hold' : { hold: duration(setting) };
    default:
      return null;
  }
}

function other_step(setting: Setting, kind: StepFeature, depth: number): StepFile | null {
  const { dice, cgroups } = setting;
  switch (kind) {
    case 'exit':
      return dice.percent(70) ? null : { exit: dice.int(0, 255) };
    case 'oom_score_adj':
      return { oom_score_adj: random_adj(dice) };
    case 'comm':
      return { comm: dice.of(['renamed', 'a b', 'é']) };
    case 'cgroup':
      return { cgroup: cgroups.length === 0 ? '/' : dice.of(['/', ...cgroups]) };
    case 'ignore':
      return { ignore: dice.of(SIGNALS) };
    case 'loop': {
      if (depth >= 2) return null;
      const sleep = { sleep: dice.time(500, 50_000) };
      const steps = [...random_steps(setting, dice.int(1, 3), depth + 1), sleep];
      return dice.percent(20) ? { loop: steps } : { loop: steps, times: dice.int(1, 6) };
    }
    default:
      return null;
  }
}

export function random_adj(dice: Dice): number {
  return dice.percent(25) ? dice.of([-1000, 1000, 0, -999]) : dice.int(-1000, 1000);
}

export function random_signal(dice: Dice): string {
  return dice.of(SIGNALS);
}
