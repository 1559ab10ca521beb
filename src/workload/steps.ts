/** Walking programs: every step of a process, with its place in the file. */

import { canBePositive } from './fields.js';
import type { CostSpec, Step } from './types.js';

/** A step and where it stands. */
export interface PlacedStep {
  readonly step: Step;
  readonly path: readonly PropertyKey[];
  /** How often it runs: the product of the loops around it; endless ones count once. */
  readonly times: number;
}

/** All steps of a program in file order, those inside loops too. */
export function* stepsOf(
  program: readonly Step[],
  path: readonly PropertyKey[],
  times = 1,
): Generator<PlacedStep> {
  for (const [index, step] of program.entries()) {
    const here = [...path, index];
    yield { step, path: here, times };
    if (step.op === 'loop') {
      yield* stepsOf(step.steps, [...here, 'loop'], times * (step.times ?? 1));
    }
  }
}

/**
 * Whether simulated time surely passes in a step. Calls that only cost a system call don't count:
 * a loop of nothing else would keep the simulator busy for ever and show nothing.
 */
export function takesTime(step: Step, costs: CostSpec): boolean {
  if ('every' in step && step.every !== null && canBePositive(step.every)) return true;
  switch (step.op) {
    case 'anon':
    case 'shm':
    case 'tmpfs':
      return costs.touchPageNs > 0 && canBePositive(step.size);
    case 'read':
    case 'map':
    case 'write':
      return costs.readPageNs > 0 && canBePositive(step.size);
    case 'kmem':
      return costs.touchPageNs + costs.syscallNs > 0 && canBePositive(step.size);
    case 'pipes':
    case 'sockets':
    case 'fds':
      return costs.syscallNs > 0;
    case 'threads':
    case 'bomb':
    case 'spawn':
    case 'fork':
    case 'clone_vm':
    case 'vfork':
      return costs.forkNs > 0;
    case 'churn':
    case 'probe':
    case 'mmap_sem':
    case 'mprotect':
    case 'sleep':
    case 'compute':
    case 'uninterruptible':
    case 'core_dump':
      return canBePositive(step.duration);
    case 'hold':
      return step.duration === null || canBePositive(step.duration);
    case 'stop':
    case 'exit':
      return true;
    case 'loop':
      return step.steps.some((inner) => takesTime(inner, costs));
    default:
      return false;
  }
}
