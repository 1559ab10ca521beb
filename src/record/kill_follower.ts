import type { TraceContext, TraceFields, TraceName, Tracepoints } from '../kernel/trace.js';
import { asKill } from './userspace_kill.js';

/** A victim, and what became of it; null while it has not happened. */
export interface FollowedKill {
  readonly timeNs: number;
  /** The engine event in which it was shot. */
  readonly seq: number;
  /** Also of a userspace killer's victim; its `policy` is then the killer's name. */
  readonly kill: TraceFields['oomsim:oom_kill'];
  readonly byKernel: boolean;
  sigkillNs: number | null;
  markedNs: number | null;
  /** The reaper began. */
  reapingNs: number | null;
  reapedNs: number | null;
  skipNs: number | null;
  skipCause: string;
  exitedNs: number | null;
  freedNs: number | null;
  freedPages: number | null;
}

/** Told of each victim once, then of everything that happens to it. */
export interface KillListener {
  added(kill: FollowedKill): void;
  changed(kill: FollowedKill): void;
}

const FOLLOWED: readonly TraceName[] = [
  'oomsim:oom_kill',
  'oomsim:userspace_kill',
  'oom:mark_victim',
  'oom:start_task_reaping',
  'oom:finish_task_reaping',
  'oomsim:mmf_oom_skip',
  'sched:sched_process_exit',
  'oomsim:exit_mmap',
  'signal:signal_generate',
];

const SIGKILL = 9;

/** Follows victims of the kernel and of userspace killers until their memory is free. */
export class KillFollower {
  readonly #listener: KillListener;
  readonly #open = new Map<number, FollowedKill>(); // by pid
  readonly #signalled = new Map<number, number>(); // pid -> ns of a SIGKILL just before oom_kill

  constructor(listener: KillListener) {
    this.#listener = listener;
  }

  /** Follows from now on. */
  attach(trace: Tracepoints): void {
    trace.subscribe(FOLLOWED, (name, context, fields) => this.#follow(name, context, fields));
  }

  #follow(name: TraceName, context: TraceContext, fields: Record<string, unknown>): void {
    if (name === 'oomsim:oom_kill') {
      const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
      if (!kill.repeat) this.#add(context, kill, true); // once, however often it is shot at
      return;
    }
    if (name === 'oomsim:userspace_kill') {
      const kill = asKill(fields as unknown as TraceFields['oomsim:userspace_kill']);
      if (kill !== null) this.#add(context, kill, false);
      return;
    }
    const pid = Number(fields.pid);
    const followed = this.#open.get(pid);
    if (followed === undefined) {
      if (name === 'signal:signal_generate' && fields.sig === SIGKILL) {
        this.#signalled.set(pid, context.timeNs);
      }
      return;
    }
    note(followed, name, context.timeNs, fields);
    if (isComplete(followed)) this.#open.delete(pid);
    this.#listener.changed(followed);
  }

  /** Whoever shoots first has the row: a victim of earlyoom may be the kernel's too before it dies. */
  #add(context: TraceContext, kill: TraceFields['oomsim:oom_kill'], byKernel: boolean): void {
    if (this.#open.get(kill.pid)?.exitedNs === null) return;
    const followed: FollowedKill = {
      timeNs: context.timeNs,
      seq: context.seq,
      kill: { ...kill },
      byKernel,
      sigkillNs: this.#signalled.get(kill.pid) ?? null,
      markedNs: null,
      reapingNs: null,
      reapedNs: null,
      skipNs: null,
      skipCause: '',
      exitedNs: null,
      freedNs: null,
      freedPages: null,
    };
    this.#signalled.clear();
    this.#open.set(kill.pid, followed);
    this.#listener.added(followed);
  }
}

function note(
  kill: FollowedKill,
  name: TraceName,
  timeNs: number,
  fields: Record<string, unknown>,
): void {
  switch (name) {
    case 'signal:signal_generate':
      if (fields.sig === SIGKILL) kill.sigkillNs ??= timeNs;
      break;
    case 'oom:mark_victim':
      kill.markedNs ??= timeNs;
      break;
    case 'oom:start_task_reaping':
      kill.reapingNs ??= timeNs;
      break;
    case 'oom:finish_task_reaping':
      kill.reapedNs ??= timeNs;
      break;
    case 'oomsim:mmf_oom_skip':
      kill.skipNs ??= timeNs;
      kill.skipCause ||= String(fields.cause);
      break;
    case 'sched:sched_process_exit':
      kill.exitedNs ??= timeNs;
      break;
    case 'oomsim:exit_mmap':
      kill.freedNs ??= timeNs;
      kill.freedPages ??= Number(fields.freed);
      break;
  }
}

/** The memory is freed by whoever leaves the mm last, which need not be the victim. */
export function isComplete(kill: FollowedKill): boolean {
  return kill.exitedNs !== null && kill.freedNs !== null;
}
