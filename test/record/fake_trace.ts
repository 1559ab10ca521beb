import { type TraceContext, type TraceFields, Tracepoints } from '../../src/kernel/trace.js';

/** Tracepoints hit by hand: `at(1000).hit('oom:mark_victim', { pid: 7 })`. */
export class FakeTrace {
  readonly trace: Tracepoints;
  #context: TraceContext = { timeNs: 0, seq: 0, pid: 0, comm: 'swapper', cgroup: '/' };

  constructor() {
    this.trace = new Tracepoints(() => this.#context);
  }

  /** Whoever runs from now on, and when. */
  at(timeNs: number, context: Partial<TraceContext> = {}): this {
    this.#context = { ...this.#context, ...context, timeNs, seq: this.#context.seq + 1 };
    return this;
  }

  hit<N extends keyof TraceFields>(name: N, fields: TraceFields[N]): this {
    this.trace.on[name]?.(fields);
    return this;
  }
}

/** The fields of an oom_kill, where a test needs only some of them. */
export function oomKill(
  some: Partial<TraceFields['oomsim:oom_kill']> & { pid: number },
): TraceFields['oomsim:oom_kill'] {
  return {
    comm: 'big',
    cgroup: '/few',
    process: 'big',
    oom_score_adj: 0,
    points: 15360,
    policy: 'process',
    constraint: 'CONSTRAINT_NONE',
    memcg: '',
    trigger_pid: 9,
    trigger_comm: 'small',
    anon: 15000,
    file: 200,
    shmem: 0,
    swap: 0,
    pgtables: 160,
    group: false,
    repeat: false,
    reason: 'Out of memory',
    ...some,
  };
}
