import type { TraceFields, TraceName } from '../../src/kernel/trace.js';
import { boot, type System } from '../../src/run/boot.js';
import { parseWorkload } from '../../src/workload/parse.js';

export interface Played {
  readonly system: System;
  /** Victims by process name, in order. */
  readonly victims: string[];
  /** Failed system calls: `write ENOSPC`. */
  readonly errors: string[];
  of<N extends TraceName>(name: N): (TraceFields[N] & { timeNs: number })[];
}

/** Plays a workload given as text, with the invariants checked, and keeps what was traced. */
export function play(text: string, names: readonly TraceName[] = []): Played {
  const workload = parseWorkload(text, 'test.yaml');
  const system = boot(workload, { seed: '1', run: 1, queue: 'heap', check: true });
  const seen: { name: TraceName; fields: Record<string, unknown> }[] = [];
  const wanted = [...new Set([...names, 'oomsim:oom_kill', 'oomsim:syscall_error'] as TraceName[])];
  system.trace.subscribe(wanted, (name, { timeNs }, fields) => {
    seen.push({ name, fields: { ...fields, timeNs } });
  });
  system.advance(Number.POSITIVE_INFINITY, 5_000_000);
  const of = <N extends TraceName>(name: N): (TraceFields[N] & { timeNs: number })[] =>
    seen
      .filter((event) => event.name === name)
      .map(({ fields }) => fields as unknown as TraceFields[N] & { timeNs: number });
  return {
    system,
    of,
    victims: of('oomsim:oom_kill').map((kill) => kill.process),
    errors: of('oomsim:syscall_error').map(({ call, error }) => `${call} ${error}`),
  };
}
